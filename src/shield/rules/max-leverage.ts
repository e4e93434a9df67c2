/** Largest value of the position against the equity of the moment. */
import { z } from 'zod';
import { nextUnitOf, notionalOf } from '../exposure.ts';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

/** A spot account that is fully invested has leverage 1 but for the last bits of its sum. */
const ROUNDING = 1e-9;

export const maxLeverage: Rule<{ maxLeverage: number }, NoState> = {
  name: 'max-leverage',
  doc: "no further unit that would bring the position's value beyond this multiple of the equity",
  config: z.strictObject({
    maxLeverage: threshold(z.number().min(0), 'lower', 'x equity', 'largest value of the position'),
  }),
  state: noState,
  standard: { maxLeverage: 1 },
  profiles: { cautious: {}, balanced: { maxLeverage: 2 } },
  initial: () => null,
  judge({ maxLeverage: limit }, state, { facts }) {
    const notional = notionalOf(facts) + nextUnitOf(facts);
    const { equity } = facts;
    const within = equity > 0 && notional <= limit * equity * (1 + ROUNDING);
    return { verdict: within ? ALLOW : reduceOnly('max-leverage', { notional, equity, limit }), state };
  },
};
