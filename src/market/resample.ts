import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { allocateSeries } from './series.ts';

/**
 * Bars of a longer timeframe, on the same UTC grid. Only buckets that have all their bars count; the others are gaps.
 * A bucket is `filled` where none of its bars traded; its trends are those known at its close.
 * @throws InputError where the timeframe isn't a multiple of the series' own.
 */
export function resample(series: CandleSeries, timeframeMs: number): CandleSeries {
  const size = timeframeMs / series.timeframeMs;
  if (!Number.isInteger(size) || size < 1)
    throw new InputError(
      `bars of ${series.timeframeMs / 60_000} min can't be joined to bars of ${timeframeMs / 60_000} min; give a multiple`,
    );
  const starts: number[] = [];
  const { timeMs } = series;
  // A bucket is whole where its first bar stands on the grid and its last one stands where it must.
  for (let i = 0; i + size <= series.length; i++)
    if (timeMs[i] % timeframeMs === 0 && timeMs[i + size - 1] === timeMs[i] + timeframeMs - series.timeframeMs)
      starts.push(i);
  const { venue, symbol, trades, trends } = series;
  const has = { trades: trades !== null, trends: trends !== null };
  const result = allocateSeries({ venue, symbol, timeframeMs }, starts.length, has);
  starts.forEach((start, i) => {
    const last = start + size - 1;
    result.timeMs[i] = timeMs[start];
    result.open[i] = series.open[start];
    result.close[i] = series.close[last];
    result.high[i] = series.high[start];
    result.low[i] = series.low[start];
    result.filled[i] = 1;
    for (let j = start; j <= last; j++) {
      result.high[i] = Math.max(result.high[i], series.high[j]);
      result.low[i] = Math.min(result.low[i], series.low[j]);
      result.volume[i] += series.volume[j];
      result.filled[i] &= series.filled[j];
      if (trades !== null) result.trades![i] += trades[j];
    }
    if (trends !== null) result.trends![i] = trends[last];
  });
  return result;
}
