/** What an agent's file says of itself; the list in `index.ts` is made of these. */
import type { z } from 'zod';
import type { Kernels } from '../nn/index.ts';
import { type AgentOptions, type OpenCheckpoint, parseAgentConfig, requireAgent } from './checkpoint.ts';
import type { Learner, LoadedAgent } from './learner.ts';

/** A kind of agent that a checkpoint may hold: its name, what it is, and how it is loaded. */
export interface AgentType {
  /** As checkpoints name it. */
  readonly name: string;
  /** One line for the help: what it is. */
  readonly summary: string;
  /**
   * @param loadPart loads the agent in a folder of the checkpoint, for agents that are made of others
   * @throws InputError where the checkpoint is not whole, or is another agent's
   */
  load(checkpoint: OpenCheckpoint, kernels: Kernels, loadPart: (folder: string) => LoadedAgent): LoadedAgent;
}

/** An agent that can be trained: its name is what `--agent` takes, and its settings' section of the configuration. */
export interface LearnerType<
  Name extends string = string,
  Settings extends z.ZodType = z.ZodType,
  Agent extends Learner = Learner,
> extends AgentType {
  readonly name: Name;
  readonly settings: Settings;
  /** What a training of before a setting existed had in its place, where that isn't today's default. */
  readonly former?: Partial<z.output<Settings>>;
  /** The account's columns that it can see, where it sees any: ACCOUNT_COLUMNS or UNITS_COLUMNS. */
  readonly accountColumns: readonly string[];
  /** Environment steps of a training on so many bars where nobody says how long to train. */
  readonly defaultSteps: (bars: number) => number;
  /** An agent with fresh weights, or without a seed one whose weights are to be loaded. */
  create(options: AgentOptions<z.output<Settings>>): Agent;
  load(checkpoint: OpenCheckpoint, kernels: Kernels): Agent;
}

/** An agent that can be trained. Loading follows: it is created as its checkpoint says, and given its networks. */
export function defineLearner<const Name extends string, Settings extends z.ZodType, Agent extends Learner>(
  definition: Omit<LearnerType<Name, Settings, Agent>, 'load'>,
): LearnerType<Name, Settings, Agent> {
  return {
    ...definition,
    load(checkpoint, kernels) {
      requireAgent(checkpoint, definition.name);
      const config = parseAgentConfig(checkpoint, definition);
      const agent = definition.create({ kernels, spec: checkpoint.spec, config, seed: null });
      agent.loadNetworks(checkpoint);
      return agent;
    },
  };
}
