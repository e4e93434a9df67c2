/** The agent of a training, before its first step. */
import type { AgentSpec } from '../agents/checkpoint.ts';
import { findLearner } from '../agents/index.ts';
import type { Learner } from '../agents/learner.ts';
import type { Json } from '../core/json.ts';
import { scalerToJson } from '../features/scaler.ts';
import type { Kernels } from '../nn/index.ts';
import type { ExperimentConfig } from './config.ts';
import { fitMarketsRange, type Prepared } from './prepare.ts';

/** What an agent trained on these markets sees and was trained for. */
export function describeAgent(config: ExperimentConfig, prepared: Prepared): AgentSpec {
  const { table, series } = prepared.markets[0];
  const { startingEquity: _, ...account } = config.account;
  return {
    featureSet: prepared.set.name,
    columns: table.columns.slice(0, table.marketWidth),
    accountColumns: table.columns.slice(table.marketWidth),
    signature: table.signature,
    window: table.window,
    timeframeMs: series.timeframeMs,
    scaler: scalerToJson(prepared.scaler),
    reward: config.training.reward,
    rewardScale: config.training.rewardScale,
    trainingRange: fitMarketsRange(prepared.markets) as unknown as Json,
    account: account as unknown as Json,
  };
}

/** An agent with fresh weights. */
export function createAgent(kernels: Kernels, config: ExperimentConfig, spec: AgentSpec): Learner {
  const { seed, training } = config;
  return findLearner(training.agent).create({ kernels, spec, config: config[training.agent], seed });
}
