import type { CandleSeries } from '../../src/core/candle.ts';
import { Rng } from '../../src/core/rng.ts';
import type { ScaledTable } from '../../src/features/observation.ts';

export const HOUR = 3_600_000;

/** A series with these opens and closes; high and low enclose them by `reach`. */
export function seriesOf(open: ArrayLike<number>, close: ArrayLike<number>, reach = 0): CandleSeries {
  const { length } = close;
  const column = (value: (i: number) => number) => Float64Array.from({ length }, (_, i) => value(i));
  return {
    venue: 'test',
    symbol: 'TEST',
    timeframeMs: HOUR,
    length,
    timeMs: column((i) => i * HOUR),
    open: column((i) => open[i]),
    close: column((i) => close[i]),
    high: column((i) => Math.max(open[i], close[i]) * (1 + reach)),
    low: column((i) => Math.min(open[i], close[i]) * (1 - reach)),
    volume: column(() => 1),
    trades: null,
    trends: null,
    filled: new Uint8Array(length),
  };
}

/** A geometric random walk whose price is a martingale: log drift -sigma^2 / 2, and `signal` where there is one. */
export function randomWalk(
  bars: number,
  seed: number,
  options: { sigma?: number; drift?: number; signal?: (row: number) => number } = {},
): CandleSeries {
  const { sigma = 0.009, drift = 0, signal = () => 0 } = options;
  const rng = new Rng(seed, 77);
  const close = new Float64Array(bars);
  const open = new Float64Array(bars);
  let price = 100;
  for (let row = 0; row < bars; row++) {
    open[row] = price;
    price *= Math.exp(sigma * rng.normal() - (sigma * sigma) / 2 + drift + signal(row));
    close[row] = price;
  }
  return seriesOf(open, close, 0.002);
}

/** A table of one column, `value(row)`, without account columns. */
export function tableOf(
  rows: number,
  value: (row: number) => number,
  options: { window?: number; accountFeatures?: boolean } = {},
): ScaledTable {
  const { window = 2, accountFeatures = false } = options;
  const width = accountFeatures ? 5 : 1;
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) data[row * width] = value(row);
  return {
    columns: ['x'],
    signature: 'test',
    width,
    marketWidth: 1,
    window,
    rows,
    data,
    decidable: Uint8Array.from({ length: rows }, (_, row) => (row >= window - 1 ? 1 : 0)),
    extraScale: 1,
    clippedShare: new Float32Array(rows),
    timeMs: Float64Array.from({ length: rows }, (_, i) => i * HOUR),
  };
}
