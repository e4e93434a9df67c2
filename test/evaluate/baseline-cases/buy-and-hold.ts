import { expect } from 'vitest';
import { measure } from '../../../src/evaluate/metrics/index.ts';
import type { BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'what holding earns is one quotient of prices, and both sides of the costs' },
  check(ledger, { series, test, account }) {
    const growth = series.close[test.to - 1] / series.open[test.from + 1];
    const { feeRate, slippageRate } = account;
    const costs = ((1 - slippageRate) * (1 - feeRate)) / ((1 + slippageRate) * (1 + feeRate));
    expect(ledger.fills).toHaveLength(2);
    expect(ledger.equity[ledger.bars - 1] / ledger.startingEquity).toBeCloseTo(growth * costs, 9);
    expect(measure(ledger).exposure).toBeGreaterThan(0.98);
  },
};
