import { type IndicatorCase, isWithoutRange, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 14 }, instead: (series, row) => (isWithoutRange(series, row - 13, row + 1) ? -50 : null) },
  expected: ({ high, low, close, length }, { period }) => [
    rollingOf(length, Number(period), (from, to) => {
      const [top, bottom] = [Math.max(...high.slice(from, to + 1)), Math.min(...low.slice(from, to + 1))];
      return top === bottom ? -50 : 100 * ((close[to] - bottom) / (top - bottom) - 1);
    }),
  ],
};
