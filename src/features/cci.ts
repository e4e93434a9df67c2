import type { Indicator } from './indicator.ts';
import { RollingMax, RollingWindow } from './rolling.ts';

/**
 * Commodity channel index over 20 bars: (TP - mean TP) / (0.015 mean |TP - mean TP|), TP = (H + L + C) / 3.
 * 0 where max TP = min TP: the quotient of rounding errors would say 66.67 there.
 */
export const cci: Indicator = {
  id: 'cci',
  columns: ['cci'],
  needs: 'candles',
  warmup: 19,
  memory: 19,
  start(state) {
    const prices = new RollingWindow(state, 20);
    const highest = new RollingMax(state, 20);
    const negatedLowest = new RollingMax(state, 20);
    return (candle, out, at) => {
      const typical = (candle.high + candle.low + candle.close) / 3;
      prices.push(typical);
      highest.push(typical);
      negatedLowest.push(-typical);
      if (!prices.full) {
        out[at] = Number.NaN;
        return;
      }
      if (highest.value === -negatedLowest.value) {
        out[at] = 0;
        return;
      }
      const { cells, first, size } = prices;
      const mean = prices.mean();
      let deviation = 0;
      for (let i = first; i < first + size; i++) deviation += Math.abs(cells[i] - mean);
      out[at] = (typical - mean) / ((0.015 * deviation) / size);
    };
  },
};
