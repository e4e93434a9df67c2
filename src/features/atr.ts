import { bars, decayBars, defineIndicator } from './indicator.ts';

// What each cell of the state holds.
const BARS = 0;
const CLOSE = 1;
const AVERAGE = 2;

/**
 * Average true range: Wilder, "New Concepts in Technical Trading Systems", 1978. TR = max(H, C[t-1]) - min(L, C[t-1]);
 * the first average is the mean of bars 1 to `period` (the first bar has no close before it), then
 * ATR += (TR - ATR) / period. As a share of the close, so that no price level is learned.
 */
export const atr = defineIndicator({
  name: 'atr',
  docs: "Wilder's average true range, as a share of the close",
  parameters: { period: bars(14, 1, 500) },
  create: ({ period }) => ({
    id: `atr(${period})`,
    columns: [`atr_${period}`],
    needs: 'candles',
    warmup: period,
    memory: 1 + decayBars(1 / period),
    start(state) {
      const cells = state.cells(3);
      return (candle, out, at) => {
        const bar = cells[BARS]++;
        const previous = cells[CLOSE];
        cells[CLOSE] = candle.close;
        out[at] = Number.NaN;
        if (bar === 0) return;
        const range = Math.max(candle.high, previous) - Math.min(candle.low, previous);
        if (bar <= period) cells[AVERAGE] += range / period;
        else cells[AVERAGE] += (range - cells[AVERAGE]) / period;
        if (bar >= period) out[at] = cells[AVERAGE] / candle.close;
      };
    },
  }),
});
