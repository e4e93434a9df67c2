import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { sinceOpenMs } from './calendar.ts';
import { allocateSeries } from './series.ts';

/** Bars of a longer timeframe, and how many bars each was made of. */
export interface Resampled {
  readonly series: CandleSeries;
  /** Bars joined into each bar, (bars). */
  readonly parts: Int32Array;
  /** Parts of a bar that lacks none. */
  readonly wholeParts: number;
  /** Bars left out: with fewer parts than asked for, or begun before the first part or not ended with the last one. */
  readonly leftOut: { readonly tooFewParts: number; readonly atTheEnds: number };
}

/**
 * Joins bars to those of a longer timeframe, on the UTC grid, weeks from Monday. A missing part doesn't cost the bar:
 * what has at least `minParts` of its parts (default: half of them) is kept, and `parts` says how many it has. A bar
 * is `filled` where none of its parts traded; its trends are those known at its last part's close.
 * @throws InputError where the timeframe isn't a multiple of the series' own, or `minParts` isn't 1 to the multiple.
 */
export function resample(series: CandleSeries, timeframeMs: number, minParts?: number): Resampled {
  const wholeParts = timeframeMs / series.timeframeMs;
  if (!Number.isInteger(wholeParts) || wholeParts < 1)
    throw new InputError(
      `bars of ${series.timeframeMs / 60_000} min can't be joined to bars of ${timeframeMs / 60_000} min; give a multiple`,
    );
  const least = minParts ?? Math.ceil(wholeParts / 2);
  if (!(least >= 1 && least <= wholeParts))
    throw new InputError(`a bar has ${wholeParts} parts, so the least number of them can't be ${least}`);

  const { timeMs, length } = series;
  const openMs = (i: number) => timeMs[i] - sinceOpenMs(timeMs[i], timeframeMs);
  const buckets: { from: number; to: number }[] = [];
  let [tooFewParts, atTheEnds] = [0, 0];
  for (let from = 0, to = 0; from < length; from = to) {
    const startMs = openMs(from);
    while (to < length && openMs(to) === startMs) to++;
    const begun = from > 0 || timeMs[0] === startMs;
    const ended = to < length || timeMs[length - 1] + series.timeframeMs === startMs + timeframeMs;
    if (!begun || !ended) atTheEnds++;
    else if (to - from < least) tooFewParts++;
    else buckets.push({ from, to });
  }

  const { venue, symbol, trades, trends } = series;
  const has = { trades: trades !== null, trends: trends !== null };
  const result = allocateSeries({ venue, symbol, timeframeMs }, buckets.length, has);
  buckets.forEach(({ from, to }, i) => {
    result.timeMs[i] = openMs(from);
    result.open[i] = series.open[from];
    result.close[i] = series.close[to - 1];
    result.high[i] = series.high[from];
    result.low[i] = series.low[from];
    result.filled[i] = 1;
    for (let j = from; j < to; j++) {
      result.high[i] = Math.max(result.high[i], series.high[j]);
      result.low[i] = Math.min(result.low[i], series.low[j]);
      result.volume[i] += series.volume[j];
      result.filled[i] &= series.filled[j];
      if (trades !== null) result.trades![i] += trades[j];
    }
    if (trends !== null) result.trends![i] = trends[to - 1];
  });
  const parts = Int32Array.from(buckets, ({ from, to }) => to - from);
  return { series: result, parts, wholeParts, leftOut: { tooFewParts, atTheEnds } };
}
