/** No new risk while the market is wide. Where the spread isn't known (a backtest), the rule is silent. */
import { z } from 'zod';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const spread: Rule<{ maxSpread: number }, NoState> = {
  name: 'spread',
  doc: 'reductions only while bid and ask are further apart than this',
  config: z.strictObject({
    maxSpread: threshold(z.number().min(0), 'lower', 'share of the price', 'widest spread'),
  }),
  state: noState,
  standard: { maxSpread: 0.001 },
  profiles: { cautious: {}, balanced: { maxSpread: 0.003 } },
  initial: () => null,
  judge({ maxSpread }, state, { facts }) {
    const wide = facts.spread > maxSpread;
    return { verdict: wide ? reduceOnly('spread', { spread: facts.spread, maxSpread }) : ALLOW, state };
  },
};
