import { type IndicatorCase, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 20 } },
  expected: ({ high, low, close, length }, { period }) => [
    rollingOf(length, Number(period), (from, to) => Math.max(...high.slice(from, to + 1)) / close[to] - 1),
    rollingOf(length, Number(period), (from, to) => 1 - Math.min(...low.slice(from, to + 1)) / close[to]),
  ],
};
