import type { AccountConfig } from '../../core/account.ts';
import { BUY, HOLD } from '../../core/action.ts';
import { PLAIN } from '../../core/agent.ts';
import type { Policy } from '../policy.ts';
import type { Baseline } from './baseline.ts';

/** One unit is everything there is. */
export function wholeAccount(account: AccountConfig): AccountConfig {
  return { ...account, maxUnits: 1, unitQuote: null };
}

/** Buys once, as soon as it is allowed to, and never sells. */
export function holdingPolicy(name: string): Policy {
  return { name, decide: (_row, obs) => PLAIN[obs.mask[BUY] === 1 ? BUY : HOLD] };
}

export const buyAndHold: Baseline = {
  name: 'buy-and-hold',
  label: 'Buy and hold',
  doc: 'the whole equity at the first decision, held to the end, costs of both sides included',
  needs: [],
  create: ({ account }) => ({ policy: holdingPolicy('buy-and-hold'), account: wholeAccount(account) }),
};
