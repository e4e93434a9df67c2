/** An agent that is undecided does nothing. */
import { z } from 'zod';
import { HOLD } from '../../core/action.ts';
import { log } from '../../core/math.ts';
import { ALLOW, deny, type NoState, noState, type Rule, threshold } from '../rule.ts';

/**
 * H = -sum p ln p / ln k over the k actions that the mask allows, so 1 for an agent that knows nothing. A masked action
 * has no probability at all; were it counted, an agent that may only BUY or HOLD could never seem undecided.
 */
function entropyOf(probabilities: readonly number[]): number {
  let sum = 0;
  let allowed = 0;
  for (const p of probabilities) {
    if (p === 0) continue;
    sum -= p * log(p);
    allowed++;
  }
  return allowed === 1 ? 0 : sum / log(allowed);
}

export const confidence: Rule<{ maxEntropy: number; minQGap: number }, NoState> = {
  name: 'confidence',
  doc: 'denies a request of an agent that is undecided: entropy too high, or a Q-value too close to that of HOLD',
  config: z.strictObject({
    maxEntropy: threshold(
      z.number().min(0).max(1),
      'lower',
      'share of ln k',
      'largest entropy of the probabilities of the k allowed actions',
    ),
    minQGap: threshold(z.number().min(0), 'higher', 'scaled reward', 'smallest Q(request) - Q(HOLD)'),
  }),
  state: noState,
  standard: { maxEntropy: 0.98, minQGap: 0.01 },
  profiles: { cautious: {}, balanced: { maxEntropy: 0.995, minQGap: 0 } },
  initial: () => null,
  judge({ maxEntropy, minQGap }, state, { request, decision }) {
    if (request === HOLD || decision === null) return { verdict: ALLOW, state };
    if (decision.probabilities !== null) {
      const entropy = entropyOf(decision.probabilities);
      if (!(entropy <= maxEntropy)) return { verdict: deny('entropy', { entropy, maxEntropy }), state };
    }
    if (decision.qValues !== null) {
      const gap = decision.qValues[request] - decision.qValues[HOLD];
      if (!(gap >= minQGap)) return { verdict: deny('q-gap', { gap, minQGap }), state };
    }
    return { verdict: ALLOW, state };
  },
};
