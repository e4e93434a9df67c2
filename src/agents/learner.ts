import type { Agent } from '../core/agent.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import type { VectorEnv } from '../env/vector-env.ts';
import type { AgentSpec, OpenCheckpoint } from './checkpoint.ts';

/** Means over one training step; the object is reused, so whoever keeps it copies it. */
export type TrainReport = Readonly<Record<string, number>>;

/** An agent that can be saved, and says what it sees. */
export interface LoadedAgent extends Agent {
  /** Its name in the list of agents, and in its checkpoint. */
  readonly kind: string;
  readonly spec: AgentSpec;
  /** What it only joins: a primary and its supervisor, an ensemble's members. */
  readonly parts?: readonly LoadedAgent[];
  /** Environment steps of training. */
  readonly steps: number;
  /** The checkpoint by file name, checkpoint.json included. */
  checkpointFiles(): Map<string, Uint8Array>;
  /** Writes the checkpoint folder `path`; a crash leaves the old or the new. */
  save(files: FileSystem, path: string): void;
  /** Gives the kernels' memory back. */
  dispose(): void;
}

/** An agent that can be trained: what `train` asks of it. */
export interface Learner extends LoadedAgent {
  readonly config: Json;
  /** How many environments step together. */
  readonly environments: number;
  /** Environment steps taken, over all environments. */
  readonly steps: number;
  /** Asked before anything is made or written. @throws InputError for an environment that it can't be trained in */
  examine?(env: VectorEnv): void;
  /** Prepares buffers and optimiser for `env`; rates are scheduled over `totalSteps` environment steps. */
  attach(env: VectorEnv, totalSteps: number, tableHash: string): void;
  /** Gathers experience: a step of every environment, or what else it learns from. @returns the mean reward of a step */
  collect(): number;
  /** Whether a training step is due. */
  ready(): boolean;
  /** One training step: PPO's whole update on a rollout, DQN's on one minibatch, the exact agent's on its stretches. */
  trainStep(): TrainReport;
  /** The checkpoint by file name: networks, optimiser, checkpoint.json; `more` is added to it. */
  checkpointFiles(more?: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array>;
  /** Makes the networks what they were; the rest of a training is `restoreTraining`'s. */
  loadNetworks(checkpoint: OpenCheckpoint): void;
  /** Buffers and counters, beyond the networks and the optimiser. */
  saveTraining(): { readonly state: Json; readonly buffer: Uint8Array };
  /** Makes the attached agent what it was: networks, optimiser, buffers, counters. */
  restoreTraining(checkpoint: OpenCheckpoint, state: Json, buffer: Uint8Array): void;
}
