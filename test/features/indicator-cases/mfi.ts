import { type IndicatorCase, isWithoutRange, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 14 }, instead: (series, row) => (isWithoutRange(series, row - 14, row + 1) ? 50 : null) },
  expected: ({ high, low, close, volume, length }, { period }) => [
    rollingOf(length, Number(period) + 1, (from, to) => {
      const typical = (i: number) => (high[i] + low[i] + close[i]) / 3;
      const flows = { up: 0, down: 0 };
      for (let i = from + 1; i <= to; i++) {
        if (typical(i) > typical(i - 1)) flows.up += typical(i) * volume[i];
        if (typical(i) < typical(i - 1)) flows.down += typical(i) * volume[i];
      }
      return flows.up + flows.down === 0 ? 50 : 100 - 100 / (1 + flows.up / flows.down);
    }),
  ],
};
