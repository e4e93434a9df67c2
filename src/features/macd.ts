import { Ema, emaWeight } from './ema.ts';
import { choice, decayBars, defineIndicator } from './indicator.ts';

/**
 * MACD's distance from its signal: (EMA12 - EMA26) - EMA9 of that. As in `ta`, the signal is seeded at the first bar
 * on which EMA26 counts as known (its 26th). `per: 'close'` divides by the close, so that no price level is learned.
 */
export const macd = defineIndicator({
  name: 'macd',
  docs: "MACD's distance from its signal (12, 26, 9)",
  parameters: { per: choice('close', 'price') },
  create: ({ per }) => ({
    id: `macd(per-${per})`,
    columns: ['macd_signal_diffs'],
    needs: 'candles',
    warmup: 33,
    memory: decayBars(emaWeight(26)) + decayBars(emaWeight(9)),
    start(state) {
      const fast = new Ema(state, emaWeight(12));
      const slow = new Ema(state, emaWeight(26));
      const signal = new Ema(state, emaWeight(9));
      return (candle, out, at) => {
        const line = fast.push(candle.close) - slow.push(candle.close);
        let difference = Number.NaN;
        if (slow.pushed >= 26) {
          const smoothed = signal.push(line);
          if (signal.pushed >= 9) difference = line - smoothed;
        }
        out[at] = per === 'close' ? difference / candle.close : difference;
      };
    },
  }),
});
