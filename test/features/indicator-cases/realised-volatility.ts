import { type IndicatorCase, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 24 } },
  expected: ({ close, length }, { period }) => [
    rollingOf(length, Number(period) + 1, (from, to) => {
      let sum = 0;
      for (let i = from + 1; i <= to; i++) sum += Math.log(close[i] / close[i - 1]) ** 2;
      return Math.sqrt(sum / Number(period));
    }),
  ],
};
