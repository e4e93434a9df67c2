/** Small agents and their environments, for tests. */
import type { z } from 'zod';
import type { AgentSpec } from '../../src/agents/index.ts';
import { findLearner, type LearnerName, type TrainOptions, train } from '../../src/agents/index.ts';
import type { Learner } from '../../src/agents/learner.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { Json } from '../../src/core/json.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv } from '../../src/env/trading-env.ts';
import type { VectorEnv } from '../../src/env/vector-env.ts';
import { ACCOUNT_COLUMNS } from '../../src/features/observation.ts';
import type { Kernels } from '../../src/nn/index.ts';
import { makeMarket, narrowMarket } from '../env/made-market.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';

export const SMALL_NETWORK = { filters: 8, hidden: [32, 32] };

/** A spec with made-up names that fits the environment. */
export function specFor(env: VectorEnv, changes: Partial<AgentSpec> = {}): AgentSpec {
  const market = env.features - env.extraWidth;
  return {
    featureSet: 'made',
    columns: Array.from({ length: market }, (_, i) => `column${i}`),
    accountColumns: Array.from({ length: env.extraWidth }, (_, i) => ACCOUNT_COLUMNS[i] ?? `extra${i}`),
    signature: `made${market}`,
    window: env.window,
    timeframeMs: 3_600_000,
    scaler: { method: 'made' },
    reward: 'market-order',
    rewardScale: 100,
    trainingRange: null,
    origin: null,
    account: { ...(env instanceof TradingEnv ? env.config.account : DEFAULT_ACCOUNT) } as unknown as Json,
    ...changes,
  };
}

/** Environments that step together, for an agent that can have several. */
export function environmentsOf(kind: LearnerName, count: number): number {
  return 'environments' in (findLearner(kind).settings as z.ZodObject).shape ? count : 1;
}

/** A small agent for `env`; `config` goes over a small default. */
export function makeAgent(
  kind: LearnerName,
  kernels: Kernels,
  env: VectorEnv,
  options: { config?: object; spec?: Partial<AgentSpec>; seed?: number } = {},
): Learner {
  const { config = {}, seed = 1 } = options;
  const { settings, create } = findLearner(kind);
  const { shape } = settings as z.ZodObject;
  const usual = Object.entries({ network: SMALL_NETWORK, environments: env.count }).filter(([name]) => name in shape);
  const own = settings.parse({ ...Object.fromEntries(usual), ...config });
  return create({ kernels, spec: specFor(env, options.spec), config: own, seed });
}

/** How many of the account's columns an agent sees. */
export const extrasOf = (kind: LearnerName): number => findLearner(kind).accountColumns.length;

/** Random-walk bars with an account, with starts, cuts and ends, as an agent of this kind sees them. */
export function makeTradingEnv(count: number, kind: LearnerName = 'ppo'): TradingEnv {
  return new TradingEnv({
    markets: [narrowMarket(makeMarket({ rows: 200, window: 4 }), extrasOf(kind))],
    count,
    account: DEFAULT_ACCOUNT,
    reward: rewardNamed('market-order'),
    rewardScale: 100,
    starts: 'random',
    maxEpisodeSteps: 30,
  });
}

/** A clock of which every look takes a millisecond. */
export function stepClock() {
  let now = 0;
  return { nowMs: () => ++now, elapsedMs: () => ++now, sleep: async () => {} };
}

/** Trains without validation and checkpoints on the way, if not told otherwise. */
export function trainHere(options: Pick<TrainOptions, 'agent' | 'env' | 'steps'> & Partial<TrainOptions>) {
  return train({
    seed: 1,
    validate: null,
    validateEvery: options.steps,
    checkpointEvery: options.steps,
    files: new MemoryFileSystem(),
    folder: 'checkpoints/run',
    clock: stepClock(),
    ...options,
  });
}
