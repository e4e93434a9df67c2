import { describe, expect, it } from 'vitest';
import { ReplayBuffer } from '../../src/agents/replay-buffer.ts';
import { Rng } from '../../src/core/rng.ts';
import { CountingEnv } from './counting-env.ts';

const batchArrays = (batch: number) => ({
  obs: new Float32Array(batch * 9),
  nextObs: new Float32Array(batch * 9),
  actions: new Uint8Array(batch),
  rewards: new Float32Array(batch),
  terminated: new Uint8Array(batch),
  nextMasks: new Uint8Array(batch * 3),
});

/** Steps an environment and keeps, beside the buffer, whole windows as an ordinary buffer would. */
function fill(capacity: number, steps: number, count = 3) {
  const env = new CountingEnv(count);
  env.reset(0);
  const buffer = new ReplayBuffer({ capacity, extraWidth: 1, tableHash: 'abc' });
  const rng = new Rng(1);
  const seen: {
    obs: number[];
    nextObs: number[];
    action: number;
    reward: number;
    ended: number;
    nextMask: number[];
  }[] = [];
  const row = (array: Float32Array | Uint8Array, i: number, width: number) => [
    ...array.subarray(i * width, (i + 1) * width),
  ];
  for (let t = 0; t < steps; t++) {
    const actions = Uint8Array.from({ length: count }, () => rng.integer(3));
    const before = env.obs.slice();
    buffer.begin(env);
    env.step(actions);
    buffer.finish(env, actions);
    for (let i = 0; i < count; i++) {
      const over = env.terminated[i] === 1 || env.truncated[i] === 1;
      seen.push({
        obs: row(before, i, 9),
        nextObs: row(over ? env.finalObs : env.obs, i, 9),
        action: actions[i],
        reward: Math.fround(env.rewards[i]),
        ended: env.terminated[i],
        nextMask: row(over ? env.finalMasks : env.masks, i, 3),
      });
    }
  }
  return { env, buffer, seen };
}

describe('the replay buffer', () => {
  it('gives back every transition as an ordinary buffer of windows would, wrapped around or not', () => {
    for (const [capacity, steps] of [
      [1000, 50],
      [100, 250],
    ]) {
      const { env, buffer, seen } = fill(capacity, steps);
      expect(buffer.size).toBe(Math.min(capacity, steps * 3));
      const indices = Int32Array.from({ length: buffer.size }, (_, i) => i);
      const out = batchArrays(buffer.size);
      buffer.gather(env, indices, out);
      const expected = new Array(buffer.size);
      seen.forEach((transition, i) => {
        expected[i % capacity] = transition;
      });
      expected.forEach((transition, i) => {
        expect({
          obs: [...out.obs.subarray(i * 9, i * 9 + 9)],
          nextObs: [...out.nextObs.subarray(i * 9, i * 9 + 9)],
          action: out.actions[i],
          reward: out.rewards[i],
          ended: out.terminated[i],
          nextMask: [...out.nextMasks.subarray(i * 3, i * 3 + 3)],
        }).toEqual(transition);
      });
    }
  });

  it('draws every place with the same chance', () => {
    const { buffer } = fill(100, 250);
    const counts = new Array(100).fill(0);
    const indices = new Int32Array(100);
    const rng = new Rng(5);
    for (let i = 0; i < 1000; i++) {
      buffer.sample(rng, indices);
      for (const index of indices) counts[index]++;
    }
    // 100,000 draws over 100 places: chi-square with 99 degrees of freedom, 99.9 % of which lies below 149.
    expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(149);
  });

  it('holds a million transitions in under 64 MB', () => {
    const buffer = new ReplayBuffer({ capacity: 1_000_000, extraWidth: 4, tableHash: '' });
    expect(buffer.byteLength).toBeLessThan(64 * 1024 * 1024);
    expect(buffer.byteLength).toBe(46_000_000);
  });

  it('goes on from its bytes as if it had never stopped', () => {
    const { env, buffer } = fill(100, 250);
    const copy = new ReplayBuffer({ capacity: 100, extraWidth: 1, tableHash: 'abc' });
    copy.load(buffer.save());
    const actions = new Uint8Array([0, 1, 2]);
    for (const one of [buffer, copy]) one.begin(env);
    env.step(actions);
    for (const one of [buffer, copy]) one.finish(env, actions);
    expect(copy.save()).toEqual(buffer.save());
  });

  it('refuses the bytes of another table, size or a file that was cut', () => {
    const bytes = fill(100, 10).buffer.save();
    const load = (options: { capacity?: number; extraWidth?: number; tableHash?: string }, content = bytes) =>
      new ReplayBuffer({ capacity: 100, extraWidth: 1, tableHash: 'abc', ...options }).load(content);
    expect(() => load({ tableHash: 'xyz' })).toThrow('tableHash abc, but this training has xyz');
    expect(() => load({ capacity: 99 })).toThrow('capacity 100, but this training has 99');
    expect(() => load({ extraWidth: 2 })).toThrow('extraWidth 1, but this training has 2');
    expect(() => load({}, bytes.subarray(0, bytes.length - 1))).toThrow('cut short');
  });
});
