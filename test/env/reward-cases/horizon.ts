import { BUY, HOLD } from '../../../src/core/action.ts';
import type { RewardCase } from './reward-case.ts';

export const rewardCase: RewardCase = {
  golden: { why: 'the specification of this project defines it: in at the next open, out 20 closes later' },
  expected: ({ series, account, rows, actions }) =>
    rows.map((row, i) => {
      if (actions[i] === HOLD) return 0;
      const sides = 1 + account.feeRate + account.slippageRate;
      const cost = Math.log(2 - sides) - Math.log(sides);
      const move = Math.log(series.close[row + 20]) - Math.log(series.open[row + 1]);
      return (actions[i] === BUY ? move : -move) + cost;
    }),
};
