import { expect } from 'vitest';
import { BUY, HOLD, SELL } from '../../../src/core/action.ts';
import { asked, type BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'two means of closes, computed here from running sums instead' },
  check(ledger, { series, account }) {
    const sums = [0];
    for (let i = 0; i < series.length; i++) sums.push(sums[i] + series.close[i]);
    const mean = (row: number, bars: number) => (sums[row + 1] - sums[row + 1 - bars]) / bars;
    let units = 0;
    let traded = 0;
    for (const { row, request } of asked(ledger)) {
      const difference = mean(row, 50) - mean(row, 200);
      if (Math.abs(difference) < 1e-9) continue;
      const wish = difference > 0 ? (units < account.maxUnits ? BUY : HOLD) : units > 0 ? SELL : HOLD;
      expect(request, `row ${row}`).toBe(wish);
      units = wish === BUY ? units + 1 : wish === SELL ? 0 : units;
      if (wish !== HOLD) traded++;
    }
    expect(traded).toBeGreaterThan(2);
  },
};
