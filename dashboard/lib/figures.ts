/** What is worked out of one pass for the small charts and tables. Equity is marked at closes; times are opens, UTC. */
import type { Pass } from './replay.ts';

const DAY_MS = 86_400_000;

/** Share below the highest equity so far, 0 or less. */
export function underWater(equity: ArrayLike<number>): Float64Array {
  let peak = equity[0] ?? 1;
  return Float64Array.from(equity, (value) => {
    peak = Math.max(peak, value);
    return value / peak - 1;
  });
}

export interface Drawdown {
  readonly depth: number;
  readonly fromMs: number;
  readonly bottomMs: number;
  /** null where the peak was not reached again. */
  readonly recoveredMs: number | null;
  readonly lastedMs: number;
}

/** The deepest few, from a peak to where it is reached again. */
export function worstDrawdowns(equity: ArrayLike<number>, timeMs: ArrayLike<number>, most = 5): Drawdown[] {
  const found: Drawdown[] = [];
  let peak = 0;
  let bottom = 0;
  for (let i = 1; i <= equity.length; i++) {
    const isOver = i === equity.length || equity[i] >= equity[peak];
    if (!isOver) {
      if (equity[i] < equity[bottom]) bottom = i;
      continue;
    }
    const end = Math.min(i, equity.length - 1);
    if (bottom > peak)
      found.push({
        depth: 1 - equity[bottom] / equity[peak],
        ...{ fromMs: timeMs[peak], bottomMs: timeMs[bottom], lastedMs: timeMs[end] - timeMs[peak] },
        recoveredMs: i === equity.length ? null : timeMs[i],
      });
    peak = i;
    bottom = i;
  }
  return found.sort((a, b) => b.depth - a.depth).slice(0, most);
}

/** Sharpe ratio a year over the last `bars` returns; NaN before there are so many, or where they don't vary. */
export function rollingSharpe(equity: ArrayLike<number>, timeframeMs: number, bars: number): Float64Array {
  const out = new Float64Array(equity.length).fill(Number.NaN);
  const scale = Math.sqrt((365.25 * DAY_MS) / timeframeMs);
  let sum = 0;
  let squares = 0;
  const returnAt = (i: number) => equity[i] / equity[i - 1] - 1;
  for (let i = 1; i < equity.length; i++) {
    sum += returnAt(i);
    squares += returnAt(i) ** 2;
    if (i > bars) {
      sum -= returnAt(i - bars);
      squares -= returnAt(i - bars) ** 2;
    }
    if (i < bars) continue;
    const variance = (squares - (sum * sum) / bars) / (bars - 1);
    if (variance > 1e-18) out[i] = ((sum / bars) * scale) / Math.sqrt(variance);
  }
  return out;
}

/** At most `most` points (x 0..1, y), the extremes of each stretch among them; NaN is left out. */
export function thin(values: ArrayLike<number>, most = 500): [number, number][] {
  const points: [number, number][] = [];
  const last = Math.max(1, values.length - 1);
  const step = Math.max(1, Math.ceil((2 * values.length) / most));
  for (let from = 0; from < values.length; from += step) {
    let [low, high] = [from, from];
    for (let i = from; i < Math.min(values.length, from + step); i++) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    for (const i of low === high ? [low] : [Math.min(low, high), Math.max(low, high)])
      if (!Number.isNaN(values[i])) points.push([i / last, values[i]]);
  }
  return points;
}

/** About five dates along an axis of bars. */
export function dateTicks(timeMs: ArrayLike<number>, count = 5): [number, string][] {
  const first = timeMs[0];
  const span = timeMs[timeMs.length - 1] - first;
  if (!(span > 0)) return [];
  return Array.from({ length: count }, (_, i) => {
    const x = (i + 0.5) / count;
    const text = new Date(first + x * span).toISOString();
    return [x, span > 60 * DAY_MS ? text.slice(0, 7) : text.slice(5, 10)];
  });
}

/** Counts of profits in equal steps around 0, with the edges. */
export function histogram(
  values: readonly number[],
  bins = 20,
): { readonly from: number; readonly to: number; readonly count: number }[] {
  if (values.length === 0) return [];
  const sorted = [...values].sort((a, b) => a - b);
  const reach = Math.max(
    1e-9,
    Math.abs(sorted[Math.floor(0.02 * sorted.length)]),
    Math.abs(sorted[Math.ceil(0.98 * sorted.length) - 1]),
  );
  const step = (2 * reach) / bins;
  const out = Array.from({ length: bins }, (_, i) => ({
    from: -reach + i * step,
    to: -reach + (i + 1) * step,
    count: 0,
  }));
  for (const value of values) out[Math.max(0, Math.min(bins - 1, Math.floor((value + reach) / step)))].count++;
  return out;
}

export interface TradeRow {
  readonly number: number;
  readonly openedMs: number;
  readonly closedMs: number;
  readonly bars: number;
  readonly side: string;
  readonly entry: number;
  readonly exit: number;
  readonly profit: number;
  readonly share: number;
  readonly ended: string;
}

/** @param timeMs of the candles that rows count, from the first of all */
export function tradeRows({ trades }: Pass, timeMs: ArrayLike<number>): TradeRow[] {
  return trades.map((trade, i) => ({
    number: i + 1,
    openedMs: timeMs[trade.entryRow],
    closedMs: timeMs[trade.exitRow],
    bars: trade.exitRow - trade.entryRow,
    ...{ side: trade.side, entry: trade.entryPrice, exit: trade.exitPrice, profit: trade.profit },
    share: Math.expm1(trade.logReturn),
    ended: trade.exit,
  }));
}
