import type { IndicatorCase } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { why: 'the score is handed on as it is; when it is published is tested in test/market/trends.test.ts' },
  expected: ({ trends, length }, { missing }) => [
    Array.from({ length }, (_, i) => {
      const score = trends?.[i] ?? Number.NaN;
      return missing === 'zero' && Number.isNaN(score) ? 0 : score;
    }),
  ],
};
