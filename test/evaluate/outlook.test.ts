/** Months, and what chance could have made of the same bars. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { drawBands } from '../../src/evaluate/bands.ts';
import { maximumDrawdown } from '../../src/evaluate/drawdown.ts';
import { monthlyReturns } from '../../src/evaluate/monthly.ts';
import { ledgerOf } from './ledger-of.ts';

const HOUR = 3_600_000;

describe('months', () => {
  it('end with the bar before midnight UTC, compound to the whole, and leave out what isn’t there', () => {
    const from = Date.parse('2023-11-30T22:00:00Z');
    const skip = Date.parse('2024-02-01T00:00:00Z');
    const ledger = ledgerOf([100, 110, 99, 198], {
      timeMs: Float64Array.of(from, from + HOUR, from + 2 * HOUR, skip),
      startingEquity: 100,
    });
    const table = monthlyReturns(ledger);
    expect(table.map(({ year }) => year)).toEqual([2023, 2024]);
    expect(table[0].months.slice(0, 10).every((month) => month === null)).toBe(true);
    expect(table[0].months[10]).toBeCloseTo(0.1, 12);
    expect(table[0].months[11]).toBeCloseTo(-0.1, 12);
    expect(table[0].whole).toBeCloseTo(-0.01, 12);
    expect(table[1].months[0]).toBeNull();
    expect(table[1].months[1]).toBeCloseTo(1, 12);
    expect(table.reduce((product, { whole }) => product * (1 + whole), 1)).toBeCloseTo(1.98, 12);
  });
});

describe('bands', () => {
  const rng = new Rng(5);
  const returns = Float64Array.from({ length: 2000 }, () => 0.0005 + 0.01 * rng.normal());

  it('of independent bars are what the central limit theorem says', () => {
    const { cumulativeReturn, losing } = drawBands(returns, 1, 3, 4000);
    const logs = Array.from(returns, (value) => Math.log(1 + value));
    const mean = logs.reduce((sum, value) => sum + value, 0);
    const spread = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean / 2000) ** 2, 0));
    const at = (z: number) => Math.exp(mean + z * spread) - 1;
    expect(cumulativeReturn.low).toBeCloseTo(at(-1.6449), 1);
    expect(cumulativeReturn.middle).toBeCloseTo(at(0), 1);
    expect(cumulativeReturn.high / at(1.6449)).toBeCloseTo(1, 1);
    // Phi(-mean / spread) by a table of the normal would do; an honest count does too.
    const normal = new Rng(9);
    let below = 0;
    for (let i = 0; i < 20_000; i++) if (mean + spread * normal.normal() < 0) below++;
    expect(losing).toBeCloseTo(below / 20_000, 1);
  });

  it('keep neighbours together: the drawdown of bars that come in runs is deeper than that of the same bars shuffled', () => {
    const runs = Float64Array.from({ length: 2000 }, (_, i) => (Math.floor(i / 50) % 2 === 0 ? 0.002 : -0.002));
    const together = drawBands(runs, 100, 1).maxDrawdown;
    const apart = drawBands(runs, 1, 1).maxDrawdown;
    expect(together.middle).toBeGreaterThan(1.5 * apart.middle);
    const equity = [1];
    for (const value of runs) equity.push(equity[equity.length - 1] * (1 + value));
    expect(together.high).toBeGreaterThan(maximumDrawdown(equity).depth);
  });

  it('of a line without chance are the line', () => {
    const { cumulativeReturn, maxDrawdown, losing } = drawBands([0.01, 0.01, 0.01], 2, 1);
    for (const value of Object.values(cumulativeReturn)) expect(value).toBeCloseTo(1.01 ** 3 - 1, 12);
    expect(maxDrawdown).toEqual({ low: 0, middle: 0, high: 0 });
    expect(losing).toBe(0);
  });
});
