import { bars, defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

/** The close's distance from the mean of the last `period` closes, as a share of the close: 1 - SMA / C. */
export const sma = defineIndicator({
  name: 'sma',
  docs: "the close's distance from its simple moving average, as a share of the close",
  parameters: { period: bars(20, 2, 500) },
  create: ({ period }) => ({
    id: `sma(${period})`,
    columns: [`close_sma_${period}`],
    needs: 'candles',
    warmup: period - 1,
    memory: period - 1,
    start(state) {
      const closes = new RollingWindow(state, period);
      return ({ close }, out, at) => {
        closes.push(close);
        out[at] = closes.full ? 1 - closes.mean() / close : Number.NaN;
      };
    },
  }),
});
