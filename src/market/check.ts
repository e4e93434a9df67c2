import type { CandleSeries } from '../core/candle.ts';
import { log } from '../core/math.ts';
import { sinceOpenMs } from './calendar.ts';

/** Bars that are missing between two neighbours. */
export interface Gap {
  /** Open of the first missing bar, Unix ms UTC. */
  readonly fromMs: number;
  /** Open of the next bar that is there. */
  readonly toMs: number;
  readonly bars: number;
}

/** Gaps of an ascending series on its grid, oldest first. */
export function findGaps(timeMs: ArrayLike<number>, timeframeMs: number): Gap[] {
  const gaps: Gap[] = [];
  for (let i = 1; i < timeMs.length; i++) {
    const bars = Math.round((timeMs[i] - timeMs[i - 1]) / timeframeMs) - 1;
    if (bars > 0) gaps.push({ fromMs: timeMs[i - 1] + timeframeMs, toMs: timeMs[i], bars });
  }
  return gaps;
}

/** Beyond any market and any unit: keeps sums and products of a bar's values finite. A coin may be worth very little. */
const LARGEST_PRICE = 1e15;
const LARGEST_VOLUME = 1e21;

/** What is impossible about a bar's values, in words; null where nothing is. */
export function checkBar(open: number, high: number, low: number, close: number, volume: number): string | null {
  for (const [name, price] of [
    ['open', open] as const,
    ['high', high] as const,
    ['low', low] as const,
    ['close', close] as const,
  ])
    if (!(price > 0 && price <= LARGEST_PRICE))
      return `${name} is ${price}, not a price${price > LARGEST_PRICE ? ` (at most ${LARGEST_PRICE})` : ''}`;
  if (!(volume >= 0 && volume <= LARGEST_VOLUME))
    return `volume is ${volume}, not a volume${volume > LARGEST_VOLUME ? ` (at most ${LARGEST_VOLUME})` : ''}`;
  if (high < low) return `high ${high} is below low ${low}`;
  if (open > high || open < low) return `open ${open} lies outside of low ${low} to high ${high}`;
  if (close > high || close < low) return `close ${close} lies outside of low ${low} to high ${high}`;
  return null;
}

export interface SeriesReport {
  readonly bars: number;
  readonly gaps: readonly Gap[];
  readonly missing: number;
  readonly filled: number;
  /** Bars in which nothing traded, filled ones not counted. */
  readonly zeroVolume: number;
  /** Bars whose close moved by more than 12 times the typical move of the 500 bars before; worth a look, not an error. */
  readonly spikes: readonly { readonly timeMs: number; readonly logReturn: number }[];
  /** What can't be: disorder, times off the grid, impossible values. Empty for anything that was imported. */
  readonly errors: readonly { readonly timeMs: number; readonly text: string }[];
  /** Bars for which trends were published; null without trends. */
  readonly withTrends: number | null;
}

/** Gaps, order and values of a series. */
export function checkSeries(series: CandleSeries): SeriesReport {
  const { length, timeMs, open, high, low, close, volume, trades, trends, filled, timeframeMs } = series;
  const errors: { timeMs: number; text: string }[] = [];
  const spikes: { timeMs: number; logReturn: number }[] = [];
  let typical = Number.NaN;
  let zeroVolume = 0;
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const report = (text: string) => errors.push({ timeMs: timeMs[i], text });
    if (sinceOpenMs(timeMs[i], timeframeMs, timeMs[0]) !== 0) report('is off the grid of its timeframe');
    if (i > 0 && timeMs[i] <= timeMs[i - 1]) report('does not come after the bar before');
    const wrong = checkBar(open[i], high[i], low[i], close[i], volume[i]);
    if (wrong !== null) report(wrong);
    if (trades !== null && !(trades[i] >= 0)) report(`trades is ${trades[i]}`);
    if (volume[i] === 0 && filled[i] === 0) zeroVolume++;
    if (i === 0 || timeMs[i] - timeMs[i - 1] !== timeframeMs) continue;
    const logReturn = log(close[i] / close[i - 1]);
    const size = Math.abs(logReturn);
    if (seen >= 50 && size > 12 * typical && size > 0.02) spikes.push({ timeMs: timeMs[i], logReturn });
    seen++;
    typical = seen === 1 ? size : typical + (size - typical) / Math.min(seen, 500);
  }
  const gaps = findGaps(timeMs, timeframeMs);
  return {
    ...{ bars: length, gaps, missing: gaps.reduce((sum, gap) => sum + gap.bars, 0) },
    filled: filled.reduce((sum, flag) => sum + flag, 0),
    ...{ zeroVolume, spikes, errors },
    withTrends: trends === null ? null : trends.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0),
  };
}
