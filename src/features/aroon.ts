import { choice, defineIndicator } from './indicator.ts';
import { RollingMax } from './rolling.ts';

/**
 * How lately the window's extreme was first reached, 0-100. `close` is `ta` 0.10.2's: closes, 25 bars,
 * 100 (index + 1) / 25. `high-low` is that of 0.10.3 and later: highs and lows, 26 bars, 100 index / 25.
 */
export const aroon = defineIndicator({
  name: 'aroon',
  docs: 'how lately the highest and lowest of 25 bars were reached; of closes, or of highs and lows',
  parameters: { source: choice('close', 'high-low') },
  create({ source }) {
    const size = source === 'close' ? 25 : 26;
    const shift = source === 'close' ? 1 : 0;
    return {
      id: `aroon(${source})`,
      columns: ['aroon_up', 'aroon_down'],
      needs: 'candles',
      warmup: size - 1,
      memory: size - 1,
      start(state) {
        const highest = new RollingMax(state, size);
        const lowest = new RollingMax(state, size);
        return (candle, out, at) => {
          highest.push(source === 'close' ? candle.close : candle.high);
          lowest.push(source === 'close' ? -candle.close : -candle.low);
          out[at] = highest.full ? (100 * (highest.index + shift)) / 25 : Number.NaN;
          out[at + 1] = lowest.full ? (100 * (lowest.index + shift)) / 25 : Number.NaN;
        };
      },
    };
  },
});
