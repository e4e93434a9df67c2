import { Ema } from './ema.ts';
import { decayBars, defineIndicator } from './indicator.ts';

/** Wilder's relative strength over 14 bars, 0-100; 100 where the average fall is 0. The first bar counts as no move. */
export const rsi = defineIndicator({
  name: 'rsi',
  docs: "Wilder's relative strength over 14 bars",
  parameters: {},
  create: () => ({
    id: 'rsi',
    columns: ['rsi'],
    needs: 'candles',
    warmup: 13,
    memory: 1 + decayBars(1 / 14),
    start(state) {
      const previous = state.cells(1);
      const rises = new Ema(state, 1 / 14);
      const falls = new Ema(state, 1 / 14);
      return (candle, out, at) => {
        const move = rises.pushed === 0 ? 0 : candle.close - previous[0];
        previous[0] = candle.close;
        const up = rises.push(Math.max(move, 0));
        const down = falls.push(Math.max(-move, 0));
        if (rises.pushed < 14) out[at] = Number.NaN;
        else out[at] = down === 0 ? 100 : 100 - 100 / (1 + up / down);
      };
    },
  }),
});
