/** Largest value of the position, against the equity that the account started with. */
import { z } from 'zod';
import { nextUnitOf, notionalOf } from '../exposure.ts';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const maxNotional: Rule<{ maxMultiple: number }, NoState> = {
  name: 'max-notional',
  doc: "no further unit that would bring the position's value beyond this multiple of the starting equity",
  config: z.strictObject({
    maxMultiple: threshold(z.number().min(0), 'lower', 'x starting equity', 'largest value of the position'),
  }),
  state: noState,
  standard: { maxMultiple: 2 },
  profiles: { cautious: {}, balanced: { maxMultiple: 4 } },
  initial: () => null,
  judge({ maxMultiple }, state, { facts }) {
    const notional = notionalOf(facts) + nextUnitOf(facts);
    const limit = maxMultiple * facts.startingEquity;
    return { verdict: notional <= limit ? ALLOW : reduceOnly('max-notional', { notional, limit }), state };
  },
};
