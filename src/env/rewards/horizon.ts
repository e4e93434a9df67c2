import { BUY, HOLD, SELL } from '../../core/action.ts';
import { log } from '../../core/math.ts';
import { tabulate } from './future-bars.ts';
import type { TableReward } from './reward.ts';

/** In at the next open, out at the close `bars` later: which way was right, whatever the account held. For gamma 0. */
export function horizon(bars = 20): TableReward {
  return {
    kind: 'table',
    name: 'horizon',
    docs: `log return from the next open to the close ${bars} bars after the decision, costs of both sides included`,
    horizon: bars,
    hindsight: false,
    table(series, { feeRate, slippageRate }) {
      const { open, close } = series;
      const cost = feeRate + slippageRate;
      const logCost = log((1 - cost) / (1 + cost));
      return tabulate(series, bars, (row, out) => {
        // BUY = ln(close[t+n] / open[t+1]) + ln((1-c)/(1+c)), SELL mirrored, HOLD = 0
        const move = log(close[row + bars] / open[row + 1]);
        out[row * 3 + SELL] = logCost - move;
        out[row * 3 + BUY] = logCost + move;
        out[row * 3 + HOLD] = 0;
      });
    },
  };
}
