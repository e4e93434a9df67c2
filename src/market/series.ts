import type { CandleSeries } from '../core/candle.ts';

/** What a series is of. */
export interface SeriesKey {
  readonly venue: string;
  readonly symbol: string;
  readonly timeframeMs: number;
}

/** Zeroed columns for `length` bars. */
export function allocateSeries(
  key: SeriesKey,
  length: number,
  has: { readonly trades: boolean; readonly trends: boolean },
): CandleSeries {
  const column = () => new Float64Array(length);
  return {
    ...{ venue: key.venue, symbol: key.symbol, timeframeMs: key.timeframeMs, length },
    ...{ timeMs: column(), open: column(), high: column(), low: column(), close: column(), volume: column() },
    trades: has.trades ? column() : null,
    trends: has.trends ? column() : null,
    filled: new Uint8Array(length),
  };
}

/** The bars [from, to) as a series of their own. */
export function sliceSeries(series: CandleSeries, from: number, to: number): CandleSeries {
  const cut = (values: Float64Array) => values.slice(from, to);
  return {
    ...{ venue: series.venue, symbol: series.symbol, timeframeMs: series.timeframeMs, length: to - from },
    ...{ timeMs: cut(series.timeMs), open: cut(series.open), high: cut(series.high), low: cut(series.low) },
    ...{ close: cut(series.close), volume: cut(series.volume) },
    trades: series.trades === null ? null : cut(series.trades),
    trends: series.trends === null ? null : cut(series.trends),
    filled: series.filled.slice(from, to),
  };
}
