import { log } from '../core/math.ts';
import { bars, defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

/**
 * Realised volatility a bar: the root of the mean squared log return of `period` closes (Andersen and Bollerslev,
 * "Answering the Skeptics", 1998, equation 6).
 */
export const realisedVolatility = defineIndicator({
  name: 'realised-volatility',
  docs: 'root of the mean squared log return of so many bars',
  parameters: { period: bars(24, 2, 500) },
  create: ({ period }) => ({
    id: `realised-volatility(${period})`,
    columns: [`realised_volatility_${period}`],
    needs: 'candles',
    warmup: period,
    memory: period,
    start(state) {
      const previous = state.cells(2);
      const squares = new RollingWindow(state, period);
      return ({ close }, out, at) => {
        if (previous[0]++ > 0) {
          const move = log(close / previous[1]);
          squares.push(move * move);
        }
        previous[1] = close;
        out[at] = squares.full ? Math.sqrt(squares.mean()) : Number.NaN;
      };
    },
  }),
});
