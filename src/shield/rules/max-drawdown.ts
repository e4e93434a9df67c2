/**
 * Maximum drawdown of the equity marked at closes. The halting level counts from the highest equity ever seen, which
 * outlives episodes and restarts. The reducing level counts from a reference that starts afresh after a rest without a
 * position: an account that is flat can't recover, so without the rest "reduce" would be a halt by another name.
 */
import { z } from 'zod';
import { ALLOW, halt, type Rule, reduceOnly, threshold } from '../rule.ts';

interface State {
  /** Highest equity ever seen, in quote currency; null before the first decision. */
  peak: number | null;
  /** Highest equity since the last rest. */
  reference: number | null;
  /** Flat bars in a row below the reducing level. */
  rested: number;
  [key: string]: number | null;
}

const nothing: State = { peak: null, reference: null, rested: 0 };

export const maxDrawdown: Rule<{ reduceAt: number; haltAt: number; restBars: number }, State> = {
  name: 'max-drawdown',
  doc: 'reductions only at one drawdown of the marked equity, halt at a deeper one',
  config: z.strictObject({
    reduceAt: threshold(z.number().gt(0).lt(1), 'lower', 'share of the peak', 'from here on only reductions pass'),
    haltAt: threshold(z.number().gt(0).lt(1), 'lower', 'share of the peak ever', 'from here on: flatten and halt'),
    restBars: threshold(z.int().min(1), 'higher', 'flat bars', 'rest after which the reducing level starts afresh'),
  }),
  state: z.strictObject({
    peak: z.number().nullable(),
    reference: z.number().nullable(),
    rested: z.int().min(0),
  }),
  standard: { reduceAt: 0.1, haltAt: 0.2, restBars: 168 },
  profiles: { cautious: {}, balanced: { reduceAt: 0.15, haltAt: 0.3, restBars: 48 } },
  initial: () => nothing,
  judge({ reduceAt, haltAt, restBars }, state, { facts: { equity, units } }) {
    const peak = Math.max(state.peak ?? equity, equity);
    const reference = Math.max(state.reference ?? equity, equity);
    // Written so that a peak at or below zero, which has no drawdown, halts.
    if (!(equity > peak * (1 - haltAt)))
      return {
        verdict: halt('drawdown', { equity, peak, drawdown: 1 - equity / peak, haltAt }),
        state: { peak, reference, rested: 0 },
      };
    if (equity > reference * (1 - reduceAt)) return { verdict: ALLOW, state: { peak, reference, rested: 0 } };
    if (state.rested >= restBars && units === 0)
      return { verdict: ALLOW, state: { peak, reference: equity, rested: 0 } };
    return {
      verdict: reduceOnly('drawdown', { equity, reference, drawdown: 1 - equity / reference, reduceAt }),
      state: { peak, reference, rested: units === 0 ? state.rested + 1 : 0 },
    };
  },
  carry: ({ peak, reference }) => ({ peak, reference, rested: 0 }),
};
