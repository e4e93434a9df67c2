/** The agent of a training, before its first step. */
import type { AgentSpec } from '../agents/checkpoint.ts';
import { findLearner } from '../agents/index.ts';
import type { Learner } from '../agents/learner.ts';
import type { Origin } from '../agents/origin.ts';
import type { Json } from '../core/json.ts';
import { scalerToJson } from '../features/scaler.ts';
import { sliceSeries } from '../market/series.ts';
import { hashSeries } from '../market/store.ts';
import type { Kernels } from '../nn/index.ts';
import { hashJson } from '../runs/registry.ts';
import type { ExperimentConfig } from './config.ts';
import { fitMarketsRange, type Prepared } from './prepare.ts';
import { recipeOf, trialConfig } from './trial.ts';

/** What an agent trained on these markets sees and was trained for. */
export function describeAgent(
  config: ExperimentConfig,
  prepared: Prepared,
  decisive: { readonly [key: string]: Json } = {},
): AgentSpec {
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
    origin: describeOrigin(config, prepared, decisive),
  };
}

/** @param decisive what decides the outcome beside the configuration */
function describeOrigin(
  config: ExperimentConfig,
  prepared: Prepared,
  decisive: { readonly [key: string]: Json },
): Origin {
  const recipe = hashJson({ ...(recipeOf(trialConfig(config, prepared)) as { [key: string]: Json }), ...decisive });
  const seen = prepared.markets.flatMap(({ series, split }) =>
    (['train', 'validation'] as const).map((fold) => {
      const { from, to } = split[fold];
      return {
        ...{ market: `${series.venue}:${series.symbol}`, timeframeMs: series.timeframeMs, fold },
        ...{ fromMs: series.timeMs[from], toMs: series.timeMs[to - 1] + series.timeframeMs },
        hash: hashSeries(sliceSeries(series, from, to)),
      };
    }),
  );
  return { recipe, seen };
}

/** An agent with fresh weights. */
export function createAgent(kernels: Kernels, config: ExperimentConfig, spec: AgentSpec): Learner {
  const { seed, training } = config;
  return findLearner(training.agent).create({ kernels, spec, config: config[training.agent], seed });
}
