/**
 * The agent knows nothing about markets that its training fold didn't show. Two measures of that: the share of columns
 * that the scaler had to clip, and the distance of the newest row from the training fold (training-range.ts).
 */
import { z } from 'zod';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const outOfRange: Rule<{ maxClippedShare: number; maxDistance: number }, NoState> = {
  name: 'out-of-range',
  doc: 'reductions only while the observation lies outside of what the training fold showed',
  config: z.strictObject({
    maxClippedShare: threshold(z.number().min(0).max(1), 'lower', 'share of columns', 'most clipped columns'),
    maxDistance: threshold(
      z.number().positive(),
      'lower',
      "x the training fold's 99.9 % quantile",
      'largest Mahalanobis distance; where a fit is given',
    ),
  }),
  state: noState,
  standard: { maxClippedShare: 0.25, maxDistance: 1.5 },
  profiles: { cautious: {}, balanced: { maxClippedShare: 0.4, maxDistance: 2.5 } },
  initial: () => null,
  judge({ maxClippedShare, maxDistance }, state, { facts: { clippedShare }, trainingDistance }) {
    if (!(clippedShare <= maxClippedShare))
      return { verdict: reduceOnly('clipped', { clippedShare, maxClippedShare }), state };
    if (trainingDistance !== null && !(trainingDistance <= maxDistance))
      return { verdict: reduceOnly('far-from-training', { distance: trainingDistance, maxDistance }), state };
    return { verdict: ALLOW, state };
  },
};
