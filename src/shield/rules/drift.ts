/**
 * Whether a bot still does what was promised of it: a test by betting that may be looked at after every bar (Waudby-Smith
 * and Ramdas, "Estimating means of bounded random variables by betting", Journal of the Royal Statistical Society B
 * 86(1), 2024). A bet of lambda against the promised mean mu0 multiplies
 *
 *   E[t] = E[t-1] (1 + lambda (mu0 - r[t]))
 *
 * with r the simple return of a bar. While the mean is at least mu0, E is a supermartingale that began with 1, and by
 * Ville's inequality it ever reaches 20 in at most one case of twenty. That holds as long as no bar gains more than
 * 1 / lambda; beyond, E is 0.
 */
import { z } from 'zod';
import { ALLOW, halt, type Rule, threshold } from '../rule.ts';

interface State {
  /** Equity at the last bar, in quote currency; null before the first decision. */
  last: number | null;
  /** E: how much more likely it became that the promise is broken. */
  evidence: number;
  [key: string]: number | null;
}

interface Config {
  promised: number;
  lambda: number;
  stopAt: number;
  [key: string]: number;
}

/** E after one more bar. */
export function bet(evidence: number, { promised, lambda }: Pick<Config, 'promised' | 'lambda'>, r: number): number {
  return Math.min(Number.MAX_VALUE, evidence * Math.max(0, 1 + lambda * (promised - r)));
}

export const drift: Rule<Config, State> = {
  name: 'drift',
  doc: 'halts once the returns are evidence that the promised mean is not kept',
  config: z.strictObject({
    promised: threshold(z.number().min(-0.1).max(0.1), 'higher', 'simple return a bar', 'the mean that was promised'),
    lambda: threshold(
      z.number().gt(0).max(100),
      'shape',
      '1 / return',
      'size of the bet: promised / variance is best against no edge',
    ),
    stopAt: threshold(
      z.number().gt(1).max(1e9),
      'lower',
      'x the evidence at the start',
      '1 / stopAt is the chance of a false alarm, ever',
    ),
  }),
  state: z.strictObject({ last: z.number().nullable(), evidence: z.number().min(0) }),
  standard: { promised: 0, lambda: 5, stopAt: 20 },
  profiles: {},
  initial: () => ({ last: null, evidence: 1 }),
  judge(config, { last, evidence: before }, { facts: { equity } }) {
    // An account that has nothing can't gain: as if it lost all again.
    const evidence = last === null ? before : bet(before, config, last > 0 ? equity / last - 1 : -1);
    const state = { last: equity, evidence };
    const { promised, stopAt } = config;
    return evidence < stopAt
      ? { verdict: ALLOW, state }
      : { verdict: halt('drift', { evidence, promised, stopAt }), state };
  },
  carry: (state) => state,
};
