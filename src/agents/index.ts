/** The agents by class. One more is one file and one line here. */
import type { Agent } from '../core/agent.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Kernels } from '../nn/index.ts';
import { type AgentKind, type AgentSpec, openCheckpoint, requireSpec } from './checkpoint.ts';
import { DQNAgent } from './dqn.ts';
import { IntegratedAgent } from './integrated.ts';
import { PPOAgent } from './ppo.ts';

export {
  type AgentKind,
  type AgentSpec,
  type CheckpointDescription,
  hasCheckpoint,
  openCheckpoint,
} from './checkpoint.ts';
export { DQNAgent, type DQNConfig, dqnConfigSchema } from './dqn.ts';
export { IntegratedAgent, type SupervisionResult } from './integrated.ts';
export type { Learner, TrainReport } from './learner.ts';
export { PPOAgent, type PPOConfig, ppoConfigSchema } from './ppo.ts';
export { increasesRisk, SMURF_SETTINGS, type SupervisionCheck, VETO_LIMITS, VetoCounter } from './supervision.ts';
export { type Best, type Progress, type TrainOptions, type TrainResult, train } from './train.ts';

export const AGENTS = { ppo: PPOAgent, dqn: DQNAgent, integrated: IntegratedAgent } as const;

/** An agent that can be saved, and says what it sees. */
export interface LoadedAgent extends Agent {
  readonly kind: AgentKind;
  readonly spec: AgentSpec;
  save(files: FileSystem, path: string): void;
  dispose(): void;
}

/**
 * Whatever agent the folder `path` holds.
 * @param expected parts of the spec that it must have been trained with
 * @throws InputError where there is no whole checkpoint, or one that was trained with something else
 */
export function loadAgent(
  files: FileSystem,
  path: string,
  kernels: Kernels,
  expected: Partial<AgentSpec> = {},
): LoadedAgent {
  const checkpoint = openCheckpoint(files, path);
  requireSpec(checkpoint.path, checkpoint.spec, expected);
  return AGENTS[checkpoint.description.agent].load(files, path, kernels);
}
