import { log } from '../core/math.ts';
import { defineIndicator } from './indicator.ts';

/**
 * ln x[t] - ln x[t-1]; 0 where either value is 0, NaN where either is missing.
 * `cells`: [0] bars seen, then (value, its logarithm) for each column.
 */
function step(cells: Float64Array, column: number, value: number): number {
  const at = 1 + 2 * column;
  const previous = cells[at];
  const previousLog = cells[at + 1];
  const valueLog = value > 0 ? log(value) : 0;
  cells[at] = value;
  cells[at + 1] = valueLog;
  if (cells[0] === 0 || Number.isNaN(value + previous)) return Number.NaN;
  return previous > 0 && value > 0 ? valueLog - previousLog : 0;
}

export const logReturns = defineIndicator({
  name: 'log-returns',
  docs: 'log returns of open, high, low, close and volume',
  parameters: {},
  create: () => ({
    id: 'log-returns',
    columns: ['open_log_returns', 'high_log_returns', 'low_log_returns', 'close_log_returns', 'volume_log_returns'],
    needs: 'candles',
    warmup: 1,
    memory: 1,
    start(state) {
      const cells = state.cells(11);
      return (candle, out, at) => {
        out[at] = step(cells, 0, candle.open);
        out[at + 1] = step(cells, 1, candle.high);
        out[at + 2] = step(cells, 2, candle.low);
        out[at + 3] = step(cells, 3, candle.close);
        out[at + 4] = step(cells, 4, candle.volume);
        cells[0]++;
      };
    },
  }),
});

export const tradesLogReturns = defineIndicator({
  name: 'trades-log-returns',
  docs: 'log return of the trade count',
  parameters: {},
  create: () => ({
    id: 'trades-log-returns',
    columns: ['trades_log_returns'],
    needs: 'trades',
    warmup: 1,
    memory: 1,
    start(state) {
      const cells = state.cells(3);
      return (candle, out, at) => {
        out[at] = step(cells, 0, candle.trades);
        cells[0]++;
      };
    },
  }),
});
