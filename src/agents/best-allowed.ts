import { ACTION_COUNT, type Action } from '../core/action.ts';
import { assert } from '../core/errors.ts';

/** The allowed action with the highest of three scores; ties go to the lowest number. */
export function bestAllowed(scores: Float32Array, scoresAt: number, mask: Uint8Array, maskAt: number): Action {
  let best = -1;
  for (let a = 0; a < ACTION_COUNT; a++) {
    // A comparison with NaN is false, and would choose an action nobody asked for.
    assert(Number.isFinite(scores[scoresAt + a]), 'a network gave a value that is no number');
    if (mask[maskAt + a] === 1 && (best < 0 || scores[scoresAt + a] > scores[scoresAt + best])) best = a;
  }
  return best as Action;
}
