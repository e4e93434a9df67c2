import type { CandleSeries } from '../../src/core/candle.ts';
import { Rng } from '../../src/core/rng.ts';

/**
 * A nasty series: flat and dead stretches, zero volumes, equal closes, jumps, and gaps where asked for. Prices between
 * about 1e-4 and 1e6, valid OHLC, strictly ascending times.
 */
export function randomSeries(seed: number, length: number, options: { gaps?: boolean } = {}): CandleSeries {
  const rng = new Rng(seed, 77);
  const timeframeMs = 3_600_000;
  const column = () => new Float64Array(length);
  const [timeMs, open, high, low, close] = [column(), column(), column(), column(), column()];
  const [volume, trades, trends] = [column(), column(), column()];
  let price = 10 ** (rng.uniform() * 8 - 3);
  let time = 1_600_000_000_000 - (1_600_000_000_000 % timeframeMs);
  let dead = 0;
  for (let i = 0; i < length; i++) {
    if (dead === 0 && rng.uniform() < 0.02) dead = 1 + rng.integer(45);
    const still = dead > 0;
    if (still) dead--;
    timeMs[i] = time;
    time += timeframeMs * (options.gaps === true && rng.uniform() < 0.01 ? 1 + rng.integer(5) : 1);
    open[i] = price;
    const size = rng.uniform() < 0.02 ? 0.2 : 0.01;
    if (!still && rng.uniform() > 0.05) price *= 1 + size * (rng.uniform() - 0.5);
    close[i] = price;
    const wick = still || rng.uniform() < 0.1 ? 0 : 0.005;
    high[i] = Math.max(open[i], price) * (1 + wick * rng.uniform());
    low[i] = Math.min(open[i], price) * (1 - wick * rng.uniform());
    volume[i] = still && rng.uniform() < 0.8 ? 0 : 1000 * rng.uniform();
    trades[i] = volume[i] === 0 ? 0 : 1 + rng.integer(5000);
    trends[i] = rng.integer(101);
  }
  return {
    ...{ venue: 'test', symbol: `RANDOM-${seed}`, timeframeMs, length, timeMs, open, high, low, close, volume },
    ...{ trades, trends, filled: new Uint8Array(length) },
  };
}

/** The first `length` bars. */
export function truncateSeries(series: CandleSeries, length: number): CandleSeries {
  const head = (values: Float64Array) => values.slice(0, length);
  const { timeMs, open, high, low, close, volume, trades, trends, filled } = series;
  return {
    ...series,
    ...{ length, timeMs: head(timeMs), open: head(open), high: head(high), low: head(low), close: head(close) },
    ...{ volume: head(volume), trades: trades && head(trades), trends: trends && head(trends) },
    filled: filled.slice(0, length),
  };
}
