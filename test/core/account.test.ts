import { describe, expect, it } from 'vitest';
import {
  Account,
  type AccountConfig,
  DEFAULT_ACCOUNT,
  floorToStep,
  writeAccountColumns,
} from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import { InputError } from '../../src/core/errors.ts';

const HOUR_MS = 3_600_000;
const FREE = { feeRate: 0, slippageRate: 0, borrowRatePerYear: 0 };

function openAccount(config: Partial<AccountConfig> = {}, mark = 100): Account {
  const account = new Account({ ...DEFAULT_ACCOUNT, ...config });
  account.reset(mark);
  return account;
}

/** A bar that opens, stays and closes at one price. */
function act(account: Account, action: Action, price: number): void {
  account.stepBar(account.request(action), HOUR_MS, price, price, price, price);
}

function maskOf(account: Account): number[] {
  const mask = new Uint8Array(3);
  account.allowedActions(mask);
  return [...mask];
}

const levels = (stop: number, target: number) => () => ({ stop, target });

describe('orders', () => {
  it('buys units of equity / maxUnits, costs included, and trims the last to the cash', () => {
    const account = openAccount();
    const quantity = 2500 / (100 * 1.0005 * 1.001);
    expect(account.orderFor(BUY, 100)).toBe(quantity);
    act(account, BUY, 100);
    expect(account.position).toBe(quantity);
    expect(account.cash).toBeCloseTo(7500, 9);
    for (let i = 0; i < 3; i++) act(account, BUY, 120);
    expect(account.units).toBe(4);
    expect(account.cash).toBeGreaterThanOrEqual(0);
    expect(account.cash).toBeLessThan(1e-9);
  });

  it('sells a long position whole, with slippage and fee', () => {
    const account = openAccount();
    act(account, BUY, 100);
    act(account, BUY, 100);
    const { position, cash } = account;
    act(account, SELL, 110);
    expect(account.position).toBe(0);
    expect(account.units).toBe(0);
    expect(account.cash).toBeCloseTo(cash + position * 110 * 0.9995 * 0.999, 9);
    expect(account.closedTrades).toBe(1);
    expect(account.lastTradeLogReturn).toBeCloseTo(Math.log(account.equity / 10_000), 12);
  });

  it('masks what the bounds forbid, and counts it as a no-op when asked for all the same', () => {
    const account = openAccount({ maxUnits: 2 });
    expect(maskOf(account)).toEqual([0, 1, 1]);
    act(account, SELL, 100);
    expect([account.noOps, account.fills, account.feesPaid]).toEqual([1, 0, 0]);
    act(account, BUY, 100);
    expect(maskOf(account)).toEqual([1, 1, 1]);
    act(account, BUY, 100);
    expect(maskOf(account)).toEqual([1, 0, 1]);
    act(account, BUY, 100);
    expect([account.noOps, account.fills]).toEqual([2, 2]);
    act(account, HOLD, 100);
    expect(account.noOps).toBe(2);
  });

  it('lets margin go short by units, and a BUY closes the short whole', () => {
    const account = openAccount({ mode: 'margin', maxUnits: 2, ...FREE });
    act(account, SELL, 100);
    act(account, SELL, 100);
    expect([account.units, account.position]).toEqual([-2, -100]);
    expect(maskOf(account)).toEqual([0, 1, 1]);
    act(account, BUY, 90);
    expect([account.units, account.position, account.cash]).toEqual([0, 0, 11_000]);
    expect(account.lastTradeLogReturn).toBeCloseTo(Math.log(1.1), 12);
  });

  it('keeps a fixed unit, and offers no BUY once the cash is spent', () => {
    const account = openAccount({ unitQuote: 5000, ...FREE });
    act(account, BUY, 100);
    act(account, BUY, 100);
    expect([account.units, account.cash]).toEqual([2, 0]);
    expect(maskOf(account)).toEqual([1, 0, 1]);
  });

  it('rounds a unit down to the quantity step', () => {
    const account = openAccount({ quantityStep: 0.7 });
    expect(account.orderFor(BUY, 100)).toBe(floorToStep(2500 / (100 * 1.0005 * 1.001), 0.7));
    expect(floorToStep(1.39, 0.7)).toBe(0.7);
    expect(openAccount({ quantityStep: 30 }).orderFor(BUY, 100)).toBe(0);
  });

  it('drops a buy whose cash is gone at the fill', () => {
    const account = openAccount({ quantityStep: 25, ...FREE });
    account.stepBar(account.request(BUY), HOUR_MS, 1000, 1000, 1000, 1000);
    expect([account.units, account.noOps, account.cash]).toEqual([0, 1, 10_000]);
  });
});

describe('protective levels', () => {
  const held = () => {
    const account = openAccount(FREE);
    act(account, BUY, 100);
    return account;
  };

  it('fills a stop at the stop, or at the open beyond it, with slippage and fee', () => {
    const account = openAccount();
    act(account, BUY, 100);
    const { position, cash } = account;
    account.stepBar(0, HOUR_MS, 99, 99, 90, 95, levels(98, Number.NaN));
    expect(account.cash).toBeCloseTo(cash + position * 98 * 0.9995 * 0.999, 9);
    const gapped = held();
    gapped.stepBar(0, HOUR_MS, 95, 99, 90, 95, levels(98, Number.NaN));
    expect(gapped.cash).toBe(7500 + 25 * 95);
  });

  it('hits the stop before the target in a bar that touches both', () => {
    const both = held();
    both.stepBar(0, HOUR_MS, 100, 110, 90, 100, levels(98, 105));
    expect(both.cash).toBe(7500 + 25 * 98);
    const target = held();
    target.stepBar(0, HOUR_MS, 100, 110, 99, 100, levels(98, 105));
    expect(target.cash).toBe(7500 + 25 * 105);
  });

  it('mirrors for a short position', () => {
    const account = openAccount({ mode: 'margin', ...FREE });
    act(account, SELL, 100);
    account.stepBar(0, HOUR_MS, 104, 110, 90, 100, levels(103, 95));
    expect(account.cash).toBe(10_000 - 25 * 4);
  });

  it('asks after the fill at the open, with the best price up to the last close', () => {
    const seen: number[][] = [];
    const account = openAccount(FREE);
    const protect = (facts: { position: number; entryPrice: number; bestPrice: number }) => {
      seen.push([facts.position, facts.entryPrice, facts.bestPrice]);
      return { stop: Number.NaN, target: Number.NaN };
    };
    account.stepBar(account.request(BUY), HOUR_MS, 100, 108, 99, 101, protect);
    account.stepBar(0, HOUR_MS, 101, 120, 99, 101, protect);
    expect(seen).toEqual([
      [25, 100, 100],
      [25, 100, 108],
    ]);
    expect(account.bestPrice).toBe(120);
  });
});

describe('the end', () => {
  it('liquidates margin below 5 % of the notional at the worst price, with costs', () => {
    const safe = openAccount({ mode: 'margin', maxUnits: 1, ...FREE });
    act(safe, SELL, 100);
    safe.stepBar(0, HOUR_MS, 100, 190, 100, 100);
    expect(safe.ended).toBe(false);
    const account = openAccount({ mode: 'margin', maxUnits: 1, borrowRatePerYear: 0 });
    act(account, SELL, 100);
    const { position, cash } = account;
    account.stepBar(0, HOUR_MS, 100, 191, 100, 100);
    expect(account.ended).toBe(true);
    expect(account.cash).toBeCloseTo(cash + position * 191 * 1.0005 * 1.001, 9);
    expect([account.position, account.units]).toEqual([0, 0]);
  });

  it('survives a gap below zero with finite logarithms', () => {
    const account = openAccount({ mode: 'margin', maxUnits: 1, ...FREE });
    act(account, SELL, 100);
    account.stepBar(0, HOUR_MS, 300, 300, 300, 300);
    expect(account.equity).toBe(-10_000);
    expect(account.logEquity).toBeCloseTo(Math.log(10), 12);
    expect(account.lastTradeLogReturn).toBeCloseTo(Math.log(1e-3), 12);
  });

  it('ends spot below 5 % of the starting equity', () => {
    const account = openAccount({ maxUnits: 1, ...FREE });
    act(account, BUY, 100);
    act(account, HOLD, 5);
    expect(account.ended).toBe(false);
    act(account, HOLD, 4.99);
    expect([account.ended, account.units, account.cash]).toEqual([true, 0, 499]);
  });

  it('charges a short position for the time it borrows', () => {
    const account = openAccount({ mode: 'margin', maxUnits: 1, ...FREE, borrowRatePerYear: 0.365_25 });
    act(account, SELL, 100);
    expect(account.borrowPaid).toBe(0);
    account.stepBar(account.request(BUY), 24 * HOUR_MS, 100, 100, 100, 100);
    expect(account.borrowPaid).toBeCloseTo(10, 9);
  });
});

describe('real fills', () => {
  it('takes a fee in base currency from the quantity and calls what stays behind dust', () => {
    const account = openAccount({ quantityStep: 0.01, ...FREE });
    account.applyFill(10, 100, 100.5, 0, 0.005);
    account.observeBar(101, 100, 101);
    expect(account.position).toBeCloseTo(9.995, 12);
    expect([account.feesPaid, account.slippagePaid]).toEqual([0.5, 5]);
    account.applyFill(-9.99, 101, 101, 1);
    expect([account.units, account.closedTrades]).toEqual([0, 1]);
    expect(account.position).toBeCloseTo(0.005, 12);
    expect(account.orderFor(SELL, 101)).toBe(0);
  });

  it('counts the fills of one order as one unit', () => {
    const account = openAccount(FREE);
    account.applyFill(10, 100, 100, 1);
    account.applyFill(10, 100, 102, 1, 0, true);
    expect([account.units, account.entryPrice, account.fills]).toEqual([1, 101, 2]);
    account.applyFill(-5, 100, 100, 1);
    expect([account.units, account.closedTrades]).toEqual([1, 0]);
    account.applyFill(-15, 100, 100, 1);
    expect([account.units, account.closedTrades]).toEqual([0, 1]);
  });

  it('sees no profit and no drawdown in a deposit', () => {
    const account = openAccount();
    account.deposit(500);
    expect([account.equity, account.peakEquity, account.markPnl]).toEqual([10_500, 10_500, 0]);
  });
});

it('writes the four account columns', () => {
  const account = openAccount({ mode: 'margin', ...FREE });
  const out = new Float32Array(5);
  writeAccountColumns(account, 100, 12, out, 1);
  expect([...out]).toEqual([0, 0, 0, 0, 0]);
  act(account, SELL, 100);
  act(account, HOLD, 110);
  writeAccountColumns(account, 110, 12, out, 1);
  expect([...out]).toEqual([0, -0.25, -Math.log(1.1), 2 / 12, 0.025].map(Math.fround));
});

it('refuses a configuration that can not be traded', () => {
  expect(() => openAccount({ maxUnits: 0 })).toThrow(InputError);
  expect(() => openAccount({ feeRate: Number.NaN })).toThrow('account.feeRate is NaN: it must be in [0, 1)');
});
