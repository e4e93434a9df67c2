/**
 * Several trainings of one configuration that vote: the action of the highest mean probability (PPO, exact) or of the
 * highest mean Q-value (DQN), among those allowed. A seed's luck is averaged out; what all of them learnt stays. (Wiering
 * and van Hasselt, "Ensemble Algorithms in Reinforcement Learning", 2008: their policy averaging.)
 */
import { ACTION_COUNT, type Action } from '../core/action.ts';
import type { AgentDecision, Observation } from '../core/agent.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { AgentType } from './agent-type.ts';
import { type AgentSpec, describeCheckpoint, requireAgent, requireSpec, saveCheckpoint } from './checkpoint.ts';
import type { LoadedAgent } from './learner.ts';

/** Folder of member i in the checkpoint. */
const folderOf = (member: number) => `member-${member + 1}`;

/**
 * Several agents of one class that vote: the mean of what each decides on, and the highest allowed action of that.
 * @example
 * new EnsembleAgent([agent, agent]).members.length; // => 2
 */
export class EnsembleAgent implements LoadedAgent {
  readonly kind = 'ensemble';
  readonly members: readonly LoadedAgent[];

  /** @throws InputError where there are fewer than two, or they don't see the same, or are not of one class */
  constructor(members: readonly LoadedAgent[]) {
    if (members.length < 2) throw new InputError(`an ensemble has two members or more, not ${members.length}`);
    for (const { kind, spec } of members) {
      if (kind !== members[0].kind)
        throw new InputError(`an ensemble's members are of one class; these are ${members[0].kind} and ${kind}`);
      requireSpec('ensemble', spec, members[0].spec);
    }
    this.members = members;
  }

  get parts(): readonly LoadedAgent[] {
    return this.members;
  }

  get spec(): AgentSpec {
    return this.members[0].spec;
  }

  /** Of all members together. */
  get steps(): number {
    return this.members.reduce((sum, { steps }) => sum + steps, 0);
  }

  getAction(obs: Observation): Action {
    return this.decide(obs).action;
  }

  /** (3) means over the members of what each decision is based on; the highest allowed one is the action. */
  decide(obs: Observation): AgentDecision {
    const decisions = this.members.map((member) => member.decide(obs));
    const probabilities = meanOf(decisions.map((one) => one.probabilities));
    const qValues = meanOf(decisions.map((one) => one.qValues));
    return { action: highestAllowed(probabilities ?? qValues ?? [], obs.mask), probabilities, qValues };
  }

  /** The members' checkpoints, each in a folder of its own. */
  checkpointFiles(): Map<string, Uint8Array> {
    const contents = new Map<string, Uint8Array>();
    this.members.forEach((member, i) => {
      for (const [name, bytes] of member.checkpointFiles()) contents.set(`${folderOf(i)}/${name}`, bytes);
    });
    const config = { members: this.members.length, of: this.members[0].kind };
    return describeCheckpoint({ agent: this.kind, spec: this.spec, config, trainedSteps: this.steps }, contents);
  }

  save(files: FileSystem, path: string): void {
    saveCheckpoint(files, path, this.checkpointFiles());
  }

  dispose(): void {
    for (const member of this.members) member.dispose();
  }
}

/** null where one of them has none. */
function meanOf(lists: readonly (readonly number[] | null)[]): readonly number[] | null {
  const mean = new Array<number>(ACTION_COUNT).fill(0);
  for (const list of lists) {
    if (list === null) return null;
    for (let a = 0; a < ACTION_COUNT; a++) mean[a] += list[a] / lists.length;
  }
  return mean;
}

/** Ties go to the lowest number, as in an agent alone. */
function highestAllowed(scores: readonly number[], mask: Uint8Array): Action {
  let best = -1;
  for (let a = 0; a < scores.length; a++) {
    if (mask[a] === 1 && (best < 0 || scores[a] > scores[best])) best = a;
  }
  return best as Action;
}

export const ensemble: AgentType = {
  name: 'ensemble',
  summary: 'several trainings that vote',
  load(checkpoint, _kernels, loadPart) {
    requireAgent(checkpoint, 'ensemble');
    const { members } = checkpoint.description.config as { members: number };
    const folders = Array.from({ length: members }, (_, i) => folderOf(i));
    for (const folder of folders) checkpoint.read(`${folder}/checkpoint.json`);
    return new EnsembleAgent(folders.map(loadPart));
  },
};
