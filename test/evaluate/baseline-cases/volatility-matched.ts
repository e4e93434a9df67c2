import { expect } from 'vitest';
import { measure } from '../../../src/evaluate/metrics/index.ts';
import type { BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'matched to the agent by construction: the two volatilities are compared' },
  check(ledger, { reference }) {
    expect(measure(ledger).volatility).toBeCloseTo((reference && measure(reference).volatility) ?? 0, 4);
  },
};
