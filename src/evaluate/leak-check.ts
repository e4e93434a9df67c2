/**
 * Detectors of results that know the future. The principle of the first is that whatever may depend on rows up to a cut
 * only must come out the same, to the bit, whether the market rises or falls after it. The second delays all decisions by a
 * bar: an honest edge fades, a peek collapses.
 */
import type { AccountConfig } from '../core/account.ts';
import type { CandleSeries } from '../core/candle.ts';
import { exp } from '../core/math.ts';
import { Rng } from '../core/rng.ts';
import type { ScaledTable } from '../features/observation.ts';
import { backtest } from './backtest.ts';
import { barReturns } from './ledger.ts';
import { delayPolicy, type Policy } from './policy.ts';
import { sharpeSample } from './sharpe-ratio.ts';
import type { RowRange } from './split.ts';

export interface Leak {
  /** Last row that the value was allowed to depend on. */
  readonly cut: number;
  /** First value that differed, counted in what was computed, and what it was before a rise and before a fall. */
  readonly index: number;
  readonly rise: number;
  readonly fall: number;
}

/**
 * The same series up to and including `cut`, and from there on a market that has nothing to do with it: it begins with
 * a jump up (direction 1) or down (-1) and goes on as a random walk.
 */
export function rewriteFuture(series: CandleSeries, cut: number, direction: 1 | -1): CandleSeries {
  const rng = new Rng(cut + (direction > 0 ? 1 : 2), 47);
  const copy = {
    ...series,
    open: series.open.slice(),
    high: series.high.slice(),
    low: series.low.slice(),
    close: series.close.slice(),
    volume: series.volume.slice(),
    trades: series.trades?.slice() ?? null,
    trends: series.trends?.slice() ?? null,
  };
  for (let row = cut + 1; row < series.length; row++) {
    const jump = row === cut + 1 ? direction : 0;
    const open = copy.close[row - 1] * exp(0.1 * jump + 0.002 * rng.normal());
    const close = open * exp(0.1 * jump + 0.03 * rng.normal());
    copy.open[row] = open;
    copy.close[row] = close;
    copy.high[row] = Math.max(open, close) * exp(0.01 * rng.uniform());
    copy.low[row] = Math.min(open, close) * exp(-0.01 * rng.uniform());
    copy.volume[row] = series.volume[row] * exp(3 * jump + rng.normal());
    if (copy.trades !== null) copy.trades[row] = Math.ceil(copy.trades[row] * exp(3 * jump + rng.normal()));
    if (copy.trends !== null) copy.trends[row] = 100 * rng.uniform();
  }
  return copy;
}

/**
 * The first value of `compute` that is another one when a cut is followed by a rise and when it is followed by a fall;
 * null where none is.
 * @param compute what may depend on rows up to the cut only: features of these rows, decisions, a fitted scaler
 * @example
 * const nextClose = (version: CandleSeries, cut: number) => [version.close[cut + 1]];
 * findLeak(series, [500], nextClose)?.cut; // => 500
 */
export function findLeak(
  series: CandleSeries,
  cuts: readonly number[],
  compute: (series: CandleSeries, cut: number) => ArrayLike<number>,
): Leak | null {
  for (const cut of cuts) {
    const rise = compute(rewriteFuture(series, cut, 1), cut);
    const fall = compute(rewriteFuture(series, cut, -1), cut);
    for (let index = 0; index < rise.length; index++)
      if (!Object.is(rise[index], fall[index])) return { cut, index, rise: rise[index], fall: fall[index] };
  }
  return null;
}

/** What makes decisions on a series, features and all; made anew for each version of the series. */
export type PolicyMaker = (series: CandleSeries) => { readonly policy: Policy; readonly table: ScaledTable | null };

/** `findLeak` of all decisions and of the equity up to each cut, through the whole backtest. */
export function findPolicyLeak(
  series: CandleSeries,
  rows: RowRange,
  cuts: readonly number[],
  make: PolicyMaker,
  account: AccountConfig,
): Leak | null {
  return findLeak(series, cuts, (version, cut) => {
    const { actions, equity } = backtest({ ...make(version), series: version, account, shield: null, rows });
    const known = cut - rows.from + 1;
    return [...actions.subarray(0, known), ...equity.subarray(0, known)];
  });
}

export interface DelayTest {
  /** Sharpe ratio per bar, without costs, by bars of delay; null where nothing was traded. */
  readonly sharpes: readonly (number | null)[];
  /** Share of the Sharpe ratio that is left after one bar; null where there was none to lose. */
  readonly kept: number | null;
  /**
   * True where a clear profit before costs all but vanishes with one bar of delay: either the signal lives for a single
   * bar, or the policy knows the bar it trades on.
   */
  readonly collapses: boolean;
}

/** Standard errors of a profit that counts as clear, and the share of it that may be left of a peek. */
const CLEAR = 3;
const COLLAPSED = 0.25;

/** The policy prompt, and one and two bars late, without costs. */
export function testDelay(options: {
  makePolicy(): Policy;
  readonly series: CandleSeries;
  readonly table: ScaledTable | null;
  readonly account: AccountConfig;
  readonly rows: RowRange;
}): DelayTest {
  const { makePolicy, series, table, rows } = options;
  const account = { ...options.account, feeRate: 0, slippageRate: 0, borrowRatePerYear: 0 };
  const sharpes = [0, 1, 2].map((bars) => {
    const ledger = backtest({ policy: delayPolicy(makePolicy(), bars), series, table, account, shield: null, rows });
    return sharpeSample(barReturns(ledger))?.sharpe ?? null;
  });
  const [prompt, late] = sharpes;
  const clear = prompt !== null && prompt * Math.sqrt(rows.to - rows.from) > CLEAR;
  const kept = clear && late !== null ? late / prompt : null;
  return { sharpes, kept, collapses: kept !== null && kept < COLLAPSED };
}
