import type { Indicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

/**
 * Room to the Bollinger bands over 20 closes and 2 population standard deviations: upper - C and C - lower.
 * `per: 'close'` divides both by the close.
 */
export function bollinger(per: 'price' | 'close'): Indicator {
  return {
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
        const { cells, first, size } = closes;
        const mean = closes.mean();
        let squares = 0;
        for (let i = first; i < first + size; i++) squares += (cells[i] - mean) * (cells[i] - mean);
        const width = 2 * Math.sqrt(squares / size);
        const unit = per === 'close' ? candle.close : 1;
        out[at] = (mean + width - candle.close) / unit;
        out[at + 1] = (candle.close - (mean - width)) / unit;
      };
    },
  };
}
