import type { RewardCase } from './reward-case.ts';

export const rewardCase: RewardCase = {
  golden: { why: 'the specification of this project defines it: the change of log equity, costs included' },
  expected: ({ rows, equity }) => rows.map((_, i) => Math.log(equity[i + 1] / equity[i])),
};
