/** An environment whose every number says where it came from: row t of environment i has features 100 i + t. */
import type { VectorEnv } from '../../src/env/vector-env.ts';

const ROWS = 40;

/** Walks each environment over its own stretch of the table; ends it by `terminated` or `truncated` at random places. */
export class CountingEnv implements VectorEnv {
  readonly count: number;
  readonly window = 3;
  readonly features = 3;
  readonly extraWidth = 1;
  readonly table: Float32Array;
  readonly obs: Float32Array;
  readonly masks: Uint8Array;
  readonly bars: Int32Array;
  readonly extras: Float32Array;
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly finalObs: Float32Array;
  readonly finalMasks: Uint8Array;
  readonly finalBars: Int32Array;
  readonly finalExtras: Float32Array;
  #tick = 0;

  constructor(count: number) {
    this.count = count;
    this.table = Float32Array.from({ length: count * ROWS * 2 }, (_, i) => i);
    this.obs = new Float32Array(count * 9);
    this.masks = new Uint8Array(count * 3);
    this.bars = new Int32Array(count);
    this.extras = new Float32Array(count);
    this.rewards = new Float64Array(count);
    this.terminated = new Uint8Array(count);
    this.truncated = new Uint8Array(count);
    this.finalObs = new Float32Array(count * 9);
    this.finalMasks = new Uint8Array(count * 3);
    this.finalBars = new Int32Array(count);
    this.finalExtras = new Float32Array(count);
  }

  reset(seed: number): void {
    this.#tick = seed;
    for (let i = 0; i < this.count; i++) this.#enter(i, ROWS * i + 2);
  }

  #enter(i: number, bar: number): void {
    this.bars[i] = bar;
    this.extras[i] = bar / 2;
    this.masks.set([bar & 1, (bar >> 1) & 1, 1], i * 3);
    this.writeObservation(bar, this.extras, i, this.obs, i * 9);
  }

  step(actions: Uint8Array | Int32Array): void {
    this.#tick++;
    for (let i = 0; i < this.count; i++) {
      const next = this.bars[i] + 1;
      this.rewards[i] = this.bars[i] * 10 + actions[i];
      this.terminated[i] = (this.#tick + i) % 7 === 0 ? 1 : 0;
      this.truncated[i] = next === ROWS * (i + 1) - 1 || (this.#tick + i) % 11 === 0 ? 1 : 0;
      this.#enter(i, next);
      if (this.terminated[i] === 0 && this.truncated[i] === 0) continue;
      this.finalObs.set(this.obs.subarray(i * 9, (i + 1) * 9), i * 9);
      this.finalMasks.set(this.masks.subarray(i * 3, (i + 1) * 3), i * 3);
      this.finalBars[i] = next;
      this.finalExtras[i] = this.extras[i];
      this.#enter(i, ROWS * i + 2);
    }
  }

  writeObservation(
    bar: number,
    extras: Float32Array,
    extrasOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void {
    for (let t = 0; t < 3; t++) {
      out[outOffset + t * 3] = this.table[(bar - 2 + t) * 2];
      out[outOffset + t * 3 + 1] = this.table[(bar - 2 + t) * 2 + 1];
      out[outOffset + t * 3 + 2] = extras[extrasOffset];
    }
  }

  saveState() {
    return { bars: [...this.bars], tick: this.#tick };
  }

  restoreState(state: ReturnType<CountingEnv['saveState']>): void {
    this.#tick = state.tick;
    for (let i = 0; i < this.count; i++) this.#enter(i, state.bars[i]);
  }
}
