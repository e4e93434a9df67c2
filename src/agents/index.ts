/** The agents. One more is one file and one line here. */
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import { requirePlugins, withPlugged } from '../core/plugged.ts';
import type { Kernels } from '../nn/index.ts';
import type { AgentType, LearnerType } from './agent-type.ts';
import { type AgentSpec, openCheckpoint, requireSpec } from './checkpoint.ts';
import { dqn } from './dqn.ts';
import { ensemble } from './ensemble.ts';
import { exact } from './exact.ts';
import { integrated } from './integrated.ts';
import type { Learner, LoadedAgent } from './learner.ts';
import { ppo } from './ppo.ts';

export { type AgentType, defineLearner, type LearnerType } from './agent-type.ts';
export {
  type AgentSpec,
  type CheckpointDescription,
  hasCheckpoint,
  openCheckpoint,
} from './checkpoint.ts';
export { DQNAgent, type DQNConfig, dqnConfigSchema } from './dqn.ts';
export { EnsembleAgent } from './ensemble.ts';
export { ExactAgent, type ExactConfig, exactConfigSchema } from './exact.ts';
export { IntegratedAgent, type SupervisionResult } from './integrated.ts';
export type { Learner, LoadedAgent, TrainReport } from './learner.ts';
export { findObstacle, partsOf } from './obstacle.ts';
export type { Origin } from './origin.ts';
export { PPOAgent, type PPOConfig, ppoConfigSchema } from './ppo.ts';
export { describeStanding, mayTrade, type Standing, summariseStanding } from './standing.ts';
export { increasesRisk, SMURF_SETTINGS, type SupervisionCheck, VETO_LIMITS, VetoCounter } from './supervision.ts';
export {
  type Best,
  type Progress,
  readTrainingProgress,
  type TrainOptions,
  type TrainResult,
  train,
  type Validation,
} from './train.ts';

/** Agents that can be trained; the first is the default. Each has a section of settings under its name. */
export const LEARNERS = withPlugged('agents', [ppo, dqn, exact]);

/** Every agent that a checkpoint may hold. */
export const AGENTS: readonly AgentType[] = [...LEARNERS, ensemble, integrated];

/** What `--agent` takes. */
export type LearnerName = (typeof LEARNERS)[number]['name'];

/**
 * @throws InputError for an unknown name, saying which there are
 * @example
 * findLearner('dqn').name; // => 'dqn'
 */
export function findLearner(name: string): LearnerType {
  const found = LEARNERS.find((one) => one.name === name);
  if (found !== undefined) return found as LearnerType;
  throw new InputError(`there is no agent '${name}'; there are ${LEARNERS.map((one) => one.name).join(', ')}`);
}

/** Whether an agent could be trained further. */
export function isLearner(agent: LoadedAgent): agent is Learner {
  return LEARNERS.some(({ name }) => name === agent.kind);
}

/**
 * Whatever agent the folder `path` holds.
 * @param expected parts of the spec that it must have been trained with
 * @throws InputError where there is no whole checkpoint, or one that was trained with something else
 * @example
 * agent.save(files, 'checkpoints/saved');
 * loadAgent(files, 'checkpoints/saved', kernels).kind; // => 'ppo'
 */
export function loadAgent(
  files: FileSystem,
  path: string,
  kernels: Kernels,
  expected: Partial<AgentSpec> = {},
): LoadedAgent {
  const checkpoint = openCheckpoint(files, path);
  requirePlugins(checkpoint.path, checkpoint.description.plugins);
  requireSpec(checkpoint.path, checkpoint.spec, expected);
  const { agent } = checkpoint.description;
  const type = AGENTS.find(({ name }) => name === agent);
  if (type === undefined)
    throw new InputError(
      `${checkpoint.path}: holds an agent of class ${agent}; this program has ${AGENTS.map(({ name }) => name).join(', ')}: use the version that made it`,
    );
  return type.load(checkpoint, kernels, (folder) => loadAgent(files, `${checkpoint.path}/${folder}`, kernels));
}
