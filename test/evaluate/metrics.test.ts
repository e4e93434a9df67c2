import { describe, expect, it } from 'vitest';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import { maximumDrawdown } from '../../src/evaluate/drawdown.ts';
import { barReturns, type Trade } from '../../src/evaluate/ledger.ts';
import { expectedShortfall } from '../../src/evaluate/metrics/cvar.ts';
import { METRICS, measure } from '../../src/evaluate/metrics/index.ts';
import { firstPassage } from '../../src/evaluate/metrics/ruin.ts';
import { shape } from '../../src/evaluate/moments.ts';
import { golden } from './golden.ts';
import { ledgerOf } from './ledger-of.ts';

function trade(profit: number): Trade {
  return {
    side: 'long',
    entryRow: 1,
    exitRow: 4,
    entryPrice: 100,
    exitPrice: 101,
    profit,
    logReturn: profit / 10_000,
    exit: 'signal',
  };
}

/** Three trades in four bars, of which the policy was asked on three: too small for a library, small enough for a hand. */
const BY_HAND: Readonly<Record<string, number>> = {
  trades: 3,
  winRate: 1 / 3,
  profitFactor: 3,
  barsPerTrade: 3,
  sellShare: 1 / 3,
  buyShare: 2 / 3,
  holdShare: 0,
  actionEntropy: Math.log2(3) - 2 / 3,
  exposure: 0.25,
  turnover: ((232.05 / 116.025) * 8766) / 3,
  feesPaid: 3,
  slippagePaid: 2,
  capacity: (100 * 0.01 * 1000) / 2,
};

describe('metrics', () => {
  const { equity, close, drawdownRows, timeframeMs, skewness, kurtosis, mirrored, passages, ...expected } =
    golden.metrics;
  const closes = { close: Float64Array.from(close) };
  const ledger = ledgerOf(equity, closes);

  it.each(Object.entries(expected))('%s is numpy’s %d', (name, value) => {
    expect(ledger.timeframeMs).toBe(timeframeMs);
    expect(measure(ledger)[name]).toBeCloseTo(value, 10);
  });

  it.each(Object.entries(mirrored))('%s of the mirrored curve is numpy’s %d', (name, value) => {
    const other = ledgerOf(
      equity.map((one) => 1e8 / one),
      closes,
    );
    expect(measure(other)[name]).toBeCloseTo(value, 10);
  });

  it.each(passages)('the first passage of $args is scipy’s', ({ args, probability }) => {
    expect(firstPassage(...args)).toBeCloseTo(probability, 12);
  });

  it('a capacity leaves out the twentieth of the fills that bound it most', () => {
    const fills = Array.from({ length: 40 }, (_, i) => ({
      row: 0,
      quantity: 1 + i,
      price: 1,
      reason: 'signal' as const,
    }));
    // The 38 smallest count: 10,000 x 1 % of 1000 / 38.
    expect(measure(ledgerOf([10_000, 10_000], { fills })).capacity).toBeCloseTo(100_000 / 38, 8);
    const nobody = { volume: Float64Array.of(0, 0) };
    expect(measure(ledgerOf([10_000, 10_000], { fills, ...nobody })).capacity).toBe(0);
  });

  it('finds the dates of the maximum drawdown', () => {
    const { peak, trough, recovery } = maximumDrawdown(equity);
    expect([peak, trough, recovery]).toEqual(drawdownRows);
  });

  it('recovers, or says that it never did', () => {
    expect(maximumDrawdown([100, 80, 90, 100, 110])).toEqual({ depth: 1 - 80 / 100, peak: 0, trough: 1, recovery: 3 });
    expect(maximumDrawdown([100, 80, 90]).recovery).toBeNull();
    expect(maximumDrawdown([1, 2, 3])).toEqual({ depth: 0, peak: 0, trough: 0, recovery: 0 });
  });

  it('has numpy’s moments', () => {
    const moments = shape(barReturns(ledger));
    expect(moments.skewness).toBeCloseTo(skewness, 10);
    expect(moments.kurtosis).toBeCloseTo(kurtosis, 9);
  });

  it('counts a part of the boundary return in the expected shortfall', () => {
    expect(expectedShortfall(Float64Array.of(-4, -1, 3, 5, 6), 0.3)).toBeCloseTo((-4 - 0.5) / 1.5, 12);
    expect(expectedShortfall(Float64Array.of(-4, 1, 3, 5), 0.05)).toBeCloseTo(-4, 12);
  });

  it.each(Object.entries(BY_HAND))('%s is what a hand counts', (name, value) => {
    const traded = ledgerOf([100, 110, 121, 133.1], {
      trades: [trade(30), trade(-10), trade(0)],
      actions: Uint8Array.of(BUY, SELL, BUY, HOLD),
      decided: Uint8Array.of(1, 1, 1, 0),
      position: Float64Array.of(0, 1.1, 0, 0),
      turnover: 232.05,
      feesPaid: 3,
      slippagePaid: 2,
      fills: [
        { row: 1, quantity: 1, price: 110, reason: 'signal' },
        { row: 2, quantity: -2, price: 121, reason: 'signal' },
      ],
    });
    expect(measure(traded)[name]).toBeCloseTo(value, 10);
  });

  it('each has numbers from outside, or was counted by hand', () => {
    const covered = [...Object.keys(expected), ...Object.keys(BY_HAND)];
    for (const { name } of METRICS) expect(covered, `${name}: see CONTRIBUTING.md`).toContain(name);
  });

  it('has no value, rather than a wrong one, where there is none', () => {
    const flat = measure(ledgerOf([100, 100, 100], { decided: new Uint8Array(3) }));
    for (const name of ['sharpe', 'sortino', 'calmar', 'winRate', 'profitFactor', 'buyShare', 'actionEntropy'])
      expect(flat[name]).toBeNull();
    expect(flat.volatility).toBe(0);
    for (const value of Object.values(measure(ledgerOf([100]))))
      expect(value === null || Number.isFinite(value)).toBe(true);
  });

  it('names each metric once, with a unit and a meaning', () => {
    expect(new Set(METRICS.map((metric) => metric.name)).size).toBe(METRICS.length);
    for (const metric of METRICS) expect(metric.doc.length).toBeGreaterThan(10);
  });
});
