import type { Account } from '../../core/account.ts';
import type { Action } from '../../core/action.ts';
import type { CandleSeries } from '../../core/candle.ts';

interface RewardFacts {
  readonly name: string;
  /** One sentence for the table of rewards. */
  readonly docs: string;
  /** Bars after the decision's that it looks at: an embargo is at least this long. */
  readonly horizon: number;
  /** True where it pays what no strategy can earn. */
  readonly hindsight: boolean;
}

/** What a trade through the account earned. */
export interface AccountReward extends RewardFacts {
  readonly kind: 'account';
  /**
   * False where what it pays follows from the bar, the units held and the action; true where it looks at how the account
   * came to be what it is, such as at the price of its entry, or at what it remembers.
   */
  readonly pathDependent: boolean;
  /** How many numbers it remembers within an episode; 0 where it looks at the step alone. */
  readonly memory: number;
  /**
   * For one step: the account after it, the action taken, and the change of ln(equity).
   * @param memory (memory) its own for each environment, zeros at the start of an episode, saved with the environment
   */
  pay(account: Account, action: Action, logChange: number, memory: Float64Array): number;
}

/** A property of the bar alone. */
export interface TableReward extends RewardFacts {
  readonly kind: 'table';
  /** (rows, 3) by bar of the decision and action; NaN where the bars it looks at are missing, or beyond a gap. */
  table(series: CandleSeries, costs: Costs): Float64Array;
}

/**
 * What a step pays: either through the account, or by a table of the bar alone. Made once, shared by all environments.
 */
export type Reward = AccountReward | TableReward;

/** Shares of the notional, each side. An AccountConfig is one. */
export interface Costs {
  readonly feeRate: number;
  readonly slippageRate: number;
}
