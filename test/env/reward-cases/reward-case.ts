/** What the contract of rewards asks of each: a second opinion on what it pays, and numbers from outside or why none. */
import type { AccountConfig } from '../../../src/core/account.ts';
import type { Action } from '../../../src/core/action.ts';
import type { CandleSeries } from '../../../src/core/candle.ts';
import type { Reward } from '../../../src/env/rewards/reward.ts';

/** One episode, as it was lived. */
export interface Episode {
  readonly series: CandleSeries;
  readonly account: AccountConfig;
  /** (steps) the bar of each decision, and what was done. */
  readonly rows: readonly number[];
  readonly actions: readonly Action[];
  /** (steps + 1) before the first step, and after each. */
  readonly equity: readonly number[];
  readonly units: readonly number[];
}

export interface RewardCase {
  /** Numbers that another implementation computed, or why there are none. */
  readonly golden: { readonly file: string; check(reward: Reward): void } | { readonly why: string };
  /** (steps) what is to be paid, computed from the episode in another way than the reward does. */
  expected(episode: Episode): readonly number[];
  /** Decimals in which the two agree; default 12. */
  readonly digits?: number;
}
