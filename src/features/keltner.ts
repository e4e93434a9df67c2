import { Ema, emaWeight } from './ema.ts';
import { bars, decayBars, defineIndicator } from './indicator.ts';

/** Bars of the average true range, and how many of it the bands are away. */
const [RANGE_BARS, WIDTH] = [10, 2];

/**
 * Room to the Keltner channel, as a share of the close: upper - C and C - lower. Bands as Raschke and Connors have them
 * ("Street Smarts", 1995): the closes' exponential average over `period` bars and 2 average true ranges of 10 bars, both
 * seeded with their first value. TR = max(H, C[t-1]) - min(L, C[t-1]), and H - L at the first bar.
 */
export const keltner = defineIndicator({
  name: 'keltner',
  docs: 'room to the Keltner channel (2 average true ranges of 10 bars), as a share of the close',
  parameters: { period: bars(20, 10, 500) },
  create: ({ period }) => ({
    id: `keltner(${period})`,
    columns: [`keltner_up_${period}`, `keltner_down_${period}`],
    needs: 'candles',
    warmup: period - 1,
    memory: decayBars(Math.min(emaWeight(period), 1 / RANGE_BARS)),
    start(state) {
      const previous = state.cells(1);
      const middle = new Ema(state, emaWeight(period));
      const range = new Ema(state, 1 / RANGE_BARS);
      return ({ high, low, close }, out, at) => {
        const before = middle.pushed === 0 ? close : previous[0];
        previous[0] = close;
        const average = middle.push(close);
        const first = middle.pushed === 1;
        const width = WIDTH * range.push(first ? high - low : Math.max(high, before) - Math.min(low, before));
        const whole = middle.pushed >= period;
        out[at] = whole ? (average + width - close) / close : Number.NaN;
        out[at + 1] = whole ? (close - (average - width)) / close : Number.NaN;
      };
    },
  }),
});
