import { expect } from 'vitest';
import { fitLogistic } from '../../../src/evaluate/baselines/logistic.ts';
import { golden } from '../golden.ts';
import type { BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: {
    file: 'test/fixtures/evaluate/golden.json',
    /** scikit-learn's weights. */
    check() {
      const { x, y, ridge, weights, intercept } = golden.logistic;
      const model = fitLogistic(Float64Array.from(x.flat()), Uint8Array.from(y), 3, ridge);
      weights.forEach((weight, i) => {
        expect(model.weights[i]).toBeCloseTo(weight, 6);
      });
      expect(model.intercept).toBeCloseTo(intercept, 6);
    },
  },
  check(ledger) {
    // Its column says nothing of the price: it may trade or not, but never what is forbidden.
    expect(ledger.noOps).toBe(0);
  },
};
