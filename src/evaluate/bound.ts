/**
 * The best that a policy can earn in a world whose law is known: a dynamic programme over (state, units), costs
 * included (Bellman 1957; with proportional costs its solution is a band in which nothing is done, Davis and Norman
 * 1990). The account is the canonical one, which holds units / maxUnits of its equity; what the policy then earns is
 * counted by a backtest like everybody else's.
 */
import type { AccountConfig } from '../core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../core/action.ts';
import { PLAIN } from '../core/agent.ts';
import { assert } from '../core/errors.ts';
import { log } from '../core/math.ts';
import type { Law } from '../market/worlds/index.ts';
import type { Policy } from './policy.ts';

/** Bars that the programme looks ahead; every world forgets its state far sooner. */
const HORIZON = 1000;
/** Whole days, over which a growth is averaged: a law may depend on the hour. */
const AVERAGED = 240;
/** HOLD first: what earns no more is not done. */
const ORDER = [HOLD, SELL, BUY] as const;

/** Units after an order on a spot account: BUY adds one, SELL closes. */
export function unitsAfter(units: number, action: Action, maxUnits: number): number {
  if (action === SELL) return 0;
  return action === BUY ? Math.min(maxUnits, units + 1) : units;
}

/** The optimal action by (state, units), and what it earns a bar in the long run. */
export interface Bound {
  /** (states, maxUnits + 1) */
  readonly actions: Uint8Array;
  /** Mean log growth a bar of the canonical account. */
  readonly growth: number;
}

/**
 * V_k(z, u) = max_a [ g(z, n) + ln(1 - c |n - u| / U) + sum_z' P(z, z') V_(k-1)(z', n) ], n = n(u, a), backwards over
 * HORIZON bars; c = fee and slippage of a side.
 */
export function solveLaw(law: Law, account: AccountConfig): Bound {
  assert(account.mode === 'spot', 'bounds are of spot accounts');
  const { maxUnits, feeRate, slippageRate } = account;
  const { states, transition } = law;
  const width = maxUnits + 1;
  const cost = 1 - (1 - feeRate) * (1 - slippageRate);
  const growth = new Float64Array(states * width);
  for (let z = 0; z < states; z++) for (let n = 1; n < width; n++) growth[z * width + n] = law.growth(z, n / maxUnits);

  const actions = new Uint8Array(states * width);
  let values = new Float64Array(states * width);
  let before = 0;
  for (let bar = 0; bar < HORIZON; bar++) {
    if (bar === HORIZON - AVERAGED) before = values[0];
    const ahead = expect(transition, values, states, width);
    const next = new Float64Array(states * width);
    for (let z = 0; z < states; z++) {
      for (let u = 0; u < width; u++) {
        let best = Number.NEGATIVE_INFINITY;
        for (const action of ORDER) {
          const n = unitsAfter(u, action, maxUnits);
          const value = growth[z * width + n] + log(1 - (cost * Math.abs(n - u)) / maxUnits) + ahead[z * width + n];
          if (value <= best) continue;
          best = value;
          actions[z * width + u] = action;
        }
        next[z * width + u] = best;
      }
    }
    values = next;
  }
  return { actions, growth: (values[0] - before) / AVERAGED };
}

/** (states, width) sum over z' of P(z, z') values(z', n). */
function expect(transition: Float64Array, values: Float64Array, states: number, width: number): Float64Array {
  const out = new Float64Array(states * width);
  for (let z = 0; z < states; z++) {
    for (let to = 0; to < states; to++) {
      const p = transition[z * states + to];
      if (p === 0) continue;
      for (let n = 0; n < width; n++) out[z * width + n] += p * values[to * width + n];
    }
  }
  return out;
}

/** @param states (rows) the law's state at each row's close */
export function boundPolicy({ actions }: Bound, states: Int32Array, { maxUnits }: AccountConfig): Policy {
  return {
    name: 'bound',
    decide(row, obs, account) {
      const action = actions[states[row] * (maxUnits + 1) + account.units] as Action;
      return PLAIN[obs.mask[action] === 1 ? action : HOLD];
    },
  };
}
