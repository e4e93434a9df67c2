import type { RewardCase } from './reward-case.ts';

export const rewardCase: RewardCase = {
  golden: { why: "the specification of this project defines it: the trade's log return, in the step that closes it" },
  expected({ rows, equity, units }) {
    let entry = 0;
    return rows.map((_, i) => {
      if (units[i] === 0) entry = equity[i];
      return units[i] !== 0 && units[i + 1] === 0 ? Math.log(equity[i + 1] / entry) : 0;
    });
  },
};
