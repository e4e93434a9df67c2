import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  type Interval,
  optimalBlockLength,
  percentileInterval,
  type Resampling,
  resampleSums,
} from '../../src/evaluate/bootstrap.ts';
import { normalCdf, normalQuantile } from '../../src/evaluate/normal.ts';
import { combinations, overfittingProbability } from '../../src/evaluate/overfitting.ts';
import { interquartileMean, summarizeSeeds } from '../../src/evaluate/seeds.ts';
import {
  deflatedSharpe,
  expectedMaximumSharpe,
  minimumTrackRecord,
  sharpeSample,
} from '../../src/evaluate/sharpe-ratio.ts';
import { SLOW } from '../effort.ts';
import { golden } from './golden.ts';

/** Percentile intervals of the means of several columns, each resample taking the same bars of all of them. */
function bootstrapMeans(
  columns: readonly Float64Array[],
  options: Resampling & { readonly confidence: number },
): Interval[] {
  const n = columns[0].length;
  return resampleSums(columns, options).map((sums, c) =>
    percentileInterval(
      columns[c].reduce((total, value) => total + value, 0) / n,
      sums.map((sum) => sum / n),
      options.confidence,
    ),
  );
}

describe('the normal distribution', () => {
  it('has scipy’s quantiles and probabilities', () => {
    golden.normal.p.forEach((p, i) => {
      expect(normalQuantile(p)).toBeCloseTo(golden.normal.z[i], 8);
    });
    golden.normal.x.forEach((x, i) => {
      expect(normalCdf(x)).toBeCloseTo(golden.normal.cdf[i], 14);
    });
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the deflated Sharpe ratio', () => {
  it('reproduces the published example: 1250 days, 100 trials, annual 2.5', () => {
    const sample = { sharpe: 2.5 / Math.sqrt(250), bars: 1250, skewness: -3, kurtosis: 10 };
    expect(expectedMaximumSharpe(100, 0.5 / 250)).toBeCloseTo(0.1132, 4);
    expect(deflatedSharpe(sample, { count: 100, sharpeVariance: 0.5 / 250 })).toBeCloseTo(0.9004, 4);
  });

  it.each(golden.sharpe)(
    'is scipy’s with $trials trials',
    ({ trials, variance, sr0, dsr, minimumTrackRecord: bars, ...sample }) => {
      expect(expectedMaximumSharpe(trials, variance)).toBeCloseTo(sr0, 12);
      expect(deflatedSharpe(sample, { count: trials, sharpeVariance: variance })).toBeCloseTo(dsr, 12);
      expect(minimumTrackRecord(sample)).toBeCloseTo(bars, 6);
    },
  );

  it('falls with every further trial', () => {
    const sample = { sharpe: 0.05, bars: 3000, skewness: 0, kurtosis: 4 };
    const deflated = [1, 2, 5, 50, 1000].map((count) => deflatedSharpe(sample, { count, sharpeVariance: null }));
    expect(deflated).toEqual(deflated.toSorted((a, b) => b - a));
    expect(minimumTrackRecord({ ...sample, sharpe: 0 })).toBe(Number.POSITIVE_INFINITY);
  });

  it('needs returns that vary', () => {
    expect(sharpeSample([0, 0, 0])).toBeNull();
    expect(sharpeSample([0.1])).toBeNull();
  });
});

describe('the stationary bootstrap', () => {
  it.each(golden.blocks)('finds arch’s block length $stationary', ({ values, stationary }) => {
    expect(optimalBlockLength(values)).toBeCloseTo(Math.max(1, stationary), 8);
  });

  it.each([1, 4, 30])('has the variance that Politis and Romano’s equation 7 gives blocks of %d', (meanBlock) => {
    const rng = new Rng(4);
    const n = 1000;
    const values = new Float64Array(n);
    for (let i = 1; i < n; i++) values[i] = 0.6 * values[i - 1] + rng.normal();
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const circular = (lag: number) =>
      values.reduce((sum, value, i) => sum + (value - mean) * (values[(i + lag) % n] - mean), 0) / n;
    let variance = circular(0);
    const stay = 1 - 1 / meanBlock;
    for (let lag = 1; lag < n; lag++) {
      const weight = (1 - lag / n) * stay ** lag + (lag / n) * stay ** (n - lag);
      variance += weight * circular(lag);
    }
    const options = { meanBlock, resamples: 8000, confidence: 0.682689, rng: new Rng(9) };
    const [{ lower, upper }] = bootstrapMeans([values], options);
    expect((upper - lower) / 2 / Math.sqrt(variance / n)).toBeGreaterThan(0.96);
    expect((upper - lower) / 2 / Math.sqrt(variance / n)).toBeLessThan(1.04);
  });

  it('covers the mean of dependent data about as often as it says', SLOW, () => {
    const rng = new Rng(12);
    const rounds = 600;
    let covered = 0;
    for (let round = 0; round < rounds; round++) {
      const values = new Float64Array(400);
      for (let i = 1; i < values.length; i++) values[i] = 0.3 * values[i - 1] + rng.normal();
      const options = { meanBlock: optimalBlockLength(values), resamples: 200, confidence: 0.9, rng };
      const [{ lower, upper }] = bootstrapMeans([values], options);
      if (lower <= 0 && upper >= 0) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.84);
    expect(covered / rounds).toBeLessThan(0.94);
  });

  it('takes the same bars of every column, and draws the same from the same seed', () => {
    const values = Float64Array.from(golden.blocks[0].values);
    const shifted = values.map((value) => value + 1);
    const run = (seed: number) =>
      bootstrapMeans([values, shifted], { meanBlock: 5, resamples: 200, confidence: 0.95, rng: new Rng(seed) });
    const [plain, plusOne] = run(1);
    expect(plusOne.estimate - plain.estimate).toBeCloseTo(1, 12);
    expect(plusOne.lower - plain.lower).toBeCloseTo(1, 12);
    expect(plusOne.upper - plain.upper).toBeCloseTo(1, 12);
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
});

describe('the probability of backtest overfitting', () => {
  it.each(golden.cscv)('is numpy’s $probability', ({ returns, blocks, probability, logits }) => {
    const result = overfittingProbability(returns, blocks);
    expect(result.probability).toBe(probability);
    logits.forEach((logit, i) => {
      expect(result.logits[i]).toBeCloseTo(logit, 10);
    });
  });

  it('shares ranks between equals: twins are at the median, which is no success', () => {
    const same = Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const { probability, logits } = overfittingProbability([same, same, same], 4);
    expect(logits[0]).toBe(0);
    expect(probability).toBe(1);
  });

  it('refuses what it can’t split', () => {
    expect(() => overfittingProbability([[1, 2, 3]], 2)).toThrow(/2 or more configurations/);
    expect(() => overfittingProbability([[1], [2]], 3)).toThrow(/even number/);
    expect(() => overfittingProbability([[1], [2]], 2)).toThrow(/2 bars a block/);
    expect(() => overfittingProbability([[1, 2, 3, 4], [2]], 2)).toThrow(/same bars/);
  });

  it('goes through every choice once', () => {
    expect(combinations(4, 2)).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ]);
    expect(combinations(16, 8)).toHaveLength(12_870);
  });
});

describe('summaries over seeds', () => {
  it.each(golden.interquartile)('interquartile mean is scipy’s $mean', ({ values, mean: expected }) => {
    expect(interquartileMean(values)).toBeCloseTo(expected, 12);
  });

  it('never mixes markets: constant scores in each have no spread', () => {
    const interval = summarizeSeeds(
      [
        [1, 1, 1],
        [5, 5, 5],
      ],
      { resamples: 100, confidence: 0.95, rng: new Rng(1) },
    );
    expect(interval.lower).toBe(interval.upper);
    expect(() => summarizeSeeds([[1], []], { resamples: 1, confidence: 0.9, rng: new Rng(1) })).toThrow(/every market/);
  });

  it('an interval holds its estimate', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 12 }), (scores) => {
        const { lower, upper } = summarizeSeeds([scores], { resamples: 100, confidence: 0.95, rng: new Rng(3) });
        expect(lower).toBeLessThanOrEqual(upper);
        expect(lower).toBeGreaterThanOrEqual(Math.min(...scores) - 1e-12);
        expect(upper).toBeLessThanOrEqual(Math.max(...scores) + 1e-12);
      }),
      { numRuns: 50 },
    );
  });
});
