/**
 * The published score beside what an account earns. The score sums, bar by bar, the best exit of the next 20 bars of
 * whatever was asked for, a new trade each bar, and calls that profit; policies that know nothing reach it.
 */
import type { AccountConfig } from '../core/account.ts';
import type { CandleSeries } from '../core/candle.ts';
import { exp, log } from '../core/math.ts';
import { Rng } from '../core/rng.ts';
import { hindsightMarket } from '../env/rewards/hindsight-market.ts';
import { allocateSeries } from '../market/series.ts';
import { backtest } from './backtest.ts';
import { alwaysBuy, alwaysSell } from './baselines/constant.ts';
import { coinFlip } from './baselines/random.ts';
import type { RowRange } from './split.ts';

/** Bars that the score looks ahead. */
export const HORIZON = 20;
/** Policies that know nothing. */
const IGNORANT = [alwaysBuy, alwaysSell, coinFlip];
const STREAM = 61;
const HOUR_MS = 3_600_000;
const SQRT_2_PI = 2.5066282746310002;

/** Closes of a walk without drift: log returns are normal with this deviation and mean 0. */
export function driftlessWalk(bars: number, deviation: number, seed: number): CandleSeries {
  const rng = new Rng(seed, STREAM);
  const series = allocateSeries({ venue: 'made', symbol: 'WALK', timeframeMs: HOUR_MS }, bars, {
    trades: false,
    trends: false,
  });
  let close = 100;
  for (let i = 0; i < bars; i++) {
    const open = close;
    if (i > 0) close *= exp(deviation * rng.normal());
    series.timeMs[i] = i * HOUR_MS;
    series.open[i] = open;
    series.close[i] = close;
    series.high[i] = Math.max(open, close);
    series.low[i] = Math.min(open, close);
    series.volume[i] = 1;
  }
  return series;
}

/**
 * What the published score of any policy that only buys or sells is expected to be on such a walk: by Spitzer's identity
 * (Transactions of the American Mathematical Society 82(2), 1956) the mean of the highest of the next h closes is
 * deviation / sqrt(2 pi) x sum of 1 / sqrt(k) over k = 1 .. h - 1, and each bar pays that less the costs.
 */
export function expectedScore(bars: number, deviation: number, feeRate: number): number {
  let sum = 0;
  for (let k = 1; k < HORIZON; k++) sum += 1 / Math.sqrt(k);
  return bars * ((deviation * sum) / SQRT_2_PI + log((1 - feeRate) / (1 + feeRate)));
}

/** One ignorant policy on some bars. */
export interface PublishedScore {
  readonly policy: string;
  readonly label: string;
  /** The published sum, in log units. */
  readonly score: number;
  /** Bars that it adds up. */
  readonly bars: number;
  /** ln(final / starting equity) of the same policy through the account, costs included. */
  readonly earned: number;
}

/** @param feeRate of the published score, each side */
export function scoreIgnorant(
  series: CandleSeries,
  rows: RowRange,
  feeRate: number,
  account: AccountConfig,
  seed: number,
): PublishedScore[] {
  const pays = hindsightMarket(HORIZON).table(series, { feeRate, slippageRate: 0 });
  return IGNORANT.map((baseline) => {
    const context = { series, table: null, account, train: null, test: rows, reference: null, seed };
    const { equity, requested, startingEquity } = backtest({
      ...{ policy: baseline.create(context).policy, series, table: null, account, shield: null, rows },
    });
    let [score, bars] = [0, 0];
    for (let row = rows.from; row < rows.to; row++) {
      const pay = pays[3 * row + requested[row - rows.from]];
      if (Number.isNaN(pay)) continue;
      score += pay;
      bars++;
    }
    const { name: policy, label } = baseline;
    return { policy, label, score, bars, earned: log(equity[equity.length - 1] / startingEquity) };
  });
}
