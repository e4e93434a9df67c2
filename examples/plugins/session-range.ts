/** An indicator of one's own, and a feature set that uses it. Usage: tradernet train --plugin examples/plugins/session-range.ts */
import { bars, defineIndicator, definePlugin, RollingMax } from 'tradernet/plugin';

/** Where the close stands between the lowest low and the highest high of the last bars: 0 to 1. */
const sessionRange = defineIndicator({
  name: 'session-range',
  docs: 'place of the close between the lowest low and the highest high',
  parameters: { period: bars(24, 2, 500) },
  create: ({ period }) => ({
    id: `session-range(${period})`,
    columns: [`session_range_${period}`],
    needs: 'candles',
    warmup: period - 1,
    memory: period - 1,
    // All that it remembers lies in cells of `state`: saving and restoring follow.
    start(state) {
      const highs = new RollingMax(state, period);
      const negatedLows = new RollingMax(state, period);
      return ({ high, low, close }, out, at) => {
        highs.push(high);
        negatedLows.push(-low);
        const range = highs.value + negatedLows.value;
        if (!highs.full) out[at] = Number.NaN;
        else out[at] = range > 0 ? (close + negatedLows.value) / range : 0.5;
      };
    },
  }),
});

export default definePlugin({
  indicators: [sessionRange],
  featureSets: { ranged: 'tradernet19 + session-range(24)' },
});
