/** Unknown is a state of its own: nothing is opened while an order or the position is unresolved. */
import { z } from 'zod';
import { ALLOW, type NoState, noState, type Rule, reduceOnly } from '../rule.ts';

export const unknownState: Rule<Record<string, never>, NoState> = {
  name: 'unknown-state',
  doc: 'reductions only while any order or the position is unresolved',
  config: z.strictObject({}),
  state: noState,
  standard: {},
  profiles: { cautious: {}, balanced: {} },
  initial: () => null,
  judge(_, state, { facts: { unknownState: unknown } }) {
    return { verdict: unknown ? reduceOnly('unknown-state', {}) : ALLOW, state };
  },
};
