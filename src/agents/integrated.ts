/**
 * The integrated agent of TraderNet-CRv2: a supervisor, trained with the smurf reward to hold where trading does not
 * pay, beside the primary agent. If the supervisor says HOLD the final action is HOLD, else the primary agent's action
 * stands. What the account is in is not its business; the shield, which knows, lets reductions of risk pass.
 */
import { type Action, HOLD } from '../core/action.ts';
import type { Agent, AgentDecision, Observation } from '../core/agent.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import type { Kernels } from '../nn/index.ts';
import {
  type AgentKind,
  type AgentSpec,
  describeCheckpoint,
  openCheckpoint,
  requireAgent,
  saveCheckpoint,
} from './checkpoint.ts';
import { DQNAgent } from './dqn.ts';
import { PPOAgent } from './ppo.ts';
import type { SupervisionCheck } from './supervision.ts';

/** How the supervisor did on the validation fold, and whether it was put to work against that verdict. */
export type SupervisionResult = SupervisionCheck & { readonly forced: boolean };

/** The supervisor has no account, so nothing is forbidden to it. */
const ALL_ALLOWED = new Uint8Array([1, 1, 1]);

export class IntegratedAgent implements Agent {
  readonly kind = 'integrated';
  readonly primary: PPOAgent | DQNAgent;
  readonly supervisor: DQNAgent;
  /** Kept in the checkpoint; null where nobody judged. */
  readonly judgement: SupervisionResult | null;
  /** (window, market columns) */
  readonly #values: Float32Array;

  /** @throws InputError where the supervisor is not a DQN agent of the smurf reward that sees the primary's market. */
  constructor(primary: PPOAgent | DQNAgent, supervisor: DQNAgent, judgement: SupervisionResult | null = null) {
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

  /** Writes the checkpoint folder `path`, with both agents' checkpoints in it. */
  save(files: FileSystem, path: string): void {
    const contents = new Map<string, Uint8Array>();
    for (const part of ['primary', 'supervisor'] as const) {
      for (const [name, bytes] of this[part].checkpointFiles()) contents.set(`${part}/${name}`, bytes);
    }
    const config = { primary: this.primary.kind, judgement: this.judgement as Json };
    const own = { agent: this.kind as AgentKind, spec: this.spec, config, trainedSteps: this.primary.steps };
    saveCheckpoint(files, path, describeCheckpoint(own, contents));
  }

  /** @throws InputError where the folder holds no whole checkpoint of this class. */
  static load(files: FileSystem, path: string, kernels: Kernels): IntegratedAgent {
    const checkpoint = openCheckpoint(files, path);
    requireAgent(checkpoint, 'integrated');
    for (const part of ['primary', 'supervisor']) checkpoint.read(`${part}/checkpoint.json`);
    const primary = openCheckpoint(files, `${checkpoint.path}/primary`);
    const load = primary.description.agent === 'ppo' ? PPOAgent.load : DQNAgent.load;
    const { judgement } = checkpoint.description.config as { judgement: SupervisionResult | null };
    const supervisor = DQNAgent.load(files, `${checkpoint.path}/supervisor`, kernels);
    return new IntegratedAgent(load(files, primary.path, kernels), supervisor, judgement);
  }

  /** Gives the kernels' memory back. */
  dispose(): void {
    this.primary.dispose();
    this.supervisor.dispose();
  }
}

/** Which agent may supervise is a question of what it was trained for: a stranger's HOLD means something else. */
function requireSupervisor(primary: AgentSpec, supervisor: DQNAgent): void {
  const refuse = (what: string, found: unknown, needed: unknown) =>
    new InputError(
      `supervisor: its ${what} is ${JSON.stringify(found)}, it needs ${JSON.stringify(needed)}; train one with --smurf on the same data`,
    );
  if (supervisor.kind !== 'dqn') throw refuse('class', (supervisor as Agent).kind, 'dqn');
  const { spec } = supervisor;
  if (!/^smurf\(.+\)$/.test(spec.reward)) throw refuse('reward', spec.reward, 'smurf(horizon)');
  if (spec.accountColumns.length > 0) throw refuse('list of account columns', spec.accountColumns, []);
  for (const name of ['columns', 'window', 'timeframeMs', 'scaler'] as const) {
    if (JSON.stringify(spec[name]) !== JSON.stringify(primary[name])) throw refuse(name, spec[name], primary[name]);
  }
}
