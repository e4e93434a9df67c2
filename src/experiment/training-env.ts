/** The environment of a training: the training folds of its markets. */
import type { Json } from '../core/json.ts';
import { rewardNamed } from '../env/rewards/index.ts';
import { TradingEnv, type TradingMarket } from '../env/trading-env.ts';
import type { RuleShield } from '../shield/index.ts';
import type { ExperimentConfig } from './config.ts';
import { fitMarketsRange, type Prepared } from './prepare.ts';
import { maskingShield } from './shield.ts';

/** Makes the shields that mask a training; null where none does. */
export function makeMaskingShield(
  { training, shield }: ExperimentConfig,
  prepared: Prepared,
): (() => RuleShield) | null {
  const { maskByShield } = training;
  if (maskByShield === null) return null;
  const trainingRange = fitMarketsRange(prepared.markets) as unknown as Json;
  return () => maskingShield(maskByShield, shield, { trainingRange });
}

/** @param count environments that step together */
export function createTrainingEnv(config: ExperimentConfig, prepared: Prepared, count: number): TradingEnv {
  const markets: TradingMarket[] = prepared.markets.map(({ series, table, split }) => ({
    series,
    table,
    ...split.train,
  }));
  const shield = makeMaskingShield(config, prepared);
  return new TradingEnv({
    markets,
    count,
    account: config.account,
    reward: rewardNamed(config.training.reward),
    rewardScale: config.training.rewardScale,
    starts: 'random',
    maxEpisodeSteps: config.training.episodeBars,
    ...(shield === null ? {} : { shield }),
  });
}
