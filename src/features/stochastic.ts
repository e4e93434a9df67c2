import { defineIndicator } from './indicator.ts';
import { RollingMax } from './rolling.ts';

/** Unsmoothed %K over 14 bars: 100 (C - min L) / (max H - min L); 50 in a window without range. */
export const stochastic = defineIndicator({
  name: 'stochastic',
  docs: 'unsmoothed %K over 14 bars',
  parameters: {},
  create: () => ({
    id: 'stochastic',
    columns: ['stoch'],
    needs: 'candles',
    warmup: 13,
    memory: 13,
    start(state) {
      const highs = new RollingMax(state, 14);
      const negatedLows = new RollingMax(state, 14);
      return (candle, out, at) => {
        highs.push(candle.high);
        negatedLows.push(-candle.low);
        if (!highs.full) {
          out[at] = Number.NaN;
          return;
        }
        const lowest = -negatedLows.value;
        const range = highs.value - lowest;
        out[at] = range > 0 ? (100 * (candle.close - lowest)) / range : 50;
      };
    },
  }),
});
