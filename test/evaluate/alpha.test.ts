import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { alphaOverFolds, betaOf, estimateAlpha } from '../../src/evaluate/alpha.ts';

const options = (seed: number) => ({ meanBlock: 6, resamples: 400, confidence: 0.95, rng: new Rng(seed, 1) });

/** Least squares by the normal equations of [1, h], written out. */
function leastSquares(r: Float64Array, h: Float64Array): { alpha: number; beta: number } {
  let [n, sh, shh, sr, srh] = [0, 0, 0, 0, 0];
  for (let i = 0; i < r.length; i++) {
    n += 1;
    sh += h[i];
    shh += h[i] * h[i];
    sr += r[i];
    srh += r[i] * h[i];
  }
  const determinant = n * shh - sh * sh;
  return { alpha: (shh * sr - sh * srh) / determinant, beta: (n * srh - sh * sr) / determinant };
}

function market(seed: number, drift: number, n = 2000) {
  const rng = new Rng(seed);
  const held = Float64Array.from({ length: n }, () => drift + 0.01 * rng.normal());
  return { rng, held };
}

describe('alpha', () => {
  it('and beta are those of least squares', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { rng, held } = market(seed, 0.0003);
      const returns = held.map((h) => 0.0001 + 0.4 * h + 0.005 * rng.normal());
      const { alpha, beta } = estimateAlpha(returns, held, options(seed));
      const expected = leastSquares(returns, held);
      expect(alpha.estimate).toBeCloseTo(expected.alpha, 12);
      expect(beta.estimate).toBeCloseTo(expected.beta, 10);
      expect(betaOf(returns, held)).toBeCloseTo(expected.beta, 10);
    }
  });

  it('is that of any other size, times the size', () => {
    const { rng, held } = market(3, 0.0002);
    const returns = held.map((h) => 0.0002 + 0.3 * h + 0.004 * rng.normal());
    const [whole, quarter] = [1, 0.25].map((size) =>
      estimateAlpha(
        returns.map((r) => size * r),
        held,
        options(1),
      ),
    );
    expect(quarter.alpha.estimate / whole.alpha.estimate).toBeCloseTo(0.25, 10);
    expect(quarter.alpha.lower / whole.alpha.lower).toBeCloseTo(0.25, 10);
    expect(quarter.alpha.upper / whole.alpha.upper).toBeCloseTo(0.25, 10);
  });

  it('is nothing for part of the market, rising or falling, and covers the truth in about 95 of 100', () => {
    let covered = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { rng, held } = market(seed, seed % 2 === 0 ? 0.0008 : -0.0008, 800);
      const half = estimateAlpha(
        held.map((h) => h / 2),
        held,
        options(seed),
      );
      expect(Math.abs(half.alpha.estimate)).toBeLessThan(1e-15);
      const { alpha } = estimateAlpha(
        held.map((h) => 0.0002 + 0.5 * h + 0.01 * rng.normal()),
        held,
        options(seed),
      );
      if (alpha.lower <= 0.0002 && 0.0002 <= alpha.upper) covered++;
    }
    expect(covered).toBeGreaterThan(87);
    expect(covered).toBeLessThan(100);
  });

  it('over folds doubts as much as the folds differ, however many bars they have', () => {
    // Four folds that earned 1, 2, 3 and 6 a bar beyond a market that stood still: t(0.975, 3) = 3.18245.
    for (const bars of [10, 1000]) {
      const returns = Float64Array.from({ length: 4 * bars }, (_, i) => [1, 2, 3, 6][Math.floor(i / bars)]);
      const { alpha, alphaFloor } = alphaOverFolds(returns, new Float64Array(4 * bars), Array(4).fill(bars), 0.95);
      const error = Math.sqrt((4 + 1 + 0 + 9) / 3 / 4);
      expect(alpha.estimate).toBeCloseTo(3, 9);
      expect(alpha.upper - 3).toBeCloseTo(3.182446 * error, 4);
      expect(3 - alphaFloor).toBeCloseTo(2.353363 * error, 4);
    }
  });
});
