import { expect, it } from 'vitest';
import type { BrokerEntry } from '../../src/broker/entries.ts';
import { PaperBroker } from '../../src/broker/paper.ts';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { market } from './scripted-venue.ts';

const candle = (timeMs: number, open: number, close = open) => ({
  ...{ timeMs, open, high: Math.max(open, close), low: Math.min(open, close), close },
  ...{ volume: 1, trades: 1, trends: Number.NaN },
});

function paper(withMarket = true) {
  const entries: BrokerEntry[] = [];
  const account = new Account({ ...DEFAULT_ACCOUNT, startingEquity: 1_000, quantityStep: 0.001 });
  account.reset(100);
  const journal = { record: (entry: BrokerEntry) => void entries.push(entry), sync: () => true };
  const broker = new PaperBroker({
    ...{ symbol: 'BTC/USDT', account, journal, nowMs: () => 0 },
    market: withMarket ? market : null,
  });
  return { broker, account, entries };
}

it("fills at the next bar's open, with slippage and fee", async () => {
  const { broker, account } = paper();
  await broker.place({ quantity: 2, decisionMs: 0, close: 100, reason: 'order' });
  expect(account.position).toBe(0);
  await broker.closeBar(candle(60_000, 101, 105), 60_000);
  const paid = 2 * 101 * 1.0005;
  expect(account.position).toBe(2);
  expect(account.cash).toBeCloseTo(1_000 - paid * 1.001, 9);
  expect(account.equity).toBeCloseTo(account.cash + 210, 9);
  expect(broker.lastSlippage).toBe(0.0005);
});

it('places nothing that the venue would refuse, and says so', async () => {
  const { broker, account, entries } = paper();
  await broker.place({ quantity: 0.04, decisionMs: 0, close: 100, reason: 'order' });
  await broker.closeBar(candle(60_000, 100), 60_000);
  expect(account.fills).toBe(0);
  expect(entries).toMatchObject([{ type: 'denied', code: 'notional-too-small' }]);
});

it('keeps what is too little to be sold as dust', async () => {
  const { broker, account } = paper();
  await broker.place({ quantity: 0.06, decisionMs: 0, close: 100, reason: 'order' });
  await broker.closeBar(candle(60_000, 100, 60), 60_000);
  expect(account.units).toBe(1);
  await broker.place({ quantity: -0.06, decisionMs: 0, close: 60, reason: 'order' });
  expect(account).toMatchObject({ units: 0, position: 0.06 });
});

it('asks for its levels within the bar, after the fill', async () => {
  const { broker, account } = paper(false);
  await broker.protect(({ entryPrice }) => ({ stop: entryPrice * 0.95, target: Number.NaN }));
  await broker.place({ quantity: 2, decisionMs: 0, close: 100, reason: 'order' });
  await broker.closeBar({ ...candle(60_000, 100), low: 90 }, 60_000);
  expect(account).toMatchObject({ units: 0, closedTrades: 1 });
});
