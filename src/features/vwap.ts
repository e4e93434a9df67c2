import { choice, defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

/**
 * The close's distance from the volume-weighted price of 10 bars: C - sum(TP V) / sum(V), TP = (H + L + C) / 3;
 * 0 where no volume traded. `per: 'close'` divides by the close.
 */
export const vwap = defineIndicator({
  name: 'vwap',
  docs: "the close's distance from the volume-weighted price of 10 bars",
  parameters: { per: choice('close', 'price') },
  create: ({ per }) => ({
    id: `vwap(per-${per})`,
    columns: ['close_vwap'],
    needs: 'candles',
    warmup: 9,
    memory: 9,
    start(state) {
      const traded = new RollingWindow(state, 10);
      const volumes = new RollingWindow(state, 10);
      return (candle, out, at) => {
        traded.push(((candle.high + candle.low + candle.close) / 3) * candle.volume);
        volumes.push(candle.volume);
        if (!volumes.full) {
          out[at] = Number.NaN;
          return;
        }
        const volume = volumes.sum();
        const distance = volume > 0 ? candle.close - traded.sum() / volume : 0;
        out[at] = per === 'close' ? distance / candle.close : distance;
      };
    },
  }),
});
