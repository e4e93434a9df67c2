/**
 * What no change of the future can find: a column that came with the data and already knew it. It foretells the next
 * bar better than anything in a market does, and a bar later it foretells nothing.
 *
 * Measured is Spearman's rank correlation of a column with the next bar's log return, given the last one (partial
 * correlation: Kendall, "Partial rank correlation", Biometrika 32(3/4), 1942; for Spearman's coefficient, Conover,
 * "Practical Nonparametric Statistics", 3rd edition, 1999, section 5.4), so that prices that bounce between bid and ask
 * don't count as foresight.
 */
import { log } from '../../core/math.ts';
import type { FeatureTable } from '../../features/table.ts';
import { mean } from '../moments.ts';

/** What a column says of the next bar. */
export interface Foresight {
  readonly column: string;
  /** Rank correlation with the next bar, given the last return, and the same one bar late. */
  readonly prompt: number;
  readonly late: number;
  readonly bars: number;
  /** True where that is too good for a market: it knows the bar that it foretells. */
  readonly suspicious: boolean;
}

/** Below this no column is looked at twice; above the second, even what lasts is none of a market's. */
const STRONG = 0.15;
const IMPOSSIBLE = 0.5;
/** Standard errors of a correlation that isn't chance, over some dozens of columns. */
const CLEAR = 6;
/** What one bar of delay has to leave of it. */
const LEAST_KEPT = 0.25;

/** Ranks from 0, those of equal values averaged. */
function ranksOf(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) ranks[order[i]] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

/** Pearson's correlation; 0 where either stands still. */
function correlate(x: Float64Array, y: Float64Array): number {
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i] - mx, y[i] - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/** Correlation of x and y given z; 0 where z says all that x does. */
export function partialRankCorrelation(x: Float64Array, y: Float64Array, z: Float64Array): number {
  const [rx, ry, rz] = [x, y, z].map(ranksOf);
  const [xy, xz, yz] = [correlate(rx, ry), correlate(rx, rz), correlate(ry, rz)];
  const rest = (1 - xz * xz) * (1 - yz * yz);
  return rest > 1e-6 ? (xy - xz * yz) / Math.sqrt(rest) : 0;
}

/**
 * Every column, in the table's order.
 * @param close (rows) of the same bars
 * @param rows rows [from, to) that may be looked at
 */
export function measureForesight(
  table: FeatureTable,
  close: Float64Array,
  { from, to }: { readonly from: number; readonly to: number },
): Foresight[] {
  const { width, data, timeMs, timeframeMs, columns } = table;
  /** Rows whose two bars before and one after are there. */
  const usable: number[] = [];
  for (let row = Math.max(from, 2); row < Math.min(to, table.rows - 1); row++) {
    const whole = timeMs[row + 1] - timeMs[row - 2] === 3 * timeframeMs;
    if (whole && table.complete[row] === 1 && table.complete[row - 1] === 1) usable.push(row);
  }
  const gather = (of: (row: number) => number) => Float64Array.from(usable, of);
  const change = (row: number) => log(close[row] / close[row - 1]);
  const next = gather((row) => change(row + 1));
  const [last, before] = [gather(change), gather((row) => change(row - 1))];
  return columns.map((column, c) => {
    const prompt = partialRankCorrelation(
      gather((row) => data[row * width + c]),
      next,
      last,
    );
    const late = partialRankCorrelation(
      gather((row) => data[(row - 1) * width + c]),
      next,
      before,
    );
    const size = Math.abs(prompt);
    const clear = size > STRONG && size * Math.sqrt(usable.length) > CLEAR;
    const collapses = Math.abs(late) < LEAST_KEPT * size;
    return { column, prompt, late, bars: usable.length, suspicious: clear && (collapses || size > IMPOSSIBLE) };
  });
}
