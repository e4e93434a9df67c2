import { defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

// What each cell of the state holds.
const PREVIOUS = 0;
const REPEATS = 1;

/**
 * Commodity channel index over 20 bars: (TP - mean TP) / (0.015 mean |TP - mean TP|), TP = (H + L + C) / 3.
 * 0 where max TP = min TP: the quotient of rounding errors would say 66.67 there.
 */
export const cci = defineIndicator({
  name: 'cci',
  docs: 'commodity channel index over 20 bars',
  parameters: {},
  create: () => ({
    id: 'cci',
    columns: ['cci'],
    needs: 'candles',
    warmup: 19,
    memory: 19,
    start(state) {
      const cells = state.cells(2);
      const prices = new RollingWindow(state, 20);
      return (candle, out, at) => {
        const typical = (candle.high + candle.low + candle.close) / 3;
        cells[REPEATS] = typical === cells[PREVIOUS] ? cells[REPEATS] + 1 : 0;
        cells[PREVIOUS] = typical;
        prices.push(typical);
        if (!prices.full) {
          out[at] = Number.NaN;
          return;
        }
        const mean = prices.mean();
        const withoutRange = cells[REPEATS] >= prices.size - 1;
        out[at] = withoutRange ? 0 : (typical - mean) / (0.015 * prices.meanDeviation(mean));
      };
    },
  }),
});
