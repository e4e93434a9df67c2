import type { CandleSeries } from '../../core/candle.ts';
import { exp, log } from '../../core/math.ts';
import type { Rng } from '../../core/rng.ts';
import { allocateSeries } from '../series.ts';

const HOUR_MS = 3_600_000;
/** 2020-01-01T00:00Z. */
const START_MS = 1_577_836_800_000;
const START_PRICE = 20_000;
/** Log volume: an AR(1) of its own, which says nothing of the price. */
const VOLUME = { coefficient: 0.8, deviation: 0.4, mean: 1200 };

/**
 * Hourly candles whose closes follow `returns` (log returns, one a bar), each opening at the close before. Highs and
 * lows are those of a Brownian bridge between open and close: max = (r + sqrt(r^2 - 2 s^2 ln U)) / 2.
 * @param deviation of a bar's path
 */
export function makeCandles(symbol: string, returns: Float64Array, deviation: number, rng: Rng): CandleSeries {
  const bars = returns.length;
  const key = { venue: 'synthetic', symbol, timeframeMs: HOUR_MS };
  const series = allocateSeries(key, bars, { trades: false, trends: false });
  const step = Math.sqrt(1 - VOLUME.coefficient * VOLUME.coefficient) * VOLUME.deviation;
  let price = log(START_PRICE);
  let volume = 0;
  const extreme = (r: number) => {
    const u = 1 - rng.uniform();
    return 0.5 * (r + Math.sqrt(r * r - 2 * deviation * deviation * log(u)));
  };
  for (let i = 0; i < bars; i++) {
    const r = returns[i];
    series.timeMs[i] = START_MS + i * HOUR_MS;
    series.open[i] = exp(price);
    series.high[i] = exp(price + extreme(r));
    series.low[i] = exp(price - extreme(-r));
    price += r;
    series.close[i] = exp(price);
    series.high[i] = Math.max(series.high[i], series.open[i], series.close[i]);
    series.low[i] = Math.min(series.low[i], series.open[i], series.close[i]);
    volume = VOLUME.coefficient * volume + step * rng.normal();
    series.volume[i] = VOLUME.mean * exp(volume);
  }
  return series;
}

/** The hour of the day (UTC) in which bar i of `makeCandles` opens. */
export function hourOf(bar: number): number {
  return ((bar % 24) + 24) % 24;
}
