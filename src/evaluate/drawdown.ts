/** The deepest fall of an equity curve from a peak before it. Indices are those of the curve. */
export interface Drawdown {
  /** 0..1 of the peak. */
  readonly depth: number;
  readonly peak: number;
  readonly trough: number;
  /** First index at which the peak was reached again; null where it never was. */
  readonly recovery: number | null;
}

/** The maximum drawdown; of equal ones the first. A curve that never falls has depth 0 at its start. */
export function maximumDrawdown(equity: ArrayLike<number>): Drawdown {
  let peak = 0;
  let worst = { depth: 0, peak: 0, trough: 0 };
  for (let i = 1; i < equity.length; i++) {
    if (equity[i] > equity[peak]) peak = i;
    const depth = 1 - equity[i] / equity[peak];
    if (depth > worst.depth) worst = { depth, peak, trough: i };
  }
  let recovery: number | null = worst.depth === 0 ? 0 : null;
  for (let i = worst.trough; recovery === null && i < equity.length; i++) {
    if (equity[i] >= equity[worst.peak]) recovery = i;
  }
  return { ...worst, recovery };
}

/** Steps from a peak to where it was reached again, or to the end where it never was: the longest such stretch. */
export function longestUnderWater(equity: ArrayLike<number>): number {
  let peak = 0;
  let longest = 0;
  for (let i = 1; i < equity.length; i++) {
    const reached = equity[i] >= equity[peak];
    if (equity[i] < equity[peak] || equity[i - 1] < equity[peak]) longest = Math.max(longest, i - peak);
    if (reached) peak = i;
  }
  return longest;
}
