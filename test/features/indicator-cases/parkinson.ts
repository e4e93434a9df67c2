import { type IndicatorCase, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 24 } },
  expected: ({ high, low, length }, { period }) => [
    rollingOf(length, Number(period), (from, to) => {
      let sum = 0;
      for (let i = from; i <= to; i++) sum += (Math.log(high[i]) - Math.log(low[i])) ** 2;
      return Math.sqrt(sum / (4 * Math.log(2) * Number(period)));
    }),
  ],
};
