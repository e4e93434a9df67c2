import { expect } from 'vitest';
import { BUY } from '../../../src/core/action.ts';
import { asked, type BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'the same request on every bar; what the account makes of it is tested with the account' },
  check(ledger, { account }) {
    expect(new Set(asked(ledger).map(({ request }) => request))).toEqual(new Set([BUY]));
    // Unit by unit, and then no more.
    expect(ledger.fills).toHaveLength(account.maxUnits + 1);
  },
};
