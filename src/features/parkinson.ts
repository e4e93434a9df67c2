import { log } from '../core/math.ts';
import { bars, defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

const FOUR_LN2 = 4 * Math.LN2;

/**
 * Parkinson's volatility a bar, out of highs and lows: the root of the mean ln(H / L)^2 / (4 ln 2) over `period` bars
 * (Parkinson, "The Extreme Value Method for Estimating the Variance of the Rate of Return", 1980, equation 12).
 */
export const parkinson = defineIndicator({
  name: 'parkinson',
  docs: "Parkinson's volatility out of the highs and lows of so many bars",
  parameters: { period: bars(24, 2, 500) },
  create: ({ period }) => ({
    id: `parkinson(${period})`,
    columns: [`parkinson_${period}`],
    needs: 'candles',
    warmup: period - 1,
    memory: period - 1,
    start(state) {
      const squares = new RollingWindow(state, period);
      return ({ high, low }, out, at) => {
        const range = log(high / low);
        squares.push((range * range) / FOUR_LN2);
        out[at] = squares.full ? Math.sqrt(squares.mean()) : Number.NaN;
      };
    },
  }),
});
