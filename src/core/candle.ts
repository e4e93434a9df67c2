/** One closed bar. Prices in quote currency, volume in base currency. */
export interface Candle {
  /** Unix milliseconds UTC of the bar's open. */
  readonly timeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Number of trades in the bar; NaN where the source has none. */
  readonly trades: number;
  /** Google Trends score known at the bar's close (published, lagged); NaN where there is none. */
  readonly trends: number;
}

/**
 * A symbol's history as columns, one entry a bar, ascending in time. Gaps stay gaps: two neighbours may be
 * more than one timeframe apart, and whoever folds over the series looks at `timeMs`.
 */
export interface CandleSeries {
  readonly venue: string;
  readonly symbol: string;
  readonly timeframeMs: number;
  readonly length: number;
  readonly timeMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** null where the source has no trade counts. */
  readonly trades: Float64Array | null;
  /** null where there are no trends. NaN in a bar for which nothing (fresh) was published. */
  readonly trends: Float64Array | null;
  /** 1 where the bar was filled in by an import policy and never traded. */
  readonly filled: Uint8Array;
}

/**
 * The bar at `index` as an object; for the edges of the system, not for inner loops.
 * @example
 * candleAt(series, 0).timeMs; // => series.timeMs[0]
 */
export function candleAt(series: CandleSeries, index: number): Candle {
  return {
    timeMs: series.timeMs[index],
    open: series.open[index],
    high: series.high[index],
    low: series.low[index],
    close: series.close[index],
    volume: series.volume[index],
    trades: series.trades === null ? Number.NaN : series.trades[index],
    trends: series.trends === null ? Number.NaN : series.trends[index],
  };
}
