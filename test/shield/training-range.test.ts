/** The distance from the training fold, against the textbook on a case that can be done by hand, and on properties. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { createShield, fitTrainingRange, rangeOf, trainingRangeSchema } from '../../src/shield/index.ts';
import { measureDistance } from '../../src/shield/training-range.ts';
import { ask, makeFacts } from './facts.ts';

const at = (...row: number[]) => ({ values: Float32Array.from([...row.map(() => 99), ...row]), window: 2 });

describe('fitTrainingRange', () => {
  test('measures in standard deviations, column by column, when columns are independent', () => {
    // Mean (0, 10), variances 4/3 and 16/3, no covariance.
    const data = Float64Array.of(1, 12, 1, 8, -1, 12, -1, 8);
    const range = fitTrainingRange(data, 2);
    expect(range.mean).toEqual([0, 10]);
    const sigma = [Math.sqrt(4 / 3), Math.sqrt(16 / 3)];
    for (const [x, y] of [
      [0, 10],
      [2, 10],
      [0, 14],
      [-3, 7],
    ])
      expect(measureDistance(range, at(x, y)) * range.quantile).toBeCloseTo(
        Math.hypot(x / sigma[0], (y - 10) / sigma[1]),
        3,
      );
  });
  test('agrees with the inverse of the covariance when columns go together', () => {
    const rng = new Rng(5);
    const data = new Float32Array(3 * 400);
    for (let row = 0; row < 400; row++) {
      const common = rng.normal();
      data.set([common, 2 * common + rng.normal(), rng.normal() - common], row * 3);
    }
    const range = fitTrainingRange(data, 3);
    // C = L L', so d^2 = z' C^-1 z can be checked without an inverse: C w = z, d^2 = z . w.
    const l = (i: number, j: number) => range.factor[i * 3 + j];
    const c = [0, 1, 2].map((i) => [0, 1, 2].map((j) => [0, 1, 2].reduce((sum, k) => sum + l(i, k) * l(j, k), 0)));
    const mean = (i: number) => data.filter((_, index) => index % 3 === i).reduce((sum, x) => sum + x, 0) / 400;
    let trace = 0;
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let row = 0; row < 400; row++) sum += (data[row * 3 + i] - mean(i)) * (data[row * 3 + j] - mean(j));
        if (i === j) trace += sum / 399;
        expect(c[i][j] / (sum / 399)).toBeCloseTo(1, 2);
      }
    // The ridge is a ten-thousandth of the mean variance.
    expect((c[0][0] + c[1][1] + c[2][2]) / trace).toBeCloseTo(1.0001, 7);
    const w = [1, -2, 0.5];
    const z = c.map((row) => row.reduce((sum, value, j) => sum + value * w[j], 0));
    const squared = z.reduce((sum, value, i) => sum + value * w[i], 0);
    const row = z.map((value, i) => value + range.mean[i]);
    expect(measureDistance(range, at(...row)) * range.quantile).toBeCloseTo(Math.sqrt(squared), 4);
  });
  test('one row in a thousand of the training fold lies beyond 1', () => {
    const rng = new Rng(3);
    const data = Float32Array.from({ length: 2 * 5000 }, () => rng.normal());
    const range = fitTrainingRange(data, 2);
    let beyond = 0;
    for (let row = 0; row < 5000; row++) if (measureDistance(range, at(data[row * 2], data[row * 2 + 1])) > 1) beyond++;
    expect(beyond).toBe(4);
    expect(trainingRangeSchema.parse(JSON.parse(JSON.stringify(range)))).toEqual(range);
  });
  test('looks at the rows it is given, and leaves incomplete ones out', () => {
    const nothing = Number.NaN;
    const data = Float64Array.of(500, 500, 1, 12, 1, 8, nothing, 3, -1, 12, -1, 8, 900, 900);
    expect(fitTrainingRange(data, 2, 1, 6)).toEqual(fitTrainingRange(Float64Array.of(1, 12, 1, 8, -1, 12, -1, 8), 2));
    expect(() => fitTrainingRange(data, 2, 1, 3)).toThrow('2 complete training rows are too few to fit 2 columns');
  });
  test('columns that never moved are measured by the ridge', () => {
    const range = fitTrainingRange(new Float64Array(10), 2);
    expect(range.quantile).toBe(1);
    expect(measureDistance(range, at(0, 0))).toBe(0);
    expect(measureDistance(range, at(0, 0.1))).toBeCloseTo(10, 5);
  });
  test('small columns have a ridge that is as small', () => {
    const range = fitTrainingRange(Float64Array.of(0.01, -0.01), 1);
    // The variance is 2e-4, the ridge a ten-thousandth of it.
    expect(range.factor[0] ** 2 / 2e-4).toBeCloseTo(1.0001, 7);
    expect(range.quantile).toBeCloseTo(Math.SQRT1_2, 4);
  });
  test('comes out of a checkpoint as it went in, or not at all', () => {
    const trainingRange = fitTrainingRange(Float64Array.of(1, 12, 1, 8, -1, 12, -1, 8), 2);
    expect(rangeOf({ trainingRange: JSON.parse(JSON.stringify(trainingRange)) })).toEqual({ trainingRange });
    expect(rangeOf({ trainingRange: null })).toEqual({});
    expect(() => rangeOf({ trainingRange: { width: 2 } })).toThrow(Error);
  });
  test('the shield asks it of the newest row, market columns only', () => {
    const rng = new Rng(3);
    const trainingRange = fitTrainingRange(
      Float32Array.from({ length: 600 }, () => rng.normal()),
      2,
    );
    const shield = createShield({ profile: 'none', overrides: { 'out-of-range': {} }, trainingRange });
    const near = makeFacts({ values: Float32Array.of(90, 90, 90, 0, 0, 90), window: 2 });
    const far = makeFacts({ values: Float32Array.of(0, 0, 0, 90, 0, 0), window: 2 });
    expect(shield.decide(ask(1), near).final).toBe(1);
    const { final, verdicts } = shield.decide(ask(1), far);
    expect(final).toBe(2);
    expect(verdicts[0].verdict).toEqual({
      kind: 'reduce-only',
      code: 'far-from-training',
      numbers: { distance: measureDistance(trainingRange, far), maxDistance: 1.5 },
    });
    const narrow = shield.decide(ask(1), makeFacts({ values: Float32Array.of(1, 1), window: 2 }));
    expect(narrow.verdicts[0].verdict).toMatchObject({
      kind: 'halt',
      code: 'rule-failed: shield: the training range has 2 columns, the observation 1',
    });
  });
});
