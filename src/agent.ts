/** What an agent of one's own is written with: `import { defineLearner } from 'tradernet/agent'` (see `plugin.ts`). */
export { defineLearner, type LearnerType } from './agents/agent-type.ts';
export {
  type AgentOptions,
  type AgentSpec,
  describeCheckpoint,
  learnerFiles,
  loadNetworks,
  loadOptimiser,
  type OpenCheckpoint,
  saveCheckpoint,
} from './agents/checkpoint.ts';
export type { Learner, TrainReport } from './agents/learner.ts';
export { Rng } from './core/rng.ts';
export type { VectorEnv } from './env/vector-env.ts';
export { ACCOUNT_COLUMNS, UNITS_COLUMNS } from './features/observation.ts';
export * from './nn/index.ts';
