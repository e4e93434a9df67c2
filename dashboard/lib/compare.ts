/** Runs beside each other: what differs, and whether it can be told apart. */

import { Rng } from '../../src/core/rng.ts';
import type { Bars, RunDetail } from '../../src/dashboard/api.ts';
import { optimalBlockLength, percentileInterval, resampleSums } from '../../src/evaluate/bootstrap.ts';

const ROUNDS = 1_000;
const YEAR_MS = 365.25 * 86_400_000;

/** A run with the bars of the outcome that is compared. */
export interface Compared {
  readonly letter: string;
  readonly colour: string;
  readonly dash: string | undefined;
  readonly detail: RunDetail;
  readonly bars: Bars;
}

export const COLOURS = ['var(--curve-a)', 'var(--curve-b)', 'var(--curve-c)', 'var(--curve-d)', 'var(--curve-e)'];
export const DASHES = [undefined, '8 3', '2 3', '10 3 2 3', '5 5', '1 2', '14 4', '6 2 2 2', '3 6', '12 2 4 2'];

export interface Difference {
  readonly interval: readonly [lower: number, estimate: number, upper: number];
  /** Bars that both lived through. */
  readonly bars: number;
  readonly words: string;
}

/** Equity over its start, the first 1. */
export function equityOf(returns: readonly number[]): number[] {
  const equity = [1];
  for (const value of returns) equity.push(equity[equity.length - 1] * (1 + value));
  return equity;
}

/** Mean return a year of the first minus that of the second over the bars of both, stationary bootstrap, 95 %. */
export function differ(a: Compared, b: Compared): Difference | null {
  const other = new Map(b.bars.timeMs.map((timeMs, i) => [timeMs, b.bars.returns[i]]));
  const paired: number[] = [];
  a.bars.timeMs.forEach((timeMs, i) => {
    const value = other.get(timeMs);
    if (value !== undefined) paired.push(a.bars.returns[i] - value);
  });
  if (paired.length < 50) return null;
  const timeframeMs = a.bars.timeMs[1] - a.bars.timeMs[0];
  const scale = YEAR_MS / timeframeMs;
  const values = Float64Array.from(paired);
  const meanBlock = optimalBlockLength(values);
  const [sums] = resampleSums([values], { meanBlock, resamples: ROUNDS, rng: new Rng(1, 61) });
  const means = sums.map((sum) => sum / values.length);
  const estimate = values.reduce((sum, value) => sum + value, 0) / values.length;
  const { lower, upper } = percentileInterval(estimate, means, 0.95);
  const [low, high] = [lower * scale, upper * scale];
  const words =
    low > 0
      ? `${a.letter} earned more than ${b.letter}`
      : high < 0
        ? `${a.letter} earned less than ${b.letter}`
        : 'not told apart';
  return { interval: [low, estimate * scale, high], bars: paired.length, words };
}

/** Pearson's, of the returns of the bars of both; null where one doesn't vary. */
export function correlate(a: Compared, b: Compared): number | null {
  const other = new Map(b.bars.timeMs.map((timeMs, i) => [timeMs, b.bars.returns[i]]));
  let [n, sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0, 0];
  a.bars.timeMs.forEach((timeMs, i) => {
    const y = other.get(timeMs);
    if (y === undefined) return;
    const x = a.bars.returns[i];
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    syy += y * y;
    sxy += x * y;
  });
  const spread = (n * sxx - sx * sx) * (n * syy - sy * sy);
  return spread > 0 ? (n * sxy - sx * sy) / Math.sqrt(spread) : null;
}

function flatten(value: unknown, path = ''): [string, string][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === '' ? key : `${path}.${key}`));
}

/** Settings that aren't the same in all, with the value of each; '–' where one hasn't it. */
export function settingsThatDiffer(
  runs: readonly Pick<Compared, 'detail'>[],
): { readonly path: string; readonly values: readonly string[] }[] {
  const maps = runs.map(({ detail }) => {
    const { config, seed, dataHash } = detail.registration as { config: unknown; seed: number; dataHash: string };
    return new Map([...flatten(config), ['seed', String(seed)] as const, ['data', dataHash.slice(0, 12)] as const]);
  });
  const paths = [...new Set(maps.flatMap((map) => [...map.keys()]))];
  return paths
    .map((path) => ({ path, values: maps.map((map) => map.get(path) ?? '–') }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** Lowest and highest equity over several seeds, bar by bar. */
export function bandOver(curves: readonly (readonly number[])[]): {
  readonly lower: number[];
  readonly upper: number[];
} {
  const length = Math.min(...curves.map((curve) => curve.length));
  const at = (pick: (...values: number[]) => number) =>
    Array.from({ length }, (_, i) => pick(...curves.map((curve) => curve[i])));
  return { lower: at(Math.min), upper: at(Math.max) };
}
