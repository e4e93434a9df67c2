import type { CandleSeries } from '../../core/candle.ts';

/**
 * Fills a (rows, 3) table where the next `horizon` bars are there without a gap, and leaves NaN elsewhere.
 * @param write fills the three values of `row` at `out[row * 3]`
 */
export function tabulate(
  series: CandleSeries,
  horizon: number,
  write: (row: number, out: Float64Array) => void,
): Float64Array {
  const { length, timeMs, timeframeMs } = series;
  const out = new Float64Array(length * 3).fill(Number.NaN);
  for (let row = 0; row + horizon < length; row++) {
    if (timeMs[row + horizon] - timeMs[row] === horizon * timeframeMs) write(row, out);
  }
  return out;
}
