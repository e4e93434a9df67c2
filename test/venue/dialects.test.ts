/** What each local server answers to ccxt's own class is what its exchange did: orders, fills, balances, refusals. */
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import ccxt, { type Exchange, type Trade } from 'ccxt';
import { afterEach, describe, expect, it } from 'vitest';
import { amount, short } from './amount.ts';
import { dialectRows, openVenue, type VenueSetup } from './dialects.ts';
import { MarketPath } from './market-path.ts';
import { asks, type HandClock, rawClient, SYMBOL } from './raw-ccxt.ts';
import type { Kind } from './troubles.ts';

const START = Date.UTC(2024, 0, 2, 0, 0, 30);
const BEGIN = START + 1_000 * 60_000;
const OTHER_KEY = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
);
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

it('the local venues import nothing of the product', () => {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder).filter((name) =>
    /-server\.ts$|^dialect|^raw-ccxt|^exchange\.ts|^ledger/.test(name),
  );
  expect(files.length).toBeGreaterThan(5);
  for (const name of files) expect(readFileSync(new URL(name, folder), 'utf8'), name).not.toMatch(/from '[^']*src\//);
});

it('every dialect is asked', () => expect(Object.keys(asks)).toEqual(dialectRows.map(({ name }) => name)));

/** Seconds around `BEGIN` in which something goes wrong. */
const during = (kind: Kind, size: number, ms = 60_000) => ({ kind, size, fromMs: BEGIN - 1_000, toMs: BEGIN + ms });

it('an answer may come in part, or not at all', async () => {
  const [row] = dialectRows;
  for (const trouble of ['half', 'html', 'reset'] as const) {
    const clock: HandClock = { ms: BEGIN };
    const path = new MarketPath(7, START, 200_000, 30_000);
    const venue = await openVenue(row, {
      ...{ paths: new Map([[SYMBOL, path]]), nowMs: () => clock.ms, balances: { USDT: amount('100') } },
      mistreat: (_method, asked) => (asked.endsWith('BalanceEx') ? trouble : null),
    });
    closing.push(() => venue.server.stop());
    const client = rawClient(row, venue.urls, clock);
    await client.fetchTicker(SYMBOL);
    // What ccxt makes of it is none of the venue's: an error, or nothing.
    const told = await client.fetchBalance().catch(() => null);
    expect(told?.USDT, trouble).toBeUndefined();
  }
});

describe.each(dialectRows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  const ask = asks[name];

  async function open(setup: Partial<VenueSetup> = {}) {
    const clock: HandClock = { ms: BEGIN };
    const path = new MarketPath(7, START, 200_000, 30_000);
    const venue = await openVenue(row, {
      ...{ paths: new Map([[SYMBOL, path]]), nowMs: () => clock.ms },
      ...{ balances: { BTC: amount('0.5'), USDT: amount('10000') }, ...setup },
    });
    closing.push(() => venue.server.stop());
    const client = rawClient(row, venue.urls, clock);
    return { ...venue, clock, path, client };
  }

  /** What ccxt tells of balances and trades is what the ledger holds. */
  async function agrees(client: Exchange, exchange: Awaited<ReturnType<typeof open>>['exchange'], trades: Trade[]) {
    const balance = await ask.balance(client);
    for (const coin of ['BTC', 'USDT']) {
      const { free, locked } = exchange.ledger.holding(coin);
      expect([balance[coin].free, balance[coin].used].map(Number), coin).toEqual(
        [free, locked].map((one) => Number(short(one))),
      );
    }
    const told = trades
      .map((one) => [one.timestamp, one.side, one.price, one.amount, one.fee?.cost, one.fee?.currency])
      .sort((a, b) => Number(a[0]) - Number(b[0]));
    const real = exchange.trades.map((one) => [
      ...[one.ms, one.side.toLowerCase(), ...[one.price, one.quantity, one.fee].map((value) => Number(short(value)))],
      one.feeCoin,
    ]);
    expect(
      told
        .map((one) => one.slice(1))
        .map(String)
        .sort(),
    ).toEqual(
      real
        .map((one) => one.slice(1))
        .map(String)
        .sort(),
    );
    expect(new Set(trades.map((one) => one.id)).size).toBe(real.length);
    for (const [index, one] of told.entries())
      expect(Math.abs(Number(one[0]) - Number(real[index][0]))).toBeLessThan(1_000);
  }

  it('tells time, market, candles, prices', async () => {
    const { client, clock, exchange } = await open();
    expect(Math.abs((await client.fetchTime())! - clock.ms)).toBeLessThan(1_000);
    await client.loadMarkets();
    const [market, rules] = [client.market(SYMBOL), exchange.rules[0]];
    expect([market.id, market.spot, market.active]).toEqual([rules.id, true, true]);
    expect([market.precision.amount, market.precision.price].map(Number)).toEqual(
      [rules.step, rules.tick].map((one) => Number(short(one))),
    );
    expect(Number(market.limits.amount!.min)).toBe(Number(short(rules.minQuantity)));
    const candles = await client.fetchOHLCV(SYMBOL, '1m', BEGIN - 20 * 60_000);
    for (const [at, first, high, low, last] of candles.filter(([ms]) => Number(ms) + 60_000 < clock.ms)) {
      const bar = exchange.path(rules).bar(Number(at), 60_000, clock.ms)!;
      for (const [told, real] of [
        [first, bar.open],
        [high, bar.high],
        [low, bar.low],
        [last, bar.close],
      ] as const)
        expect(Math.abs(Number(told) - Number(short(real)))).toBeLessThan(Number(short(rules.tick)));
    }
    expect(candles.length).toBeGreaterThanOrEqual(19);
    const ticker = await client.fetchTicker(SYMBOL);
    const book = await client.fetchOrderBook(SYMBOL);
    expect(Math.abs(ticker.last! - Number(short(exchange.path(rules).priceAt(clock.ms))))).toBeLessThan(1);
    expect(book.asks[0][0]! - book.bids[0][0]!).toBeGreaterThan(0);
    expect(book.asks[0][0]! - book.bids[0][0]!).toBeLessThan(2.1 * market.precision.price!);
  });

  it('buys a quantity at the market, and is asked about it by name and by id', async () => {
    const { client, exchange } = await open({ troubles: [during('many-fills', 3)] });
    expect(await ask.find(client, ask.name)).toBeUndefined();
    const { id } = await ask.buy(client, 0.01, ask.name);
    const byName = await ask.find(client, ask.name);
    const byId = await client.fetchOrder(id!, SYMBOL);
    for (const one of [byName!, byId]) {
      expect([one.id, one.clientOrderId, one.status, one.side, one.type]).toEqual([
        id,
        ask.name,
        'closed',
        'buy',
        ask.buysByLimit === true ? 'limit' : 'market',
      ]);
      expect(one.filled).toBe(0.01);
    }
    expect(short(exchange.orders[0].quantity)).toBe('0.01');
    await agrees(client, exchange, await ask.trades(client, BEGIN));
  });

  it('buys for an amount of money, and never for more', async () => {
    const { client, exchange } = await open();
    await ask.buyFor(client, 500, ask.name);
    const spent = 10_000 - Number(short(exchange.ledger.total('USDT')));
    expect(spent).toBeLessThan(500 * 1.01);
    expect(spent).toBeGreaterThan(495);
    const order = await ask.find(client, ask.name);
    expect(order!.status).toBe('closed');
    // ccxt works it out of cost and average where a venue tells both.
    expect(order!.filled).toBeCloseTo(Number(short(exchange.orders[0].quantity)), 9);
    await agrees(client, exchange, await ask.trades(client, BEGIN));
  });

  it('rests a limit order, cancels it, and tells so', async () => {
    const { client, exchange } = await open();
    const order = await ask.limit(client, 0.01, 20_000, ask.name);
    const [resting] = await client.fetchOpenOrders(SYMBOL);
    expect([resting.id, resting.clientOrderId, resting.status, resting.price]).toEqual([
      order.id,
      ask.name,
      'open',
      20_000,
    ]);
    await agrees(client, exchange, []);
    expect(Number(short(exchange.ledger.holding('USDT').locked))).toBeGreaterThanOrEqual(200);
    await client.cancelOrder(order.id!, SYMBOL);
    expect(await client.fetchOpenOrders(SYMBOL)).toEqual([]);
    const ended = await ask.find(client, ask.name);
    expect([ended!.id, ended!.status, ended!.filled]).toEqual([order.id, 'canceled', 0]);
    expect(exchange.ledger.holding('USDT').locked).toBe(0n);
    await expect(client.cancelOrder(order.id!, SYMBOL)).rejects.toThrow();
  });

  it('fills at once what a limit allows, and ends the rest', async () => {
    const { client, exchange, clock } = await open({ troubles: [during('many-fills', 3)] });
    await client.loadMarkets();
    const price = Number(short(exchange.ask(exchange.rules[0], clock.ms)));
    await ask.limit(client, 0.03, price, ask.name, { timeInForce: 'IOC' });
    const order = await ask.find(client, ask.name);
    expect(order!.filled).toBeCloseTo(0.01, 8);
    expect(order!.status).not.toBe('open');
    await agrees(client, exchange, await ask.trades(client, BEGIN));
  });

  it('sells at a stop, once the price is there', async () => {
    const { client, exchange, path, clock } = await open();
    await client.loadMarkets();
    const least = Math.min(...Array.from({ length: 600 }, (_, i) => Number(short(path.priceAt(BEGIN + i * 1_000)))));
    const stop = Number(client.priceToPrecision(SYMBOL, least + 1));
    const { id } = await ask.sellStop(client, 0.1, stop, ask.name);
    const [resting] = await ask.openStops(client);
    expect([resting.id, resting.side]).toEqual([id, 'sell']);
    if (ask.stopsAreNameless !== true) expect((await ask.findStop(client, ask.name))!.id).toBe(id);
    const seen = resting.stopPrice ?? resting.triggerPrice ?? resting.stopLossPrice;
    expect(Number(seen)).toBe(stop);
    clock.ms += 660_000;
    expect(await ask.openStops(client)).toEqual([]);
    expect(exchange.orders[0].end?.status).toBe('FILLED');
    const trades = await ask.trades(client, BEGIN);
    expect(trades.reduce((sum, one) => sum + Number(one.amount), 0)).toBeCloseTo(0.1, 8);
    await agrees(client, exchange, trades);
    const second = await ask.sellStop(client, 0.1, 15_000, `${ask.name.slice(0, -1)}2`);
    await ask.cancelStop(client, second.id!);
    expect(await ask.openStops(client)).toEqual([]);
    expect(exchange.ledger.holding('BTC').locked).toBe(0n);
  });

  it('tells every fill, over pages', async () => {
    const pieces = Math.ceil(ask.page * 2.5);
    const { client, exchange } = await open({ troubles: [during('many-fills', pieces)] });
    await ask.buy(client, 0.1, ask.name);
    expect(exchange.trades.length).toBe(pieces);
    await agrees(client, exchange, await ask.trades(client, BEGIN));
  });

  it('cancels all', async () => {
    const { client, exchange } = await open();
    for (const [i, price] of [19_000, 20_000].entries())
      await ask.limit(client, 0.01, price, `${ask.name.slice(0, -1)}${i}`);
    expect((await client.fetchOpenOrders(SYMBOL)).length).toBe(2);
    const all = client.has.cancelAllOrders
      ? client.cancelAllOrders(SYMBOL)
      : client.cancelOrders(
          (await client.fetchOpenOrders(SYMBOL)).map((one) => one.id!),
          SYMBOL,
        );
    await all;
    expect(exchange.orders.map((one) => one.end?.status)).toEqual(['CANCELED', 'CANCELED']);
  });

  it('refuses', async () => {
    const { client, exchange, clock, urls } = await open();
    await client.loadMarkets();
    await expect(ask.buy(client, 1, ask.name)).rejects.toBeInstanceOf(ccxt.InsufficientFunds);
    for (const bad of ask.badNames)
      await expect(ask.buy(client, 0.01, bad), bad).rejects.toBeInstanceOf(ccxt.BaseError);
    const first = await ask.limit(client, 0.01, 20_000, ask.name);
    const again = ask.limit(client, 0.01, 20_001, ask.name);
    if (ask.sameName === undefined) await expect(again, 'the same name again').rejects.toBeInstanceOf(ccxt.BaseError);
    else expect((await again).id === first.id).toBe(ask.sameName === 'same order');
    expect(exchange.orders.length).toBe(ask.sameName === 'another order' ? 2 : 1);
    const { id } = exchange.rules[0];
    client.markets_by_id![id] = [{ ...client.market(SYMBOL), id: 'NOPE' }] as never;
    client.markets![SYMBOL] = client.markets_by_id![id][0] as never;
    await expect(client.fetchTicker(SYMBOL)).rejects.toBeInstanceOf(ccxt.BaseError);
    const wrong = Object.keys(row.credentials).filter((key) => key !== 'password');
    for (const key of wrong) {
      const value = (row.credentials as unknown as Record<string, string>)[key];
      const wrong = value.includes('PRIVATE KEY') ? OTHER_KEY : `${value.slice(0, -5)}AAAA=`;
      const other = rawClient(row, urls, clock, { [key]: wrong });
      await expect(ask.balance(other), key).rejects.toThrow();
    }
    const late = rawClient(row, urls, { ms: clock.ms - 600_000 });
    await expect(ask.balance(late), 'a clock ten minutes late').rejects.toThrow();
  });

  it('lists an order late whose answer was cut', async () => {
    const { client, exchange, clock } = await open({ troubles: [during('listed-late', 20_000, 10_000)] });
    await client.loadMarkets();
    await expect(ask.buy(client, 0.01, ask.name)).rejects.toBeInstanceOf(ccxt.NetworkError);
    expect(exchange.orders[0].end?.status).toBe('FILLED');
    expect(await ask.find(client, ask.name)).toBeUndefined();
    expect(await ask.trades(client, BEGIN)).toEqual([]);
    clock.ms += 21_000;
    expect((await ask.find(client, ask.name))!.status).toBe('closed');
    await agrees(client, exchange, await ask.trades(client, BEGIN));
  });

  it('has too many requests, and maintenance', async () => {
    const { client, clock } = await open({ limit: { requests: 20, perMs: 10_000 } });
    await client.loadMarkets();
    const asking = async () => {
      for (let i = 0; i < 21; i++) await client.fetchTicker(SYMBOL);
    };
    // KuCoin's code for it is none that ccxt knows as a limit.
    await expect(asking()).rejects.toBeInstanceOf(name === 'kucoin' ? ccxt.ExchangeError : ccxt.NetworkError);
    clock.ms += 10_001;
    await client.fetchTicker(SYMBOL);
    const closed = await open({
      troubles: [{ kind: 'maintenance', size: 0, fromMs: BEGIN + 60_000, toMs: BEGIN + 90_000 }],
    });
    await closed.client.fetchTicker(SYMBOL);
    closed.clock.ms += 70_000;
    await expect(ask.balance(closed.client)).rejects.toBeInstanceOf(ccxt.ExchangeNotAvailable);
  });
});
