import { expect } from 'vitest';
import type { BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'nothing happens, so there is nothing to compute' },
  check(ledger) {
    expect(new Set(ledger.equity)).toEqual(new Set([ledger.startingEquity]));
    expect(ledger.fills).toHaveLength(0);
  },
};
