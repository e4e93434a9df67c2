import { bars, defineIndicator } from './indicator.ts';
import { RollingMax } from './rolling.ts';

/** Room to the Donchian channel, the highest high and lowest low of `period` bars, as a share of the close. */
export const donchian = defineIndicator({
  name: 'donchian',
  docs: 'room to the highest high and the lowest low of so many bars, as a share of the close',
  parameters: { period: bars(20, 2, 500) },
  create: ({ period }) => ({
    id: `donchian(${period})`,
    columns: [`donchian_up_${period}`, `donchian_down_${period}`],
    needs: 'candles',
    warmup: period - 1,
    memory: period - 1,
    start(state) {
      const highs = new RollingMax(state, period);
      const negatedLows = new RollingMax(state, period);
      return ({ high, low, close }, out, at) => {
        highs.push(high);
        negatedLows.push(-low);
        out[at] = highs.full ? (highs.value - close) / close : Number.NaN;
        out[at + 1] = highs.full ? (close + negatedLows.value) / close : Number.NaN;
      };
    },
  }),
});
