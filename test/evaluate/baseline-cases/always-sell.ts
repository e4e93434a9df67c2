import { expect } from 'vitest';
import { SELL } from '../../../src/core/action.ts';
import { asked, type BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'the same request on every bar; on spot there is nothing to sell' },
  check(ledger) {
    expect(new Set(asked(ledger).map(({ request }) => request))).toEqual(new Set([SELL]));
    expect(ledger.fills).toHaveLength(0);
    expect(ledger.noOps).toBe(asked(ledger).length);
  },
};
