/** The loss of one UTC day on marked equity. */
import { z } from 'zod';
import { ALLOW, type Rule, reduceOnly, threshold } from '../rule.ts';

interface State {
  /** UTC day number; null before the first decision. */
  day: number | null;
  /** Equity with which the day began. */
  start: number;
  /** Equity at the last decision. */
  last: number;
  [key: string]: number | null;
}

const DAY_MS = 86_400_000;

export const dailyLoss: Rule<{ maxLoss: number }, State> = {
  name: 'daily-loss',
  doc: 'reductions only for the rest of a UTC day that has lost too much',
  config: z.strictObject({
    maxLoss: threshold(z.number().gt(0).lt(1), 'lower', "share of the day's first equity", 'loss that ends the day'),
  }),
  state: z.strictObject({ day: z.int().nullable(), start: z.number(), last: z.number() }),
  standard: { maxLoss: 0.03 },
  profiles: { cautious: {}, balanced: { maxLoss: 0.06 } },
  initial: () => ({ day: null, start: 0, last: 0 }),
  judge({ maxLoss }, state, { facts: { timeMs, equity } }) {
    // A bar that closes at midnight belongs to the day that ends there.
    const day = Math.floor((timeMs - 1) / DAY_MS);
    const start = state.day === null ? equity : state.day === day ? state.start : state.last;
    const within = equity > start * (1 - maxLoss);
    return {
      verdict: within ? ALLOW : reduceOnly('daily-loss', { equity, start, maxLoss }),
      state: { day, start, last: equity },
    };
  },
};
