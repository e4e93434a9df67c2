/**
 * What every action at every number of units leads to, bar by bar. The price path is exogenous: it does not depend on
 * what an agent does, so all of it is known from the candles alone (an input-driven process, Mao et al., "Variance
 * Reduction for Reinforcement Learning in Input-Driven Environments", 2018, arXiv 1807.02264).
 *
 * A state is a number of units, and stands for the canonical account that holds them: `units / maxUnits` of its equity
 * at the close of the decision (`Account.resetHolding`). Its next bar is lived by that very account, so fees, slippage,
 * borrowing, trimmed orders, liquidation and ruin are what they are elsewhere. The only approximation is that the next
 * bar begins from the canonical account of its units again, although prices moved the share that they are worth.
 */
import { Account, type AccountConfig } from '../core/account.ts';
import { ACTION_COUNT, type Action, HOLD } from '../core/action.ts';
import { InputError } from '../core/errors.ts';
import type { Reward } from './rewards/reward.ts';

/** In `next`: the account does not allow the action; the account is liquidated or ruined, and nothing follows. */
export const FORBIDDEN = -1;
export const ENDED = -2;

/** A reward that does not depend on the path remembers nothing. */
const NOTHING = new Float64Array(0);

export interface MarketOutcomes {
  /** Numbers of units an account can hold: maxUnits + 1, or 2 maxUnits + 1 where it may be short. */
  readonly states: number;
  /** (rows) 1 where a decision can be made, filled and paid. */
  readonly playable: Uint8Array;
  /** (rows, states, 3) reward, scaled; 0 where the action is forbidden or the row isn't playable. */
  readonly rewards: Float64Array;
  /** (rows, states, 3) state after the bar, FORBIDDEN or ENDED. */
  readonly next: Int16Array;
}

/** Bars of one or several markets, behind each other; row + 1 is the bar that an action at `row` fills and pays at. */
export interface OutcomeBars {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** (rows) from the last bar's open to this one's. */
  readonly elapsedMs: Float64Array;
  readonly playable: Uint8Array;
  /** (rows, 3) for a reward that is a property of the bar. */
  readonly rewardTable: Float64Array;
}

/** What decides which numbers of units an account can hold. */
export type AccountShape = Pick<AccountConfig, 'mode' | 'maxUnits'>;

export function countStates({ mode, maxUnits }: AccountShape): number {
  return mode === 'margin' ? 2 * maxUnits + 1 : maxUnits + 1;
}

/** The state of an account that holds `units`: 0 is flat, or short of everything where it may be short. */
export function stateOf(units: number, { mode, maxUnits }: AccountShape): number {
  return mode === 'margin' ? units + maxUnits : units;
}

/** @throws InputError where a shield masks what it denies */
export function requireNoMask(masked: boolean): void {
  if (masked)
    throw new InputError(
      'what a masking shield allows depends on the path of the account: leave training.maskByShield out',
    );
}

/** @throws InputError where it depends on more than the bar, the units and the action */
export function requireStepReward(reward: Reward): void {
  if (reward.kind === 'account' && reward.pathDependent)
    throw new InputError(
      `the reward ${reward.name} depends on how a position was reached, not on the bar, the units and the action alone: take market-order or a reward of the bar`,
    );
}

/** One account's life over one bar, from every state by every action. `reward` must not depend on the path. */
export function tabulateOutcomes(
  bars: OutcomeBars,
  config: AccountConfig,
  reward: Reward,
  rewardScale: number,
): MarketOutcomes {
  const { open, high, low, close, elapsedMs, playable, rewardTable } = bars;
  const account = new Account(config);
  const states = countStates(config);
  const flat = stateOf(0, config);
  const rewards = new Float64Array(playable.length * states * ACTION_COUNT);
  const next = new Int16Array(rewards.length).fill(FORBIDDEN);
  for (let row = 0; row + 1 < playable.length; row++) {
    if (playable[row] === 0) continue;
    for (let state = 0; state < states; state++) {
      for (let a = 0; a < ACTION_COUNT; a++) {
        const action = a as Action;
        account.resetHolding(state - flat, close[row]);
        const order = account.orderFor(action, close[row]);
        if (order === 0 && action !== HOLD) continue;
        const before = account.logEquity;
        account.stepBar(order, elapsedMs[row + 1], open[row + 1], high[row + 1], low[row + 1], close[row + 1]);
        const at = (row * states + state) * ACTION_COUNT + a;
        const paid =
          reward.kind === 'table'
            ? rewardTable[row * ACTION_COUNT + a]
            : reward.pay(account, action, account.logEquity - before, NOTHING);
        rewards[at] = paid * rewardScale;
        next[at] = account.ended ? ENDED : stateOf(account.units, config);
      }
    }
  }
  return { states, playable, rewards, next };
}
