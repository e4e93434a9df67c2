/**
 * Several environments that step together, in Gymnasium's vocabulary (Towers et al., "Gymnasium", 2024) with same-step
 * autoreset: where an episode ends, `obs` already holds the next episode's first observation and `finalObs` the last
 * one of the old. All arrays belong to the environment and are overwritten by the next call.
 *
 * A state is small: a row number of one table, a few floats, and a mask. `writeObservation` turns it into a window
 * again, so a replay buffer keeps states and not windows.
 */
import type { Json } from '../core/json.ts';
import type { MarketOutcomes } from './outcomes.ts';

/** Several environments that step together; the head of the file says what each array holds and when. */
export interface VectorEnv {
  /** Environments. */
  readonly count: number;
  /** Rows in a window. */
  readonly window: number;
  /** Columns in a window, extras included. */
  readonly features: number;
  /** Floats that a state has beside its row; the last columns of a window, constant over its rows. */
  readonly extraWidth: number;
  /** (rows, features) what `writeObservation` reads. Stored states are only good for a table of the same hash. */
  readonly table: Float32Array;

  /** (count, window, features) */
  readonly obs: Float32Array;
  /** (count, 3) 1 where the action is allowed; HOLD always is. */
  readonly masks: Uint8Array;
  /** (count) the table row that ends each window. */
  readonly bars: Int32Array;
  /** (count, extraWidth) */
  readonly extras: Float32Array;

  /** (count) */
  readonly rewards: Float64Array;
  /** (count) 1 where the episode came to an end of its own: no value follows. */
  readonly terminated: Uint8Array;
  /** (count) 1 where it was only cut off: the value of the final state counts. */
  readonly truncated: Uint8Array;

  /** As obs, masks, bars and extras, valid where `terminated` or `truncated` is 1. */
  readonly finalObs: Float32Array;
  readonly finalMasks: Uint8Array;
  readonly finalBars: Int32Array;
  readonly finalExtras: Float32Array;

  /** Seeds the environment and starts every episode anew. */
  reset(seed: number): void;
  /** @param actions (count) */
  step(actions: Uint8Array | Int32Array): void;
  /** Writes the window (window, features) of a state to `out[outOffset..]`. */
  writeObservation(bar: number, extras: Float32Array, extrasOffset: number, out: Float32Array, outOffset: number): void;
  /**
   * What every action leads to, where what happens outside doesn't depend on what is done: a market without impact.
   * Missing where it does.
   * @throws InputError where the rewards or the masks depend on how a state was reached
   */
  outcomes?(): MarketOutcomes;
  /** Between two steps. What is restored goes on as if it had never stopped. */
  saveState(): Json;
  restoreState(state: Json): void;
}
