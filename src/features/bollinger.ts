import { choice, defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

/**
 * Room to the Bollinger bands over 20 closes and 2 population standard deviations: upper - C and C - lower.
 * `per: 'close'` divides both by the close.
 */
export const bollinger = defineIndicator({
  name: 'bollinger',
  docs: 'room to the Bollinger bands (20 bars, 2 deviations), as a share of the close or in units of price',
  parameters: { per: choice('close', 'price') },
  create: ({ per }) => ({
    id: `bollinger(per-${per})`,
    columns: ['bband_up_close', 'close_bband_down'],
    needs: 'candles',
    warmup: 19,
    memory: 19,
    start(state) {
      const closes = new RollingWindow(state, 20);
      return (candle, out, at) => {
        closes.push(candle.close);
        if (!closes.full) {
          out[at] = Number.NaN;
          out[at + 1] = Number.NaN;
          return;
        }
        const mean = closes.mean();
        const width = 2 * Math.sqrt(closes.variance(mean));
        const unit = per === 'close' ? candle.close : 1;
        out[at] = (mean + width - candle.close) / unit;
        out[at + 1] = (candle.close - (mean - width)) / unit;
      };
    },
  }),
});
