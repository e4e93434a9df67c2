/** What the shield is told, against a ledger of the test's own. */
import { expect, it } from 'vitest';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY } from '../../src/core/action.ts';
import { describeDecision, simulateRuntime } from '../../src/decision/facts.ts';

const HOUR = 3_600_000;

it('equity counts the open position at the close, and nothing that a person put in or took out', () => {
  const account = new Account({ ...DEFAULT_ACCOUNT, maxUnits: 2 });
  account.reset(100);
  account.stepBar(account.orderFor(BUY, 100), HOUR, 100, 120, 60, 80);
  const facts = (close: number) => {
    const bar = { timeMs: HOUR, timeframeMs: HOUR, open: 100, high: 120, low: 60, close, clippedShare: 0, gapBars: 0 };
    return describeDecision(account, bar, simulateRuntime(account), new Float32Array(0), 1);
  };
  // Half of 10,000 bought what it pays for with slippage and fee at 100.
  const quantity = 5000 / (100 * 1.0005 * 1.001);
  const before = facts(80);
  expect(before.equity).toBeCloseTo(5000 + 80 * quantity, 8);
  expect(before).toMatchObject({ units: 1, maxUnits: 2, startingEquity: 10_000, barsInTrade: 1 });
  expect(before.unitQuote).toBeCloseTo(before.equity / 2, 8);
  account.deposit(3000);
  expect(facts(80).equity).toBeCloseTo(before.equity, 8);
  expect(facts(80).cash).toBeCloseTo(before.cash + 3000, 8);
  account.deposit(-4000);
  expect(facts(90).equity).toBeCloseTo(5000 + 90 * quantity, 8);
});
