import type { CandleSeries } from '../core/candle.ts';
import type { FeatureSet } from './sets.ts';
import { FeatureStream } from './stream.ts';

/** A series' features, unscaled. Row i belongs to candle i, always; nothing is dropped. */
export interface FeatureTable {
  readonly set: FeatureSet;
  readonly columns: readonly string[];
  readonly timeframeMs: number;
  readonly rows: number;
  readonly width: number;
  /** (rows, width) row-major; NaN where a column isn't known. */
  readonly data: Float64Array;
  /** (rows) 1 where every column is known. */
  readonly complete: Uint8Array;
  /** (rows) the bar's open, Unix milliseconds UTC. */
  readonly timeMs: Float64Array;
}

/**
 * A table over history is a fold of the stream.
 * @example
 * computeFeatures(series, featureSet('tradernet19')).rows; // => 2000
 */
export function computeFeatures(series: CandleSeries, set: FeatureSet): FeatureTable {
  const stream = new FeatureStream(set, series.timeframeMs);
  const { width } = stream;
  const rows = series.length;
  const data = new Float64Array(rows * width);
  const complete = new Uint8Array(rows);
  const { timeMs, open, high, low, close, volume, trades, trends } = series;
  // One object for all bars: nothing is allocated per bar.
  const none = Number.NaN;
  const candle = {
    timeMs: none,
    open: none,
    high: none,
    low: none,
    close: none,
    volume: none,
    trades: none,
    trends: none,
  };
  for (let i = 0; i < rows; i++) {
    candle.timeMs = timeMs[i];
    candle.open = open[i];
    candle.high = high[i];
    candle.low = low[i];
    candle.close = close[i];
    candle.volume = volume[i];
    if (trades !== null) candle.trades = trades[i];
    if (trends !== null) candle.trends = trends[i];
    complete[i] = stream.step(candle, data, i * width) ? 1 : 0;
  }
  const { columns } = set;
  return { set, columns, timeframeMs: series.timeframeMs, rows, width, data, complete, timeMs: timeMs.slice() };
}

/** Rows [from, to) of each table, one after the other, as one: what a scaler is fitted on. */
export function joinRows(
  parts: readonly { readonly table: FeatureTable; readonly from: number; readonly to: number }[],
): FeatureTable {
  const [{ table: first }] = parts;
  const rows = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const joined = {
    ...first,
    rows,
    data: new Float64Array(rows * first.width),
    complete: new Uint8Array(rows),
    timeMs: new Float64Array(rows),
  };
  let row = 0;
  for (const { table, from, to } of parts) {
    joined.data.set(table.data.subarray(from * table.width, to * table.width), row * table.width);
    joined.complete.set(table.complete.subarray(from, to), row);
    joined.timeMs.set(table.timeMs.subarray(from, to), row);
    row += to - from;
  }
  return joined;
}
