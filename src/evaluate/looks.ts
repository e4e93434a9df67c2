/**
 * Who else has looked. A look counts where it saw the same news: the same symbol on any venue, or a market whose returns
 * correlate above 0.9, at any length of bars, whenever its fold shares time with this one. Looks of the judged recipe
 * count each by itself, at any time: whoever shows one of them may have chosen among its seeds, shields, accounts and
 * windows. Those of other recipes count a configuration, the mean of its seeds.
 */
import type { SeenReturns, Trial } from '../runs/registry.ts';
import { betaOf } from './alpha.ts';
import { mean } from './moments.ts';
import { FEWEST_SHARED } from './superior-ability.ts';

/** Markets that move together like this are one market. */
export const SAME_MARKET = 0.9;
/** Bars in common from which a correlation is believed. */
const FEWEST_COMMON = 100;

/** The bars that are judged. */
export interface JudgedBars {
  readonly market: string;
  readonly timeframeMs: number;
  /** (n + 1) opens; return i is that of bar i + 1. */
  readonly timeMs: ArrayLike<number>;
  /** (n) simple returns of buy-and-hold. */
  readonly held: Float64Array;
}

export interface Looks {
  /** (seeds, n) returns of other seeds of the configuration that is judged, NaN where one saw nothing. */
  readonly seeds: readonly Float64Array[];
  /** (looks, n) what each other look brought beyond its share of the market; of another recipe, the mean of its seeds. */
  readonly others: readonly Float64Array[];
  /** Looks of which no returns are known on these bars: each is one more independent draw. */
  readonly unknown: number;
  /** One a look, the judged one left out: mean Sharpe ratio per bar of its seeds, null where none is known. */
  readonly sharpes: readonly (number | null)[];
}

export const NO_LOOKS: Looks = { seeds: [], others: [], unknown: 0, sharpes: [] };

/** Returns of a look on the grid of the judged bars: NaN where it has none; null where its bars are longer. */
function alignTo(
  bars: JudgedBars,
  seen: SeenReturns,
  timeframeMs: number,
  values: readonly number[],
): Float64Array | null {
  if (timeframeMs > bars.timeframeMs) return null;
  const n = bars.held.length;
  const product = new Float64Array(n).fill(1);
  const count = new Int32Array(n);
  let at = 0;
  let i = 0;
  for (const [firstMs, length] of seen.spans)
    for (let k = 0; k < length && at < values.length; k++, at++) {
      const openMs = firstMs + k * timeframeMs;
      while (i < n && bars.timeMs[i + 1] + bars.timeframeMs <= openMs) i++;
      if (i < n && bars.timeMs[i + 1] <= openMs) {
        product[i] *= 1 + values[at];
        count[i]++;
      }
    }
  return product.map((value, bar) => (count[bar] === 0 ? Number.NaN : value - 1));
}

/** Whether a look shares enough bars with the judged ones to be compared there. */
const knows = (column: Float64Array): column is Float64Array =>
  column.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0) >= Math.min(FEWEST_SHARED, column.length);

function correlation(a: Float64Array, b: Float64Array): number | null {
  const both = Array.from(a.keys()).filter((i) => !Number.isNaN(a[i]) && !Number.isNaN(b[i]));
  if (both.length < FEWEST_COMMON) return null;
  const [x, y] = [both.map((i) => a[i]), both.map((i) => b[i])];
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < both.length; i++) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}

/** `binance:BTC/USDT` and `csv:BTCUSDT` are one symbol. */
export const symbolOf = (market: string): string =>
  market
    .slice(market.indexOf(':') + 1)
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toUpperCase();

function isSameMarket(bars: JudgedBars, trial: Trial): boolean {
  if (symbolOf(trial.market) === symbolOf(bars.market)) return true;
  if (trial.seen === null || trial.seen.held === null) return false;
  const held = alignTo(bars, trial.seen, trial.timeframeMs, trial.seen.held);
  return held !== null && (correlation(held, bars.held) ?? 0) > SAME_MARKET;
}

/** Bar by bar, the mean of what is known. */
export function meanOf(columns: readonly Float64Array[]): Float64Array {
  return columns[0].map((_, i) => {
    const known = columns.map((column) => column[i]).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : mean(known);
  });
}

/** What is beyond the share of the market that the policy held; NaN stays. */
export function beyondMarket(returns: Float64Array, held: Float64Array): Float64Array {
  const beta = betaOf(returns, held);
  return returns.map((value, i) => value - beta * held[i]);
}

/** What is judged: the configuration, its weights, what made them, and the window. Its own record is no other look. */
export type Looker = Pick<Trial, 'weights' | 'recipe' | 'foldKey'> & { readonly configHash: string | null };

/** Sorts what the registry knows by configuration, and by each look where it is of the judged recipe. */
export function sortLooks(bars: JudgedBars, trials: readonly Trial[], own: Looker): Looks {
  const isOwn = ({ configHash, foldKey }: Trial) => configHash === own.configHash && foldKey === own.foldKey;
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    if ((isOwn(trial) && trial.weights === own.weights) || !isSameMarket(bars, trial)) continue;
    const alone = !isOwn(trial) && own.recipe !== null && trial.recipe === own.recipe;
    const key = [trial.configHash, trial.foldKey, ...(alone ? [trial.weights] : [])].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const seeds: Float64Array[] = [];
  const counted = new Set<string>();
  const others: Float64Array[] = [];
  const sharpes: (number | null)[] = [];
  let unknown = 0;
  for (const [key, list] of groups) {
    // The same weights looked at again bring nothing new.
    const aligned = list
      .filter(({ weights }) => !counted.has(`${key} ${weights}`) && counted.add(`${key} ${weights}`))
      .map(({ seen, timeframeMs }) => (seen === null ? null : alignTo(bars, seen, timeframeMs, seen.returns)))
      .filter((column) => column !== null && knows(column));
    if (isOwn(list[0])) {
      seeds.push(...aligned);
      continue;
    }
    if (aligned.length === 0) unknown++;
    else others.push(beyondMarket(meanOf(aligned), bars.held));
    const known = list.map((trial) => trial.sharpePerBar).filter((sharpe) => sharpe !== null);
    sharpes.push(known.length === 0 ? null : mean(known));
  }
  return { seeds, others, unknown, sharpes };
}

/** Opens of bars as runs without a gap: [first open, bars]. */
export function spansOf(timeMs: ArrayLike<number>, timeframeMs: number): [number, number][] {
  const spans: [number, number][] = [];
  for (let i = 0; i < timeMs.length; i++) {
    const last = spans.at(-1);
    if (last !== undefined && timeMs[i] === last[0] + last[1] * timeframeMs) last[1]++;
    else spans.push([timeMs[i], 1]);
  }
  return spans;
}
