/** Against what probability theory says of simple cases: one normal trial, many worthless ones, clones, bad company. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { normalCdf } from '../../src/evaluate/normal.ts';
import { testSuperiorAbility } from '../../src/evaluate/superior-ability.ts';

const options = (seed: number, resamples = 500, meanBlock = 5) => ({ meanBlock, resamples, rng: new Rng(seed, 1) });
const normals = (rng: Rng, n: number, mean = 0) => Float64Array.from({ length: n }, () => mean + rng.normal());

describe('superior predictive ability', () => {
  it('is the one-sided test of a mean where there is one trial', () => {
    for (let seed = 0; seed < 20; seed++) {
      const subject = normals(new Rng(seed), 1000, 0.06 * (seed % 3));
      const n = subject.length;
      const mean = subject.reduce((sum, one) => sum + one, 0) / n;
      const sd = Math.sqrt(subject.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1));
      const { p } = testSuperiorAbility(subject, [], 0, options(seed, 2500, 1))!;
      // A negative mean can't be beaten by less than nothing: the maximum is taken with 0.
      if (mean > 0) expect(Math.abs(p - (1 - normalCdf((Math.sqrt(n) * mean) / sd)))).toBeLessThan(0.03);
      else expect(p).toBe(1);
    }
  });

  it('calls the best of fifty worthless trials good in about one of twenty', () => {
    let called = 0;
    const rounds = 120;
    for (let round = 0; round < rounds; round++) {
      const rng = new Rng(round, 2);
      const trials = Array.from({ length: 50 }, () => normals(rng, 300));
      const sum = (trial: Float64Array) => trial.reduce((a, b) => a + b, 0);
      const best = trials.reduce((a, b) => (sum(b) > sum(a) ? b : a));
      const others = trials.filter((one) => one !== best);
      if (testSuperiorAbility(best, others, 0, options(round, 200, 1))!.p <= 0.05) called++;
    }
    // 6 expected, 2.4 the standard deviation.
    expect(called).toBeGreaterThan(0);
    expect(called).toBeLessThan(16);
  });

  it('cares neither for clones nor for hopeless company, but for looks that nobody recorded', () => {
    const rng = new Rng(5);
    const subject = normals(rng, 1500, 0.07);
    const alone = testSuperiorAbility(subject, [], 0, options(1))!;
    const clones = Array.from({ length: 100 }, () => subject.slice());
    expect(testSuperiorAbility(subject, clones, 0, options(1))!.p).toBe(alone.p);
    const losers = Array.from({ length: 6 }, () => normals(rng, 1500, -0.3));
    expect(testSuperiorAbility(subject, losers, 0, options(1))!.p).toBe(alone.p);
    const rivals = Array.from({ length: 50 }, () => normals(rng, 1500));
    expect(testSuperiorAbility(subject, rivals, 0, options(1))!.p).toBeGreaterThan(alone.p);
    const hidden = testSuperiorAbility(subject, [], 50, options(1))!;
    expect(hidden.p).toBeGreaterThan(alone.p);
    expect(hidden).toMatchObject({ compared: 1, unknown: 50 });
  });

  it('takes the bars that a trial saw, and leaves out one that saw next to nothing', () => {
    const rng = new Rng(6);
    const subject = normals(rng, 600, 0.1);
    const half = normals(rng, 600).map((value, i) => (i < 300 ? Number.NaN : value));
    const few = normals(rng, 600).map((value, i) => (i < 590 ? Number.NaN : value));
    expect(testSuperiorAbility(subject, [half, few], 0, options(1))!.compared).toBe(2);
    expect(testSuperiorAbility(new Float64Array(100), [], 0, options(1))).toBeNull();
  });
});
