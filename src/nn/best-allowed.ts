import { ACTION_COUNT, type Action } from '../core/action.ts';
import { InputError } from '../core/errors.ts';
import type { Masks } from './losses.ts';

/**
 * The allowed action with the highest of three scores (mask null: all are allowed); ties go to the lowest number.
 * @throws InputError where a score is no number: a comparison with NaN would choose an action nobody asked for
 */
export function bestAllowed(scores: Float32Array, scoresAt: number, mask: Masks, maskAt: number): Action {
  let best = -1;
  for (let a = 0; a < ACTION_COUNT; a++) {
    if (!Number.isFinite(scores[scoresAt + a])) {
      throw new InputError(
        `agent: its network gives ${scores[scoresAt + a]}, the training diverged; train again with a lower learningRate`,
      );
    }
    if ((mask === null || mask[maskAt + a] === 1) && (best < 0 || scores[scoresAt + a] > scores[scoresAt + best]))
      best = a;
  }
  return best as Action;
}
