import { bars, defineIndicator } from './indicator.ts';
import { RollingMax } from './rolling.ts';

/**
 * Williams' %R: Williams, "How I Made One Million Dollars Last Year Trading Commodities", 1973. -100 (max H - C) /
 * (max H - min L) over `period` bars: 0 at the top, -100 at the bottom; -50 in a window without range.
 */
export const williamsR = defineIndicator({
  name: 'williams-r',
  docs: "Williams' %R: how far the close is below the highest high, in ranges, -100 to 0",
  parameters: { period: bars(14, 2, 500) },
  create: ({ period }) => ({
    id: `williams-r(${period})`,
    columns: [`williams_r_${period}`],
    needs: 'candles',
    warmup: period - 1,
    memory: period - 1,
    start(state) {
      const highs = new RollingMax(state, period);
      const negatedLows = new RollingMax(state, period);
      return ({ high, low, close }, out, at) => {
        highs.push(high);
        negatedLows.push(-low);
        out[at] = Number.NaN;
        if (!highs.full) return;
        const range = highs.value + negatedLows.value;
        out[at] = range > 0 ? (-100 * (highs.value - close)) / range : -50;
      };
    },
  }),
});
