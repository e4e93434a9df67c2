import { describe, expect, it } from 'vitest';
import { compareWithBacktest, promiseOf, weighPromise } from '../../src/evaluate/drift.ts';
import { ledgerOf } from './ledger-of.ts';

const HOUR = 3_600_000;
const ledger = ledgerOf([100, 110, 120, 130, 90]);
const times = [0, 1, 2, 3, 4].map((bar) => bar * HOUR);

describe('a bot beside the backtest of its bars', () => {
  it('is equal, but for the last close, where the backtest sells', () => {
    expect(compareWithBacktest({ timeMs: times, equity: [100, 110, 120, 130, 140] }, ledger)).toEqual({
      ...{ bars: 4, missed: 0, firstDifferenceMs: null, furthest: 0, furthestMs: null },
      ...{ botReturn: 130 / 100 - 1, backtestReturn: 130 / 100 - 1 },
    });
  });

  it('is told from it by one bit, and by how far they came apart', () => {
    const found = compareWithBacktest({ timeMs: times, equity: [100, 110 * (1 + 2 ** -52), 108, 130, 0] }, ledger);
    expect(found).toMatchObject({ firstDifferenceMs: HOUR, furthestMs: 2 * HOUR });
    expect(found.furthest).toBeCloseTo(0.1, 12);
  });

  it('missed the bars that it made no decision on', () => {
    const found = compareWithBacktest({ timeMs: [0, 3 * HOUR], equity: [100, 130] }, ledger);
    expect(found).toMatchObject({ bars: 2, missed: 2, firstDifferenceMs: null });
  });
});

describe('a promise', () => {
  it('is the mean of a test, and the bet its mean over its variance', () => {
    expect(promiseOf([0.01, 0.03])).toEqual({ promised: 0.02, lambda: 10 });
    const returns = Array.from({ length: 400 }, (_, i) => 0.0005 + (i % 2 === 0 ? 0.01 : -0.01));
    const promise = promiseOf(returns);
    expect(promise?.lambda).toBeCloseTo(0.0005 / (0.0001 * (400 / 399)), 8);
    expect(promiseOf([-0.01, -0.02])).toBeNull();
  });

  it('is broken at the bar at which the product passes twenty', () => {
    const equity = Array.from({ length: 200 }, (_, i) => 100 * 0.99 ** i);
    const timeMs = equity.map((_, i) => i * HOUR);
    const { brokenMs, now, highest } = weighPromise({ timeMs, equity }, { promised: 0.001, lambda: 5 });
    // (1 + 5 (0.001 + 0.01))^n >= 20
    expect(brokenMs).toBe(Math.ceil(Math.log(20) / Math.log(1.055)) * HOUR);
    expect(now / 1.055 ** 199).toBeCloseTo(1, 8);
    expect(highest).toBe(now);
  });
});
