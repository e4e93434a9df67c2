/** A rest after several losing trades in a row. */
import { z } from 'zod';
import { ALLOW, type Rule, reduceOnly, threshold } from '../rule.ts';

interface State {
  /** Closed trades seen. */
  closed: number;
  /** Losing trades in a row. */
  streak: number;
  /** Unix ms of the decision that saw the last loss; null without one. */
  lostMs: number | null;
  [key: string]: number | null;
}

export const lossStreak: Rule<{ losses: number; coolDownBars: number }, State> = {
  name: 'loss-streak',
  doc: 'reductions only for a while after several losing trades in a row',
  config: z.strictObject({
    losses: threshold(z.int().min(1), 'lower', 'trades', 'losing trades in a row that start the cool-down'),
    coolDownBars: threshold(z.int().min(1), 'higher', 'bars', 'length of the cool-down'),
  }),
  state: z.strictObject({ closed: z.int().min(0), streak: z.int().min(0), lostMs: z.number().nullable() }),
  standard: { losses: 4, coolDownBars: 24 },
  profiles: { cautious: {}, balanced: { losses: 6, coolDownBars: 12 } },
  initial: () => ({ closed: 0, streak: 0, lostMs: null }),
  judge({ losses, coolDownBars }, state, { facts }) {
    const fresh = facts.closedTrades - state.closed;
    let { streak, lostMs } = state;
    if (fresh > 0) {
      // Of several trades closed at once only the last return is known; a loss counts for all of them.
      const lost = !(facts.lastTradeLogReturn >= 0);
      streak = lost ? streak + fresh : 0;
      lostMs = lost ? facts.timeMs : null;
    }
    const restedBars = (facts.timeMs - (lostMs ?? Number.NEGATIVE_INFINITY)) / facts.timeframeMs;
    const cooling = streak >= losses && restedBars < coolDownBars;
    if (streak >= losses && !cooling) streak = 0;
    return {
      verdict: cooling ? reduceOnly('loss-streak', { streak, losses, restedBars, coolDownBars }) : ALLOW,
      state: { closed: facts.closedTrades, streak, lostMs },
    };
  },
};
