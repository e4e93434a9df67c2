import { log } from './math.ts';

/**
 * xoshiro128** by Blackman and Vigna (ACM TOMS 47(4), 2021), seeded by splitmix32. 32-bit integer arithmetic only,
 * so every machine draws the same numbers. `save` and `restore` make a stopped run go on as if it never had.
 * @example
 * const rng = new Rng(7);
 * const again = new Rng(7);
 * rng.normal() === again.normal(); // => true
 * rng.integer(3) < 3; // => true
 */
export class Rng {
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;
  /** The second normal of the polar method, kept for the next call; NaN when there is none. */
  #spare = Number.NaN;

  /** `stream` separates independent uses of one seed (environment, agent, data). */
  constructor(seed: number, stream = 0) {
    let x = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
    // Seeds beyond 32 bits keep their high half.
    x = (x ^ Math.imul(Math.floor(seed / 4294967296) | 0, 0xc2b2ae35)) >>> 0;
    const next = () => {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#s0 = next();
    this.#s1 = next();
    this.#s2 = next();
    this.#s3 = next() | 1;
  }

  /** A 32-bit unsigned integer. */
  uint32(): number {
    const r = Math.imul(this.#s1, 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    const t = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= t;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, n), n <= 2^32; unbiased (rejection). */
  integer(n: number): number {
    const limit = 4294967296 - (4294967296 % n);
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return x % n;
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    let u = 0;
    let v = 0;
    let s = 0;
    do {
      u = 2 * this.uniform() - 1;
      v = 2 * this.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const factor = Math.sqrt((-2 * log(s)) / s);
    this.#spare = v * factor;
    return u * factor;
  }

  /** Fisher-Yates, in place. */
  shuffle(values: Int32Array | Uint32Array | Float64Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = values[i];
      values[i] = values[j];
      values[j] = swap;
    }
  }

  save(): number[] {
    const spare = new Float64Array([this.#spare]);
    const bits = new Uint32Array(spare.buffer);
    return [this.#s0 >>> 0, this.#s1 >>> 0, this.#s2 >>> 0, this.#s3 >>> 0, bits[0], bits[1]];
  }

  restore(state: readonly number[]): void {
    this.#s0 = state[0] | 0;
    this.#s1 = state[1] | 0;
    this.#s2 = state[2] | 0;
    this.#s3 = state[3] | 0;
    this.#spare = new Float64Array(new Uint32Array([state[4], state[5]]).buffer)[0];
  }
}
