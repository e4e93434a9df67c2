/**
 * The rewards of the published TraderNet-CR pay BUY and SELL the best exit of the next bars, in hindsight. No strategy can
 * earn that (a coin flip on a random walk scores as well as the published figures), so they are never a measure.
 */
import { BUY, HOLD, SELL } from '../../core/action.ts';
import { log } from '../../core/math.ts';
import { tabulate } from './future-bars.ts';
import type { TableReward } from './reward.ts';

export function bestExit(exit: 'market' | 'limit', bars: number): TableReward {
  return {
    kind: 'table',
    name: `hindsight-${exit}`,
    docs: `HINDSIGHT, never a measure: the best ${exit === 'market' ? 'close' : 'high or low'} of the next ${bars} bars`,
    horizon: bars,
    hindsight: true,
    table(series, { feeRate }) {
      const { close } = series;
      const highs = exit === 'market' ? close : series.high;
      const lows = exit === 'market' ? close : series.low;
      const logCost = log((1 - feeRate) / (1 + feeRate));
      return tabulate(series, bars, (row, out) => {
        let most = highs[row + 1];
        let least = lows[row + 1];
        for (let i = row + 2; i <= row + bars; i++) {
          most = Math.max(most, highs[i]);
          least = Math.min(least, lows[i]);
        }
        // BUY = ln(max / p) + ln((1-f)/(1+f)); SELL = ln(p / min) + the same; HOLD = min(0, -max(BUY, SELL))
        const buy = log(most / close[row]) + logCost;
        const sell = log(close[row] / least) + logCost;
        out[row * 3 + SELL] = sell;
        out[row * 3 + BUY] = buy;
        out[row * 3 + HOLD] = Math.min(0, -Math.max(buy, sell));
      });
    },
  };
}
