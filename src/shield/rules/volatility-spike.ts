/** Volatility of the last bars against that of the longer past; both are exponential means of squared log returns. */
import { z } from 'zod';
import { log } from '../../core/math.ts';
import { ALLOW, type Rule, reduceOnly, threshold } from '../rule.ts';

interface State {
  close: number | null;
  /** Mean squared log return per bar, fast and slow. */
  fast: number;
  slow: number;
  /** Returns seen, counted up to slowBars. */
  seen: number;
  [key: string]: number | null;
}

/** s' = s + a (x - s) with a = 2 / (bars + 1), the usual exponential mean. */
function smooth(mean: number, bars: number, value: number): number {
  return mean + (2 / (bars + 1)) * (value - mean);
}

export const volatilitySpike: Rule<{ maxRatio: number; fastBars: number; slowBars: number }, State> = {
  name: 'volatility-spike',
  doc: 'reductions only while volatility is a multiple of what it was',
  config: z.strictObject({
    maxRatio: threshold(z.number().positive(), 'lower', 'x the long volatility', 'largest short volatility'),
    fastBars: threshold(z.int().min(1), 'shape', 'bars', 'span of the short volatility'),
    slowBars: threshold(z.int().min(2), 'shape', 'bars', 'span of the long volatility, and the warm-up'),
  }),
  state: z.strictObject({ close: z.number().nullable(), fast: z.number(), slow: z.number(), seen: z.int().min(0) }),
  standard: { maxRatio: 3, fastBars: 6, slowBars: 168 },
  profiles: { cautious: {}, balanced: { maxRatio: 5 } },
  initial: () => ({ close: null, fast: 0, slow: 0, seen: 0 }),
  judge({ maxRatio, fastBars, slowBars }, state, { facts: { close } }) {
    if (state.close === null) return { verdict: ALLOW, state: { ...state, close } };
    const logReturn = log(close / state.close);
    const squared = logReturn * logReturn;
    // The spike is measured against the past, so the newest return counts in the fast mean only.
    const fast = state.seen === 0 ? squared : smooth(state.fast, fastBars, squared);
    const ratio = Math.sqrt(fast / state.slow);
    const warm = state.seen >= slowBars && state.slow > 0;
    const verdict = warm && !(ratio <= maxRatio) ? reduceOnly('volatility-spike', { ratio, maxRatio }) : ALLOW;
    const slow = state.seen === 0 ? squared : smooth(state.slow, slowBars, squared);
    return { verdict, state: { close, fast, slow, seen: Math.min(slowBars, state.seen + 1) } };
  },
};
