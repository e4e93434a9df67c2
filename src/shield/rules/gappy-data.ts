/** No new risk on a window with holes. */
import { z } from 'zod';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const gappyData: Rule<{ maxGapBars: number }, NoState> = {
  name: 'gappy-data',
  doc: 'reductions only while more bars than this are missing in the window or just before it',
  config: z.strictObject({
    maxGapBars: threshold(z.int().min(0), 'lower', 'bars', 'most missing bars'),
  }),
  state: noState,
  standard: { maxGapBars: 0 },
  profiles: { cautious: {}, balanced: { maxGapBars: 2 } },
  initial: () => null,
  judge({ maxGapBars }, state, { facts: { gapBars } }) {
    return { verdict: gapBars <= maxGapBars ? ALLOW : reduceOnly('gappy-data', { gapBars, maxGapBars }), state };
  },
};
