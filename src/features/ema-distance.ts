import { Ema, emaWeight } from './ema.ts';
import { bars, decayBars, defineIndicator } from './indicator.ts';

/** The close's distance from its exponential average, as a share of the close: 1 - EMA / C. Seeded with the first close. */
export const emaDistance = defineIndicator({
  name: 'ema',
  docs: "the close's distance from its exponential moving average, as a share of the close",
  parameters: { period: bars(20, 2, 500) },
  create: ({ period }) => ({
    id: `ema(${period})`,
    columns: [`close_ema_${period}`],
    needs: 'candles',
    warmup: period - 1,
    memory: decayBars(emaWeight(period)),
    start(state) {
      const average = new Ema(state, emaWeight(period));
      return ({ close }, out, at) => {
        const ema = average.push(close);
        out[at] = average.pushed < period ? Number.NaN : 1 - ema / close;
      };
    },
  }),
});
