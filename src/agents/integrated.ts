/**
 * The integrated agent of TraderNet-CRv2: a supervisor, trained with the smurf reward to hold where trading does not
 * pay, beside the primary agent. If the supervisor says HOLD the final action is HOLD, else the primary agent's action
 * stands. What the account is in is not its business; the shield, which knows, lets reductions of risk pass.
 */
import { type Action, HOLD } from '../core/action.ts';
import type { AgentDecision, Observation } from '../core/agent.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import type { AgentType } from './agent-type.ts';
import { type AgentSpec, describeCheckpoint, requireAgent, saveCheckpoint } from './checkpoint.ts';
import type { LoadedAgent } from './learner.ts';
import type { SupervisionCheck } from './supervision.ts';

/** How the supervisor did on the validation fold, and whether it was put to work against that verdict. */
export type SupervisionResult = SupervisionCheck & { readonly forced: boolean };

/** The supervisor has no account, so nothing is forbidden to it. */
const ALL_ALLOWED = new Uint8Array([1, 1, 1]);

/**
 * A primary agent with a supervisor that can only say HOLD: where the supervisor holds, the action is HOLD, else the
 * primary's stands. Made by `superviseAgent`, saved and loaded as one checkpoint.
 * @throws InputError where the supervisor isn't a DQN agent trained with --smurf on what the primary sees
 */
export class IntegratedAgent implements LoadedAgent {
  readonly kind = 'integrated';
  readonly primary: LoadedAgent;
  readonly supervisor: LoadedAgent;
  /** Kept in the checkpoint; null where nobody judged. */
  readonly judgement: SupervisionResult | null;
  /** (window, market columns) */
  readonly #values: Float32Array;

  /** @throws InputError where the supervisor is not a DQN agent of the smurf reward that sees the primary's market. */
  constructor(primary: LoadedAgent, supervisor: LoadedAgent, judgement: SupervisionResult | null = null) {
    requireSupervisor(primary.spec, supervisor);
    this.judgement = judgement;
    this.primary = primary;
    this.supervisor = supervisor;
    this.#values = new Float32Array(supervisor.spec.window * supervisor.spec.columns.length);
  }

  /** What it sees is what its primary agent sees. */
  get spec(): AgentSpec {
    return this.primary.spec;
  }

  /** "If the supervisor says HOLD the final action is HOLD, else the primary agent's action stands." */
  getAction(obs: Observation): Action {
    return this.#supervise(obs) === HOLD ? HOLD : this.primary.getAction(obs);
  }

  /** The primary agent's decision; where the supervisor turned another request into HOLD, `vetoed` keeps it. */
  decide(obs: Observation): AgentDecision {
    const decision = this.primary.decide(obs);
    if (decision.action === HOLD || this.#supervise(obs) !== HOLD) return decision;
    return { ...decision, action: HOLD, vetoed: decision.action };
  }

  /** The supervisor sees the market's columns of the window. */
  #supervise(obs: Observation): Action {
    const { window, columns, accountColumns } = this.primary.spec;
    const width = columns.length + accountColumns.length;
    for (let t = 0; t < window; t++) {
      for (let c = 0; c < columns.length; c++) this.#values[t * columns.length + c] = obs.values[t * width + c];
    }
    return this.supervisor.getAction({ values: this.#values, mask: ALL_ALLOWED });
  }

  get parts(): readonly LoadedAgent[] {
    return [this.primary, this.supervisor];
  }

  get steps(): number {
    return this.primary.steps;
  }

  /** Both agents' checkpoints, each in a folder of its own. */
  checkpointFiles(): Map<string, Uint8Array> {
    const contents = new Map<string, Uint8Array>();
    for (const part of ['primary', 'supervisor'] as const) {
      for (const [name, bytes] of this[part].checkpointFiles()) contents.set(`${part}/${name}`, bytes);
    }
    const config = { primary: this.primary.kind, judgement: this.judgement as Json };
    return describeCheckpoint({ agent: this.kind, spec: this.spec, config, trainedSteps: this.steps }, contents);
  }

  save(files: FileSystem, path: string): void {
    saveCheckpoint(files, path, this.checkpointFiles());
  }

  /** Gives the kernels' memory back. */
  dispose(): void {
    this.primary.dispose();
    this.supervisor.dispose();
  }
}

export const integrated: AgentType = {
  name: 'integrated',
  summary: 'a primary agent with a supervisor',
  load(checkpoint, _kernels, loadPart) {
    requireAgent(checkpoint, 'integrated');
    for (const part of ['primary', 'supervisor']) checkpoint.read(`${part}/checkpoint.json`);
    const { judgement } = checkpoint.description.config as { judgement: SupervisionResult | null };
    return new IntegratedAgent(loadPart('primary'), loadPart('supervisor'), judgement);
  },
};

/** Which agent may supervise is a question of what it was trained for: a stranger's HOLD means something else. */
function requireSupervisor(primary: AgentSpec, supervisor: LoadedAgent): void {
  const refuse = (what: string, found: unknown, needed: unknown) =>
    new InputError(
      `supervisor: its ${what} is ${JSON.stringify(found)}, it needs ${JSON.stringify(needed)}; train one with --smurf on the same data`,
    );
  if (supervisor.kind !== 'dqn') throw refuse('class', supervisor.kind, 'dqn');
  const { spec } = supervisor;
  if (!/^smurf\(.+\)$/.test(spec.reward)) throw refuse('reward', spec.reward, 'smurf(horizon)');
  if (spec.accountColumns.length > 0) throw refuse('list of account columns', spec.accountColumns, []);
  for (const name of ['columns', 'window', 'timeframeMs', 'scaler'] as const) {
    if (JSON.stringify(spec[name]) !== JSON.stringify(primary[name])) throw refuse(name, spec[name], primary[name]);
  }
}
