import type { AccountReward } from './reward.ts';

/** As `market-order`, but sparse: the whole trade's log return in the step that closes it. */
export const realized: AccountReward = {
  kind: 'account',
  name: 'realized',
  docs: "a trade's ln(equity at exit / equity at entry), paid when it closes",
  horizon: 1,
  hindsight: false,
  pathDependent: true,
  memory: 0,
  pay: (account) => (account.tradeClosed ? account.lastTradeLogReturn : 0),
};
