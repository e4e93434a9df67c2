import type { AccountReward } from './reward.ts';

/** The default. Summed over a trade it telescopes to exactly ln(equity at exit / equity at entry). */
export const marketOrder: AccountReward = {
  kind: 'account',
  name: 'market-order',
  docs: 'the change of log equity over the step, costs included',
  horizon: 1,
  hindsight: false,
  pathDependent: false,
  memory: 0,
  pay: (_account, _action, logChange) => logChange,
};
