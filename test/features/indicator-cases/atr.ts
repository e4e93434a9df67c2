import type { IndicatorCase } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { why: 'the fixtures of `ta` have no average true range; computed from its definition instead' },
  /** Each average from scratch: the mean of the first ranges, and what Wilder's smoothing makes of it since. */
  expected: ({ high, low, close, length }, args) => {
    const period = Number(args.period);
    const ranges = Array.from({ length }, (_, i) =>
      Math.max(high[i] - low[i], Math.abs(high[i] - close[i - 1]), Math.abs(low[i] - close[i - 1])),
    );
    return [
      Array.from({ length }, (_, i) => {
        if (i < period) return Number.NaN;
        const seed = ranges.slice(1, period + 1).reduce((sum, range) => sum + range, 0) / period;
        const later = ranges.slice(period + 1, i + 1);
        return later.reduce((average, range) => (average * (period - 1) + range) / period, seed) / close[i];
      }),
    ];
  },
};
