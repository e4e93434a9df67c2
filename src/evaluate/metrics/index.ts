/**
 * The measures of a ledger, in the order in which tables show them. One more is one file and one line here. Bar returns
 * are simple, the risk-free rate is 0, and a year is 365.25 days, since these markets never close. A measure without a
 * value (a Sharpe ratio of a flat line, a win rate without trades) is null.
 */
import type { Ledger } from '../ledger.ts';
import { actionEntropy } from './action-entropy.ts';
import { buyShare, holdShare, sellShare } from './action-shares.ts';
import { alpha, beta } from './alpha-beta.ts';
import { barsPerTrade } from './bars-per-trade.ts';
import { calmar } from './calmar.ts';
import { capacity } from './capacity.ts';
import { feesPaid, slippagePaid } from './costs.ts';
import { cumulativeReturn } from './cumulative-return.ts';
import { cvar5 } from './cvar.ts';
import { exposure } from './exposure.ts';
import { logReturn } from './log-return.ts';
import { maxDrawdown } from './max-drawdown.ts';
import type { Metric } from './metric.ts';
import { profitFactor } from './profit-factor.ts';
import { ruin } from './ruin.ts';
import { sharpe } from './sharpe.ts';
import { sortino } from './sortino.ts';
import { tailRatio } from './tail-ratio.ts';
import { trades } from './trades.ts';
import { turnover } from './turnover.ts';
import { drawdownBars, underWater } from './under-water.ts';
import { volatility } from './volatility.ts';
import { winRate } from './win-rate.ts';

export type { MetricUnit } from './metric.ts';

/**
 * The value of each metric by its name; null where it has none, as the Sharpe ratio of an account that never moved.
 */
export type Metrics = Readonly<Record<string, number | null>>;

/** Every metric, in the order of the tables. */
export const METRICS: readonly Metric[] = [
  cumulativeReturn,
  logReturn,
  sharpe,
  sortino,
  alpha,
  beta,
  maxDrawdown,
  drawdownBars,
  underWater,
  calmar,
  volatility,
  cvar5,
  tailRatio,
  ruin,
  turnover,
  exposure,
  trades,
  winRate,
  profitFactor,
  barsPerTrade,
  feesPaid,
  slippagePaid,
  capacity,
  sellShare,
  buyShare,
  holdShare,
  actionEntropy,
];

/**
 * Every registered metric of a ledger.
 * @example
 * measure(ledger).trades; // => 1
 */
export function measure(ledger: Ledger): Metrics {
  return Object.fromEntries(METRICS.map((metric) => [metric.name, metric.compute(ledger)]));
}
