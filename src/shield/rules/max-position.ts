/** Most units held, as a share of what the account would allow. */
import { z } from 'zod';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const maxPosition: Rule<{ maxShare: number }, NoState> = {
  name: 'max-position',
  doc: 'no further unit beyond this share of maxUnits',
  config: z.strictObject({
    maxShare: threshold(z.number().min(0).max(1), 'lower', 'share of maxUnits', 'largest position, long or short'),
  }),
  state: noState,
  standard: { maxShare: 0.75 },
  profiles: { cautious: {}, balanced: { maxShare: 1 } },
  initial: () => null,
  judge({ maxShare }, state, { facts: { units, maxUnits } }) {
    const room = Math.abs(units) + 1 <= maxShare * maxUnits;
    return { verdict: room ? ALLOW : reduceOnly('max-position', { units, maxUnits, maxShare }), state };
  },
};
