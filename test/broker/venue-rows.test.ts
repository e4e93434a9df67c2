/**
 * A live broker on every venue of the table that has a server in `test/venue`, through ccxt: what it believes in the
 * end is compared with the venue's own ledger, to the last digit.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { BrokerEntry, HoldingsEntry } from '../../src/broker/entries.ts';
import { Holdings } from '../../src/broker/holdings.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { Reconciler } from '../../src/broker/reconcile.ts';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { Clock } from '../../src/core/clock.ts';
import { venueRow } from '../../src/exchange/venues/index.ts';
import { SLOW } from '../effort.ts';
import { connectDialect, dialectNames, symbol } from '../exchange/local-dialect.ts';
import { amount, short } from '../venue/amount.ts';
import type { Rules } from '../venue/exchange.ts';
import { MarketPath } from '../venue/market-path.ts';
import type { Kind, Trouble } from '../venue/troubles.ts';

const BEGIN_MS = Date.UTC(2024, 0, 2, 12);
const ALLOCATION = 10_000;
const OWN = { BTC: '0.5', USDT: '137' };
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Something that goes wrong with orders that are sent in the first second. */
const first = (kind: Kind, size = 20_000): Trouble => ({ kind, size, fromMs: BEGIN_MS, toMs: BEGIN_MS + 10_000 });

async function openDay(name: string, options: { troubles?: Trouble[]; changes?: Partial<Rules>; price?: number } = {}) {
  let ms = BEGIN_MS - 60_000;
  // Every look takes a millisecond, as asking does: venues that count requests by time want them to differ.
  const clock: Clock = { nowMs: () => ++ms, elapsedMs: () => ++ms, sleep: async (by) => at(ms + by) };
  const at = (time: number) => {
    ms = time;
  };
  const { troubles = [], changes = {}, price = 30_000 } = options;
  const venue = await connectDialect(
    name,
    {
      ...{ path: new MarketPath(3, BEGIN_MS - 3_600_000, 4 * 3_600, price), troubles, changes },
      balances: { BTC: amount(OWN.BTC), USDT: amount(OWN.USDT) + amount(String(ALLOCATION)) },
    },
    clock,
    { timeoutMs: 500 },
  );
  closing.push(venue.close);
  const entries: (BrokerEntry | HoldingsEntry)[] = [];
  const alarms: string[] = [];

  /** A broker that knows what was written down. @param knownUntilMs when the last of it was, where some may be missing */
  async function start(knownUntilMs: number | null = null) {
    const account = new Account({ ...DEFAULT_ACCOUNT, startingEquity: ALLOCATION, quantityStep: 0.00001 });
    account.reset(price);
    const holdings = new Holdings(venue.venue, clock);
    const alarm = (code: string) => alarms.push(code);
    const broker = new LiveBroker({
      ...{
        symbol,
        account,
        venue: venue.venue,
        clock,
        holdings,
        tag: 'rows0',
        runId: 'run0',
        freshMs: 600_000,
        alarm,
        knownUntilMs,
      },
      journal: { record: (entry) => entries.push(entry), sync: () => true },
    });
    const brokers = [broker];
    const record = (entry: HoldingsEntry) => void entries.push(entry);
    const reconciler = new Reconciler({ venue: venue.venue, clock, holdings, brokers, record, alarm });
    for (const entry of [...entries])
      if (entry.type === 'holdings') reconciler.apply(entry);
      else broker.apply(entry);
    await broker.recover();
    const reconcile = async () => {
      const found = await reconciler.reconcile();
      if (found !== null) broker.takeReconciled(found.get(broker)!);
    };
    await reconcile();
    /** Rounds every five seconds, as the bot makes them. */
    const settle = async (forMs = 240_000) => {
      for (let waitedMs = 0; waitedMs < forMs; waitedMs += 5_000) {
        ms += 5_000;
        await broker.poll();
        if (waitedMs % 60_000 === 0) await reconcile();
      }
    };
    const quote = async () => Number((await venue.venue.fetchQuote(symbol)).ask);
    const buy = async (quantity: number) =>
      broker.place({ quantity, decisionMs: ms, close: await quote(), reason: 'order' });
    const sell = async () =>
      broker.place({ quantity: -broker.account.position, decisionMs: ms, close: await quote(), reason: 'order' });
    return { broker, settle, buy, sell };
  }

  const { exchange } = venue;
  const held = () => ({
    BTC: short(exchange.ledger.total('BTC') - amount(OWN.BTC)),
    USDT: Number(short(exchange.ledger.total('USDT') - amount(OWN.USDT))),
  });
  /** What the broker believes is what the ledger says, and the user's own was never touched. */
  const agrees = (broker: LiveBroker) => {
    expect(broker.unresolved).toBeNull();
    expect(broker.book.baseOwned).toBe(held().BTC === '' ? '0' : held().BTC);
    expect(broker.account.cash).toBeCloseTo(held().USDT, 4);
    for (const [coin, own] of Object.entries(OWN))
      expect(exchange.ledger.least.get(coin) ?? 0n).toBeGreaterThanOrEqual(amount(own));
    // The last look ran on every order that came to the venue, and nothing came that it doesn't know as an order.
    expect(venue.placed()).toBeGreaterThanOrEqual(exchange.orders.length);
    expect(new Set(exchange.orders.map(({ clientId }) => clientId)).size).toBe(exchange.orders.length);
  };
  const intents = () => entries.filter(({ type }) => type === 'intent').length;
  return { ...venue, start, agrees, held, entries, alarms, intents, at, nowMs: () => ms };
}

describe.each(dialectNames)('a live broker on %s', (name) => {
  it('buys a quantity and sells it', SLOW, async () => {
    const day = await openDay(name);
    const { broker, settle, buy, sell } = await day.start();
    day.at(BEGIN_MS);
    await buy(0.1);
    await settle(60_000);
    expect(day.exchange.orders.map(({ quantity }) => short(quantity))).toEqual(['0.1']);
    expect(broker.account.units).toBe(1);
    day.agrees(broker);
    await sell();
    await settle(60_000);
    expect(broker.account.units).toBe(0);
    expect(day.exchange.orders).toHaveLength(2);
    day.agrees(broker);
  });

  it.each([
    ['answer-cut', 0],
    ['error-but-taken', 0],
    ['listed-late', 25_000],
  ] as const)('an order is sent once though %s', SLOW, async (kind, size) => {
    const day = await openDay(name, { troubles: [first(kind, size)] });
    const { broker, settle, buy } = await day.start();
    day.at(BEGIN_MS);
    await buy(0.1);
    await settle();
    expect(day.exchange.orders).toHaveLength(1);
    expect(day.intents()).toBe(1);
    expect(broker.account.units).toBe(1);
    day.agrees(broker);
  });

  it('an order that never arrived is proven absent, and sent again under another id', SLOW, async () => {
    const day = await openDay(name, { troubles: [first('request-lost')] });
    const { broker, settle, buy } = await day.start();
    day.at(BEGIN_MS);
    await buy(0.1);
    expect(day.exchange.orders).toHaveLength(0);
    const { requestLifeMs, settleMs } = day.venue.capabilities;
    await settle(requestLifeMs + settleMs + 60_000);
    expect(day.exchange.orders).toHaveLength(1);
    expect(day.intents()).toBe(2);
    expect(broker.account.units).toBe(1);
    day.agrees(broker);
  });

  it('books every fill of more than two pages', SLOW, async () => {
    const day = await openDay(name, { troubles: [first('many-fills', name === 'binance' ? 2_100 : 250)] });
    const { broker, settle, buy } = await day.start();
    day.at(BEGIN_MS);
    await buy(0.1);
    await settle(60_000);
    expect(day.exchange.trades.length).toBeGreaterThan(200);
    expect(day.entries.filter(({ type }) => type === 'fill')).toHaveLength(day.exchange.trades.length);
    day.agrees(broker);
  });

  it('sells in parts what is more than one order may be', SLOW, async () => {
    const day = await openDay(name, { changes: { maxQuantity: amount('0.04'), maxMarketQuantity: amount('0.04') } });
    const { broker, settle, buy, sell } = await day.start();
    day.at(BEGIN_MS);
    await buy(0.04);
    await settle(60_000);
    await buy(0.04);
    await settle(60_000);
    await buy(0.03);
    await settle(60_000);
    day.agrees(broker);
    const bought = day.exchange.orders.length;
    expect(bought).toBe(3);
    await sell();
    await settle(300_000);
    expect(broker.account.units).toBe(0);
    expect(day.exchange.orders.length - bought).toBeGreaterThanOrEqual(3);
    day.agrees(broker);
  });

  it('an older journal takes over what was bought since', SLOW, async () => {
    const day = await openDay(name);
    const { settle, buy } = await day.start();
    day.at(BEGIN_MS);
    const [...backup] = day.entries;
    await buy(0.1);
    await settle(60_000);
    day.entries.splice(0, day.entries.length, ...backup);
    const again = await day.start(BEGIN_MS);
    await again.settle(120_000);
    expect(day.alarms).toContain('order-taken-over');
    expect(again.broker.account.units).toBe(1);
    day.agrees(again.broker);
  });

  it('a restart in the middle of an order finds it', SLOW, async () => {
    const day = await openDay(name, { troubles: [first('listed-late', 25_000)] });
    const { buy } = await day.start();
    day.at(BEGIN_MS);
    await buy(0.1);
    const again = await day.start();
    await again.settle();
    expect(day.exchange.orders).toHaveLength(1);
    expect(again.broker.account.units).toBe(1);
    day.agrees(again.broker);
    await again.sell();
    const third = await day.start();
    await third.settle();
    expect(third.broker.account.units).toBe(0);
    day.agrees(third.broker);
  });

  it('keeps a stop where the venue has them, moves it, and books what it sold', SLOW, async () => {
    const day = await openDay(name);
    const { broker, settle, buy } = await day.start();
    day.at(BEGIN_MS);
    await buy(0.1);
    await settle(60_000);
    const { entryPrice } = broker.account;
    let share = 0.9;
    const levels = () => ({ stop: entryPrice * share, target: Number.NaN });
    await broker.protect(levels as never);
    await settle(60_000);
    const rests = venueRow(name).onExchangeStop;
    const resting = () => day.exchange.orders.filter(({ end, stop }) => end === null && stop !== null);
    expect(resting()).toHaveLength(rests ? 1 : 0);
    share = 0.92;
    await broker.protect(levels as never);
    await settle(120_000);
    expect(resting()).toHaveLength(rests ? 1 : 0);
    day.agrees(broker);
    // The path's own way down does the rest: a stop just below the price is reached before long.
    share = (Number((await day.venue.fetchQuote(symbol)).bid) / entryPrice) * 0.999;
    await broker.protect(levels as never);
    await settle(1_800_000);
    expect(broker.account.units).toBe(0);
    expect(resting()).toHaveLength(0);
    day.agrees(broker);
  });
});
