import { type IndicatorCase, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 20 } },
  /** Every average from scratch, as a sum of weighted closes. */
  expected: ({ close, length }, { period }) => [
    rollingOf(length, Number(period), (_, to) => {
      const k = 2 / (Number(period) + 1);
      let sum = close[0] * (1 - k) ** to;
      for (let i = 1; i <= to; i++) sum += k * close[i] * (1 - k) ** (to - i);
      return 1 - sum / close[to];
    }),
  ],
};
