import { Ema } from './ema.ts';
import { bars, decayBars, defineIndicator } from './indicator.ts';
import { RollingMax } from './rolling.ts';

/** In a market that stands still both averages fall alike, and their ratio moves by its rounding alone. */
const STILL = 1e-9;

/**
 * Stochastic RSI: Chande and Kroll, "The New Technical Trader", 1994. Where Wilder's RSI stands between its lowest and
 * highest of the last `period` bars, 0 to 100; 50 where it didn't move but by rounding.
 */
export const stochRsi = defineIndicator({
  name: 'stoch-rsi',
  docs: 'place of the RSI between its lowest and highest of so many bars, 0 to 100',
  parameters: { period: bars(14, 2, 500) },
  create: ({ period }) => ({
    id: `stoch-rsi(${period})`,
    columns: [`stoch_rsi_${period}`],
    needs: 'candles',
    warmup: 2 * period - 2,
    memory: period + decayBars(1 / period),
    start(state) {
      const previous = state.cells(1);
      const rises = new Ema(state, 1 / period);
      const falls = new Ema(state, 1 / period);
      const highs = new RollingMax(state, period);
      const negatedLows = new RollingMax(state, period);
      return ({ close }, out, at) => {
        const move = rises.pushed === 0 ? 0 : close - previous[0];
        previous[0] = close;
        const up = rises.push(Math.max(move, 0));
        const down = falls.push(Math.max(-move, 0));
        out[at] = Number.NaN;
        if (rises.pushed < period) return;
        const rsi = down === 0 ? 100 : 100 - 100 / (1 + up / down);
        highs.push(rsi);
        negatedLows.push(-rsi);
        if (!highs.full) return;
        const range = highs.value + negatedLows.value;
        out[at] = range > STILL ? (100 * (rsi + negatedLows.value)) / range : 50;
      };
    },
  }),
});
