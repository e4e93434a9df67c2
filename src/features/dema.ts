import { Ema, emaWeight } from './ema.ts';
import { choice, decayBars, defineIndicator } from './indicator.ts';

/**
 * The close's distance from the double EMA over 15 bars: C - (2 EMA15 - EMA15 of EMA15). As in `ta`, the second
 * average is seeded with the first one's 15th value. `per: 'close'` divides by the close.
 */
export const dema = defineIndicator({
  name: 'dema',
  docs: "the close's distance from its double exponential average over 15 bars",
  parameters: { per: choice('close', 'price') },
  create: ({ per }) => ({
    id: `dema(per-${per})`,
    columns: ['close_dema'],
    needs: 'candles',
    warmup: 28,
    memory: 2 * decayBars(emaWeight(15)),
    start(state) {
      const once = new Ema(state, emaWeight(15));
      const twice = new Ema(state, emaWeight(15));
      return (candle, out, at) => {
        const single = once.push(candle.close);
        let distance = Number.NaN;
        if (once.pushed >= 15) {
          const double = twice.push(single);
          if (twice.pushed >= 15) distance = candle.close - (2 * single - double);
        }
        out[at] = per === 'close' ? distance / candle.close : distance;
      };
    },
  }),
});
