import { type IndicatorCase, rollingOf } from './indicator-case.ts';

const mean = (values: Float64Array) => values.reduce((sum, one) => sum + one, 0) / values.length;

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 20 } },
  expected: ({ close, length }, { period }) => [
    rollingOf(length, Number(period), (from, to) => 1 - mean(close.slice(from, to + 1)) / close[to]),
  ],
};
