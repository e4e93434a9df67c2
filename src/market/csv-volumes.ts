/**
 * Base and quote volume told apart by their values: base x price = quote. Exports exist in which the two columns are
 * swapped up to a certain date.
 */
export interface VolumeRow {
  /** The columns as named. */
  readonly base: number;
  readonly quote: number;
  readonly low: number;
  readonly high: number;
}

export interface VolumeVerdict {
  /** Rows that fit neither way. */
  readonly wrong: readonly number[];
  /** Runs of rows that agree, in time: the first row of each, and whether its columns are swapped. */
  readonly runs: readonly { readonly from: number; readonly swapped: boolean }[];
}

/** Share by which volume-weighted prices of an exchange may lie outside of its own low and high. */
const SLACK = 0.02;

/** Half of the last decimal that a column ever shows: what rounding may hide. */
export function roundingOf(cells: Iterable<string>): number {
  let decimals = 0;
  for (const cell of cells) {
    const dot = cell.indexOf('.');
    if (dot >= 0) decimals = Math.max(decimals, cell.length - dot - 1);
  }
  let half = 0.5;
  for (let i = 0; i < decimals; i++) half /= 10;
  return half;
}

function fits(base: number, quote: number, row: VolumeRow, baseHalf: number, quoteHalf: number): boolean {
  return (
    quote + quoteHalf >= (base - baseHalf) * row.low * (1 - SLACK) &&
    quote - quoteHalf <= (base + baseHalf) * row.high * (1 + SLACK)
  );
}

/** Rows in ascending time. Rows without volume, and prices near 1, say nothing. */
export function judgeVolumes(rows: readonly VolumeRow[], baseHalf: number, quoteHalf: number): VolumeVerdict {
  const runs: { from: number; swapped: boolean }[] = [];
  const wrong: number[] = [];
  rows.forEach((row, i) => {
    const named = fits(row.base, row.quote, row, baseHalf, quoteHalf);
    const swapped = fits(row.quote, row.base, row, quoteHalf, baseHalf);
    if (!named && !swapped) wrong.push(i);
    else if (named !== swapped && runs.at(-1)?.swapped !== swapped) runs.push({ from: i, swapped });
  });
  return { wrong, runs };
}
