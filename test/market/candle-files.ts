import type { CandleSeries } from '../../src/core/candle.ts';
import { Rng } from '../../src/core/rng.ts';
import { allocateSeries } from '../../src/market/series.ts';

export const HOUR_MS = 3_600_000;
export const START_MS = Date.UTC(2021, 0, 1);

/** A small valid series with round prices, as an exchange prints them. */
export function makeSeries(length: number, seed = 1, symbol = 'BTC/USDT'): CandleSeries {
  const rng = new Rng(seed, 5);
  const series = allocateSeries({ venue: 'test', symbol, timeframeMs: HOUR_MS }, length, {
    trades: true,
    trends: false,
  });
  let cents = 2_000_000;
  for (let i = 0; i < length; i++) {
    const open = cents;
    cents += rng.integer(40_001) - 20_000;
    series.timeMs[i] = START_MS + i * HOUR_MS;
    series.open[i] = open / 100;
    series.close[i] = cents / 100;
    series.high[i] = (Math.max(open, cents) + rng.integer(5000)) / 100;
    series.low[i] = (Math.min(open, cents) - rng.integer(5000)) / 100;
    series.volume[i] = (100_000 + rng.integer(9_000_000)) / 1000;
    series.trades![i] = 100 + rng.integer(20_000);
  }
  return series;
}

/** One row's cells, by name. */
export interface Cells {
  time: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  trades: string;
  quote: string;
}

/** The series as rows of text, for a test to spoil. */
export function cellsOf(series: CandleSeries, time: (ms: number) => string = String): Cells[] {
  return Array.from({ length: series.length }, (_, i) => ({
    time: time(series.timeMs[i]),
    open: String(series.open[i]),
    high: String(series.high[i]),
    low: String(series.low[i]),
    close: String(series.close[i]),
    volume: String(series.volume[i]),
    trades: String(series.trades![i]),
    quote: ((series.volume[i] * (series.high[i] + series.low[i] + series.close[i])) / 3).toFixed(2),
  }));
}

/** `header` as written, then the cells in the order of `keys`. */
export function toCsv(header: string, rows: readonly Cells[], keys: readonly (keyof Cells)[]): Uint8Array {
  const lines = rows.map((row) => keys.map((key) => row[key]).join(','));
  return new TextEncoder().encode(`${header === '' ? '' : `${header}\n`}${lines.join('\n')}\n`);
}

export const PLAIN_HEADER = 'timestamp,open,high,low,close,volume,trades';
export const PLAIN_KEYS = ['time', 'open', 'high', 'low', 'close', 'volume', 'trades'] as const;
