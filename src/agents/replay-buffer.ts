/**
 * Experience replay (Lin 1992; Mnih et al., "Human-level control through deep reinforcement learning", Nature 2015).
 * Departs from it in what is kept: a state is a bar number and a few account floats, so a transition takes
 * 14 + 8 x extraWidth bytes (46 with four account columns) instead of two windows. The windows are written again when
 * they are sampled, by the environment that owns the table; so the buffer is bound to the table's hash.
 */
import { InputError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { VectorEnv } from '../env/vector-env.ts';

export class ReplayBuffer {
  readonly capacity: number;
  readonly extraWidth: number;
  readonly tableHash: string;
  readonly #bars: Int32Array;
  readonly #nextBars: Int32Array;
  /** (capacity, extraWidth) */
  readonly #extras: Float32Array;
  readonly #nextExtras: Float32Array;
  readonly #rewards: Float32Array;
  /** Bits 0-1 the action, 2-4 the mask, 5 terminated. */
  readonly #flags: Uint8Array;
  /** Bits 0-2 the mask of the next state. */
  readonly #nextMasks: Uint8Array;
  #size = 0;
  #cursor = 0;

  constructor(options: { capacity: number; extraWidth: number; tableHash: string }) {
    const { capacity, extraWidth } = options;
    this.capacity = capacity;
    this.extraWidth = extraWidth;
    this.tableHash = options.tableHash;
    this.#bars = new Int32Array(capacity);
    this.#nextBars = new Int32Array(capacity);
    this.#extras = new Float32Array(capacity * extraWidth);
    this.#nextExtras = new Float32Array(capacity * extraWidth);
    this.#rewards = new Float32Array(capacity);
    this.#flags = new Uint8Array(capacity);
    this.#nextMasks = new Uint8Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get byteLength(): number {
    return Object.values(this.#arrays()).reduce((sum, array) => sum + array.byteLength, 0);
  }

  /** Before a step: writes each environment's state into the place of its coming transition. */
  begin(env: VectorEnv): void {
    for (let i = 0; i < env.count; i++) {
      const at = (this.#cursor + i) % this.capacity;
      this.#bars[at] = env.bars[i];
      copyFloats(env.extras, i * this.extraWidth, this.#extras, at * this.extraWidth, this.extraWidth);
      this.#flags[at] = packMask(env.masks, i * 3) << 2;
    }
  }

  /** After the step: completes the transitions. Where an episode ended, the next state is the one it ended in. */
  finish(env: VectorEnv, actions: Uint8Array): void {
    for (let i = 0; i < env.count; i++) {
      const at = this.#cursor;
      const ended = env.terminated[i] === 1 || env.truncated[i] === 1;
      this.#nextBars[at] = ended ? env.finalBars[i] : env.bars[i];
      const extras = ended ? env.finalExtras : env.extras;
      copyFloats(extras, i * this.extraWidth, this.#nextExtras, at * this.extraWidth, this.extraWidth);
      this.#nextMasks[at] = packMask(ended ? env.finalMasks : env.masks, i * 3);
      this.#rewards[at] = env.rewards[i];
      this.#flags[at] |= actions[i] | (env.terminated[i] << 5);
      this.#cursor = (at + 1) % this.capacity;
      if (this.#size < this.capacity) this.#size++;
    }
  }

  /** Fills `indices` with transitions drawn uniformly, with replacement. */
  sample(rng: Rng, indices: Int32Array): void {
    for (let i = 0; i < indices.length; i++) indices[i] = rng.integer(this.#size);
  }

  /**
   * Writes the drawn transitions out: `obs` and `nextObs` (batch, window, features), `nextMasks` (batch, 3), the
   * rest (batch).
   */
  gather(
    env: VectorEnv,
    indices: Int32Array,
    out: {
      obs: Float32Array;
      nextObs: Float32Array;
      actions: Uint8Array;
      rewards: Float32Array;
      terminated: Uint8Array;
      nextMasks: Uint8Array;
    },
  ): void {
    const windowSize = env.window * env.features;
    const width = this.extraWidth;
    for (let i = 0; i < indices.length; i++) {
      const at = indices[i];
      env.writeObservation(this.#bars[at], this.#extras, at * width, out.obs, i * windowSize);
      env.writeObservation(this.#nextBars[at], this.#nextExtras, at * width, out.nextObs, i * windowSize);
      out.actions[i] = this.#flags[at] & 3;
      out.rewards[i] = this.#rewards[at];
      out.terminated[i] = this.#flags[at] >> 5;
      for (let a = 0; a < 3; a++) out.nextMasks[i * 3 + a] = (this.#nextMasks[at] >> a) & 1;
    }
  }

  #arrays() {
    return {
      bars: this.#bars,
      nextBars: this.#nextBars,
      extras: this.#extras,
      nextExtras: this.#nextExtras,
      rewards: this.#rewards,
      flags: this.#flags,
      nextMasks: this.#nextMasks,
    };
  }

  /** A JSON line with the sizes, then the arrays as they lie in memory (little-endian), as far as they are filled. */
  save(): Uint8Array {
    const { capacity, extraWidth, tableHash } = this;
    const header = new TextEncoder().encode(
      `${JSON.stringify({ capacity, extraWidth, tableHash, size: this.#size, cursor: this.#cursor })}\n`,
    );
    const parts = Object.values(this.#arrays()).map((array) =>
      filledBytes(array, (array.byteLength / capacity) * this.#size),
    );
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, header.length));
    bytes.set(header);
    let offset = header.length;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }

  /** @throws InputError where the bytes are of another table, capacity or width. */
  load(bytes: Uint8Array): void {
    const end = bytes.indexOf(10);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    for (const name of ['tableHash', 'capacity', 'extraWidth'] as const) {
      if (header[name] !== this[name]) {
        throw new InputError(
          `replay buffer: saved with ${name} ${header[name]}, but this training has ${this[name]}; resume with the data and config it was started with`,
        );
      }
    }
    this.#size = header.size;
    this.#cursor = header.cursor;
    let offset = end + 1;
    for (const array of Object.values(this.#arrays())) {
      const part = filledBytes(array, (array.byteLength / this.capacity) * this.#size);
      if (offset + part.length > bytes.length) throw new InputError('replay buffer: the file is cut short; restore it');
      part.set(bytes.subarray(offset, offset + part.length));
      offset += part.length;
    }
  }
}

function filledBytes(array: Int32Array | Float32Array | Uint8Array, length: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, length);
}

function packMask(masks: Uint8Array, offset: number): number {
  return masks[offset] | (masks[offset + 1] << 1) | (masks[offset + 2] << 2);
}

function copyFloats(from: Float32Array, fromOffset: number, to: Float32Array, toOffset: number, count: number): void {
  for (let i = 0; i < count; i++) to[toOffset + i] = from[fromOffset + i];
}
