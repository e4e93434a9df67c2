import type { IndicatorCase } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { source: 'close' } },
  /** As `ta` 0.10.3 and later: highs and lows of 26 bars, the first of equal extremes, 4 points a bar. */
  expected: ({ high, low, length }, { source }) => {
    if (source === 'close') return null;
    const place = (values: Float64Array, pick: (...numbers: number[]) => number) =>
      Array.from({ length }, (_, i) => {
        if (i < 25) return Number.NaN;
        const window = [...values.subarray(i - 25, i + 1)];
        return 4 * window.indexOf(pick(...window));
      });
    return [place(high, Math.max), place(low, Math.min)];
  },
};
