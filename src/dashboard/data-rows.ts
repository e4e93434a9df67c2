/** What is stored, where it has holes, and a stretch of candles thin enough to draw. */
import { findGaps } from '../market/check.ts';
import type { CandleStore } from '../market/store.ts';
import type { DataRow } from './api.ts';

const MOST_GAPS = 400;
const MOST_CANDLES = 2_000;

export function listData(store: CandleStore): DataRow[] {
  return store.list().map((row) => {
    if (row.missing === 0) return { ...row, gaps: [], moreGaps: 0 };
    const { timeMs } = store.load(row.venue, row.symbol, row.timeframeMs);
    const gaps = findGaps(timeMs, row.timeframeMs).sort((a, b) => b.bars - a.bars);
    const shown = gaps.slice(0, MOST_GAPS).map(({ fromMs, toMs, bars }) => [fromMs, toMs, bars] as const);
    return { ...row, gaps: shown, moreGaps: gaps.length - shown.length };
  });
}

/** (time, open, high, low, close, volume); several bars to a candle where there are too many. @throws InputError */
export function loadCandles(
  store: CandleStore,
  key: { readonly venue: string; readonly symbol: string; readonly timeframeMs: number },
  fromMs = 0,
  toMs = Number.MAX_SAFE_INTEGER,
): number[][] {
  const { timeMs, open, high, low, close, volume, length } = store.load(
    key.venue,
    key.symbol,
    key.timeframeMs,
    fromMs,
    toMs,
  );
  const step = Math.max(1, Math.ceil(length / MOST_CANDLES));
  const candles: number[][] = [];
  for (let from = 0; from < length; from += step) {
    const to = Math.min(length, from + step);
    const candle = [timeMs[from], open[from], high[from], low[from], close[to - 1], 0];
    for (let i = from; i < to; i++) {
      candle[2] = Math.max(candle[2], high[i]);
      candle[3] = Math.min(candle[3], low[i]);
      candle[5] += volume[i];
    }
    candles.push(candle);
  }
  return candles;
}
