/**
 * One rollout of PPO, (steps, envs) row-major. Like the replay buffer it keeps bar numbers and account floats, and the
 * environment writes the windows again when a minibatch asks for them.
 */
import { InputError } from '../core/errors.ts';
import type { VectorEnv } from '../env/vector-env.ts';

export class RolloutBuffer {
  readonly steps: number;
  readonly envs: number;
  readonly extraWidth: number;
  readonly bars: Int32Array;
  /** (steps, envs, extraWidth) */
  readonly extras: Float32Array;
  /** (steps, envs, 3) */
  readonly masks: Uint8Array;
  readonly actions: Uint8Array;
  /** Of the action taken, on the masked distribution. */
  readonly logProbs: Float32Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** V of the state in which an episode was truncated; 0 elsewhere. */
  readonly finalValues: Float32Array;
  /** Steps that are filled. */
  length = 0;

  constructor(options: { steps: number; envs: number; extraWidth: number }) {
    const { steps, envs, extraWidth } = options;
    const size = steps * envs;
    this.steps = steps;
    this.envs = envs;
    this.extraWidth = extraWidth;
    this.bars = new Int32Array(size);
    this.extras = new Float32Array(size * extraWidth);
    this.masks = new Uint8Array(size * 3);
    this.actions = new Uint8Array(size);
    this.logProbs = new Float32Array(size);
    this.rewards = new Float32Array(size);
    this.terminated = new Uint8Array(size);
    this.truncated = new Uint8Array(size);
    this.finalValues = new Float32Array(size);
  }

  /** Before a step: the state, the action chosen in it and that action's log-probability, for every environment. */
  begin(env: VectorEnv, actions: Uint8Array, logProbs: Float32Array): void {
    const at = this.length * this.envs;
    this.bars.set(env.bars, at);
    this.extras.set(env.extras, at * this.extraWidth);
    this.masks.set(env.masks, at * 3);
    this.actions.set(actions, at);
    this.logProbs.set(logProbs, at);
  }

  /** After the step: what it led to. The values of truncated states are the caller's to fill in. */
  finish(env: VectorEnv): void {
    const at = this.length * this.envs;
    this.rewards.set(env.rewards, at);
    this.terminated.set(env.terminated, at);
    this.truncated.set(env.truncated, at);
    this.finalValues.fill(0, at, at + this.envs);
    this.length++;
  }

  /** Writes the observations at the positions order[start, start + batch) to `out` (batch, window, features). */
  writeObservations(env: VectorEnv, order: Int32Array, start: number, batch: number, out: Float32Array): void {
    const windowSize = env.window * env.features;
    for (let i = 0; i < batch; i++) {
      const at = order[start + i];
      env.writeObservation(this.bars[at], this.extras, at * this.extraWidth, out, i * windowSize);
    }
  }

  #arrays() {
    const { bars, extras, logProbs, rewards, finalValues, masks, actions, terminated, truncated } = this;
    return [bars, extras, logProbs, rewards, finalValues, masks, actions, terminated, truncated];
  }

  /** The filled steps, as they lie in memory (little-endian). */
  save(): Uint8Array {
    const parts = this.#arrays().map((array) => this.#filled(array));
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }

  /** @throws InputError where `bytes` are not `length` steps of a rollout of this size. */
  load(bytes: Uint8Array, length: number): void {
    this.length = length;
    const parts = this.#arrays().map((array) => this.#filled(array));
    const expected = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes.length !== expected) {
      throw new InputError(
        `rollout: ${bytes.length} bytes were saved, ${length} steps of this training have ${expected}; resume with the same config`,
      );
    }
    let offset = 0;
    for (const part of parts) {
      part.set(bytes.subarray(offset, offset + part.length));
      offset += part.length;
    }
  }

  #filled(array: Int32Array | Float32Array | Uint8Array): Uint8Array {
    return new Uint8Array(array.buffer, 0, (array.byteLength / this.steps) * this.length);
  }
}
