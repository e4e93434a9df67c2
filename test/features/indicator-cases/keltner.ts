import { type IndicatorCase, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 20 } },
  expected({ high, low, close, length }, { period }) {
    const k = 2 / (Number(period) + 1);
    const band = (to: number, side: 1 | -1) => {
      let [middle, range] = [close[0], high[0] - low[0]];
      for (let i = 1; i <= to; i++) {
        middle = k * close[i] + (1 - k) * middle;
        const gaps = [high[i] - low[i], Math.abs(high[i] - close[i - 1]), Math.abs(low[i] - close[i - 1])];
        range = (9 * range + Math.max(...gaps)) / 10;
      }
      return middle + side * 2 * range;
    };
    return [
      rollingOf(length, Number(period), (_, to) => band(to, 1) / close[to] - 1),
      rollingOf(length, Number(period), (_, to) => 1 - band(to, -1) / close[to]),
    ];
  },
};
