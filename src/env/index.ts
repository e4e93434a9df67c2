/** Trading as an environment for reinforcement learning, and what it can pay. */
export { REWARDS, rewardNamed } from './rewards/index.ts';
export type { AccountReward, Costs, Reward, TableReward } from './rewards/reward.ts';
export { smurf } from './rewards/smurf.ts';
export { TradingEnv, type TradingEnvConfig, type TradingMarket } from './trading-env.ts';
export type { VectorEnv } from './vector-env.ts';
