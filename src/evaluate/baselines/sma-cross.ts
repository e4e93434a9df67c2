import { BUY, HOLD, SELL } from '../../core/action.ts';
import { PLAIN } from '../../core/agent.ts';
import type { CandleSeries } from '../../core/candle.ts';
import type { Policy } from '../policy.ts';
import type { Baseline } from './baseline.ts';

const FAST_BARS = 50;
const SLOW_BARS = 200;

/** Mean of the last `bars` closes up to each row; NaN before there are as many. */
function movingAverage(close: Float64Array, bars: number): Float64Array {
  const averages = new Float64Array(close.length).fill(Number.NaN);
  for (let row = bars - 1; row < close.length; row++) {
    // Summed anew on every row: no rounding is carried along, so what comes later can't change what was.
    let sum = 0;
    for (let i = row - bars + 1; i <= row; i++) sum += close[i];
    averages[row] = sum / bars;
  }
  return averages;
}

/** BUY while the fast average is above the slow one, SELL while it is below. */
export function smaCrossPolicy(series: CandleSeries, fastBars = FAST_BARS, slowBars = SLOW_BARS): Policy {
  const fast = movingAverage(series.close, fastBars);
  const slow = movingAverage(series.close, slowBars);
  return {
    name: 'sma-cross',
    decide: (row, obs) => {
      const wish = fast[row] > slow[row] ? BUY : fast[row] < slow[row] ? SELL : HOLD;
      return PLAIN[obs.mask[wish] === 1 ? wish : HOLD];
    },
  };
}

export const smaCross: Baseline = {
  name: 'sma-cross',
  label: `SMA cross ${FAST_BARS}/${SLOW_BARS}`,
  doc: `BUY while the mean of the last ${FAST_BARS} closes is above that of the last ${SLOW_BARS}, SELL while below`,
  needs: [],
  create: ({ series }) => ({ policy: smaCrossPolicy(series) }),
};
