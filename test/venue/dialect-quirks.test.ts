/** What each venue's documents say beyond what all have in common, as ccxt's own class meets it on the local servers. */
import ccxt, { type Exchange } from 'ccxt';
import { afterEach, describe, expect, it } from 'vitest';
import { amount, short } from './amount.ts';
import { dialectRows, openVenue, type VenueSetup } from './dialects.ts';
import { MarketPath } from './market-path.ts';
import { asks, type HandClock, rawClient, SYMBOL } from './raw-ccxt.ts';

const START = Date.UTC(2024, 0, 2, 0, 0, 30);
const BEGIN = START + 1_000 * 60_000;
const HOUR = 3_600_000;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(name: string, setup: Partial<VenueSetup> = {}) {
  const row = dialectRows.find((one) => one.name === name)!;
  const clock: HandClock = { ms: BEGIN };
  const path = new MarketPath(7, START, 400_000, 30_000);
  const venue = await openVenue(row, {
    ...{ paths: new Map([[SYMBOL, path]]), nowMs: () => clock.ms },
    ...{ balances: { BTC: amount('0.5'), USDT: amount('10000') }, ...setup },
  });
  closing.push(() => venue.server.stop());
  const client = rawClient(row, venue.urls, clock);
  await client.loadMarkets();
  const held = (coin: string) => Number(short(venue.exchange.ledger.total(coin)));
  /** The least price of the next ten minutes, and a bit: where a stop is reached. */
  const reached = Number(
    client.priceToPrecision(
      SYMBOL,
      Math.min(...Array.from({ length: 600 }, (_, i) => Number(short(path.priceAt(BEGIN + i * 1_000))))) + 1,
    ),
  );
  return { ...venue, clock, client, held, reached, ask: asks[name] };
}

/** One of ccxt's calls that are an endpoint of the venue. */
const call = (client: Exchange, endpoint: string, params: object = {}) =>
  (client as unknown as Record<string, (params: object) => Promise<unknown>>)[endpoint](params);

const sell = (client: Exchange, quantity: number, more: object = {}) =>
  client.createOrder(SYMBOL, 'market', 'sell', quantity, undefined, more);

describe('kraken', () => {
  it('counts a nonce once, and only upwards', async () => {
    const { client, clock } = await open('kraken');
    client.milliseconds = () => clock.ms;
    await client.fetchBalance();
    await expect(client.fetchBalance()).rejects.toBeInstanceOf(ccxt.InvalidNonce);
    clock.ms -= 1;
    await expect(client.fetchBalance()).rejects.toBeInstanceOf(ccxt.InvalidNonce);
  });

  it('takes the fee of what an order gives, as far as there is enough, or as its flags say', async () => {
    const { client, held, exchange } = await open('kraken');
    await sell(client, 0.1);
    const fee = 0.1 * 0.0026;
    expect(held('BTC')).toBeCloseTo(0.4 - fee, 7);
    await sell(client, 0.1, { oflags: 'fciq' });
    expect(held('BTC')).toBeCloseTo(0.3 - fee, 7);
    await sell(client, held('BTC'));
    expect(held('BTC')).toBeCloseTo(0, 8);
    expect(new Set(exchange.trades.map(({ feeCoin, order }) => `${order} ${feeCoin}`))).toEqual(
      new Set(['1000 BTC', '1001 USDT', '1002 USDT']),
    );
    const [first] = await asks.kraken.trades(client, BEGIN);
    expect(first.fee!.cost).toBeCloseTo(Number(first.cost) * 0.0026, 2);
  });

  it('knows a name or a number, not both, and asks for a txid', async () => {
    const { client } = await open('kraken');
    const both = { clientOrderId: 'a', userref: 7 };
    await expect(client.createOrder(SYMBOL, 'limit', 'buy', 0.01, 20_000, both)).rejects.toThrow(
      'userref and cl_ord_id',
    );
    const { id } = await client.createOrder(SYMBOL, 'limit', 'buy', 0.01, 20_000, { userref: 7 });
    expect((await client.fetchOpenOrders(SYMBOL, undefined, undefined, { userref: 7 })).map((one) => one.id)).toEqual([
      id,
    ]);
    await expect(call(client, 'privatePostQueryOrders', { cl_ord_id: 'a' })).rejects.toThrow('Invalid arguments');
    await client.cancelOrder('7', SYMBOL);
    expect(await client.fetchOpenOrders(SYMBOL)).toEqual([]);
  });

  it('tells the newest 720 candles whatever is asked, and lets a reached stop go off at once', async () => {
    const { client, exchange } = await open('kraken');
    expect((await client.fetchOHLCV(SYMBOL, '1m', START + 60_000)).length).toBe(720);
    await client.createOrder(SYMBOL, 'market', 'sell', 0.1, undefined, { stopLossPrice: 90_000 });
    expect(exchange.orders[0].end?.status).toBe('FILLED');
  });
});

describe('okx', () => {
  it('hears no clOrdId of a stop, and no margin mode but cash', async () => {
    const { client, reached } = await open('okx');
    const stop = (more: object) => sell(client, 0.1, { stopLossPrice: reached, ...more });
    await expect(stop({})).rejects.toThrow('51010');
    await stop({ tdMode: 'cash', clientOrderId: 'lost' });
    expect(await asks.okx.findStop(client, 'lost')).toBeUndefined();
    expect((await asks.okx.openStops(client)).length).toBe(1);
  });

  it('makes another order of a reached stop, or fails it where the coins are gone', async () => {
    const { client, clock, reached, exchange, ask } = await open('okx');
    const { id } = await ask.sellStop(client, 0.1, reached, 'first');
    await ask.sellStop(client, 0.4, reached, 'second');
    await sell(client, 0.2);
    clock.ms += 660_000;
    const [first, second] = [await ask.findStop(client, 'first'), await ask.findStop(client, 'second')];
    expect([first!.info.state, second!.info.state]).toEqual(['effective', 'order_failed']);
    expect(first!.info.ordId).not.toBe(id);
    expect((await client.fetchOrder(first!.info.ordId, SYMBOL)).filled).toBe(0.1);
    expect(exchange.ledger.holding('BTC').locked).toBe(0n);
  });

  it('buys for quote coin where nothing says base, and knows the newest of a name', async () => {
    const { client, held } = await open('okx');
    const buy = { instId: 'BTC-USDT', tdMode: 'cash', side: 'buy', ordType: 'market', sz: '600', clOrdId: 'twice' };
    await call(client, 'privatePostTradeOrder', buy);
    expect(held('BTC')).toBeCloseTo(0.52, 2);
    const { id } = await asks.okx.limit(client, 0.01, 20_000, 'twice');
    expect((await asks.okx.find(client, 'twice'))!.id).toBe(id);
  });
});

describe('kucoin', () => {
  it('knows a reached stop as an order, by the same name and another id', async () => {
    const { client, clock, reached, ask } = await open('kucoin');
    const { id } = await ask.sellStop(client, 0.1, reached, 'stop');
    await ask.sellStop(client, 0.45, reached, 'too-much');
    clock.ms += 660_000;
    const fired = await ask.find(client, 'stop');
    expect([fired!.status, fired!.filled, fired!.id === id]).toEqual(['closed', 0.1, false]);
    await expect(client.fetchOrder(id!, SYMBOL, { trigger: true })).rejects.toBeInstanceOf(ccxt.OrderNotFound);
    expect(await ask.find(client, 'too-much')).toBeUndefined();
  });

  it('refuses six seconds, more than a week, and pages above 100', async () => {
    const { client, clock, urls } = await open('kucoin');
    const late = rawClient(dialectRows.find(({ name }) => name === 'kucoin')!, urls, { ms: clock.ms - 6_000 });
    await expect(late.fetchBalance()).rejects.toBeInstanceOf(ccxt.InvalidNonce);
    const days = (count: number) => client.fetchMyTrades(SYMBOL, BEGIN, 100, { until: BEGIN + count * 24 * HOUR });
    await days(7);
    await expect(days(8)).rejects.toThrow('7 days');
    await expect(client.fetchMyTrades(SYMBOL, BEGIN, 101)).rejects.toThrow('limit');
  });

  it('may take fees in a third coin', async () => {
    const { client, held } = await open('kucoin', {
      ...{ balances: { USDT: amount('10000'), KCS: amount('5') }, feeCoin: 'KCS' },
    });
    await asks.kucoin.buy(client, 0.01, 'buy');
    const fees = (await asks.kucoin.trades(client, BEGIN)).map(({ fee }) => [fee!.currency, fee!.cost]);
    expect(new Set(fees.map(([coin]) => coin))).toEqual(new Set(['KCS']));
    expect(5 - held('KCS')).toBeCloseTo(
      fees.reduce((sum, [, cost]) => sum + Number(cost), 0),
      8,
    );
    expect(held('BTC')).toBe(0.01);
  });
});

describe('coinbase', () => {
  it('tells an order again whose name is used again, even when it has ended', async () => {
    const { client, exchange } = await open('coinbase');
    const { id } = await asks.coinbase.buy(client, 0.01, 'once');
    expect((await asks.coinbase.buy(client, 0.02, 'once')).id).toBe(id);
    expect(exchange.orders.length).toBe(1);
  });

  it('never hears a clientOrderId of ccxt', async () => {
    const { client, exchange } = await open('coinbase');
    await client.createOrder(SYMBOL, 'limit', 'buy', 0.01, 20_000, { clientOrderId: 'lost' });
    expect(exchange.orders[0].clientId).not.toBe('lost');
  });

  it('has the fee within an amount to be spent, and no holds in the older balances', async () => {
    const { client, held } = await open('coinbase');
    await asks.coinbase.buyFor(client, 1_000, 'spend');
    expect(10_000 - held('USDT')).toBeLessThanOrEqual(1_000);
    await asks.coinbase.limit(client, 0.1, 20_000, 'rest');
    const [older, newer] = [await client.fetchBalance(), await client.fetchBalance({ v3: true })];
    expect(older.USDT.free).toBe(older.USDT.total);
    expect(newer.USDT.used).toBeCloseTo(2_012, 6);
  });

  it('refuses a stop that is reached, too many candles, and open orders among others', async () => {
    const { client } = await open('coinbase');
    await expect(asks.coinbase.sellStop(client, 0.1, 90_000, 'stop')).rejects.toBeInstanceOf(ccxt.InvalidOrder);
    const since = {
      start: 1_704_153_600,
      end: 1_704_153_600 + 60 * 400,
      product_id: 'BTC-USDT',
      granularity: 'ONE_MINUTE',
    };
    await expect(call(client, 'v3PublicGetBrokerageMarketProductsProductIdCandles', since)).rejects.toThrow('350');
    const states = { order_status: ['OPEN', 'FILLED'] };
    await expect(call(client, 'v3PrivateGetBrokerageOrdersHistoricalBatch', states)).rejects.toThrow('OPEN');
  });
});

describe('bitget', () => {
  it('makes another order of a reached plan, under another name, or fails it', async () => {
    const { client, clock, reached, ask } = await open('bitget');
    const { id } = await ask.sellStop(client, 0.1, reached, 'plan');
    await ask.sellStop(client, 0.45, reached, 'too-much');
    clock.ms += 660_000;
    const told = [await ask.findStop(client, 'plan'), await ask.findStop(client, 'too-much')];
    expect(told.map((one) => one!.info.status)).toEqual(['executed', 'fail_execute']);
    expect(await ask.find(client, 'plan')).toBeUndefined();
    const [{ order }] = await ask.trades(client, BEGIN);
    expect(order).not.toBe(id);
    expect((await client.fetchOrder(order!, SYMBOL)).filled).toBe(0.1);
  });

  it('takes no limit far on the dear side, and buys for quote coin alone', async () => {
    const { client, held } = await open('bitget');
    await expect(asks.bitget.limit(client, 0.01, 40_000, 'dear')).rejects.toThrow('43008');
    await client.createOrder(SYMBOL, 'market', 'buy', 600, undefined, { createMarketBuyOrderRequiresPrice: false });
    expect(held('BTC')).toBeCloseTo(0.52, 2);
  });

  it('may take fees in a third coin', async () => {
    const { client } = await open('bitget', { balances: { USDT: amount('10000'), BGB: amount('5') }, feeCoin: 'BGB' });
    await asks.bitget.buy(client, 0.01, 'buy');
    const trades = await asks.bitget.trades(client, BEGIN);
    expect(new Set(trades.map(({ fee }) => fee!.currency))).toEqual(new Set(['BGB']));
  });
});

describe('gate', () => {
  it('knows a name while its order is open, and takes it again', async () => {
    const { client, ask } = await open('gate');
    const { id } = await ask.buy(client, 0.01, 't-twice');
    const byName = () => client.fetchOrder('', SYMBOL, { clientOrderId: 't-twice' });
    await expect(byName()).rejects.toBeInstanceOf(ccxt.OrderNotFound);
    expect((await client.fetchOrder(id!, SYMBOL)).filled).toBe(0.01);
    const again = await ask.limit(client, 0.01, 20_000, 't-twice');
    expect((await byName()).id).toBe(again.id);
  });

  it('gets a name without its t- from ccxt where it begins with t, and refuses it', async () => {
    const { client, exchange } = await open('gate');
    await asks.gate.limit(client, 0.01, 20_000, 'bot');
    expect(exchange.orders[0].clientId).toBe('t-bot');
    await expect(asks.gate.limit(client, 0.01, 20_000, 'trader')).rejects.toThrow('t-');
  });

  it('ends a stop after a day by itself', async () => {
    const { client, clock, exchange, ask } = await open('gate');
    await ask.sellStop(client, 0.1, 5_000, '');
    clock.ms += 23 * HOUR;
    expect((await ask.openStops(client)).length).toBe(1);
    clock.ms += 2 * HOUR;
    expect(await ask.openStops(client)).toEqual([]);
    const { end, createdMs } = exchange.orders[0];
    expect(end!.ms - createdMs).toBe(24 * HOUR);
    const [ended] = (await call(client, 'privateSpotGetPriceOrders', { status: 'finished' })) as { status: string }[];
    expect(ended.status).toBe('expired');
  });

  it('may take fees in a third coin', async () => {
    const { client } = await open('gate', { balances: { USDT: amount('10000'), GT: amount('50') }, feeCoin: 'GT' });
    await asks.gate.buy(client, 0.01, 't-buy');
    for (const trade of await asks.gate.trades(client, BEGIN))
      expect(
        (trade as unknown as { fees: { currency: string; cost: number }[] }).fees.filter(
          ({ cost }) => Number(cost) > 0,
        ),
      ).toEqual([expect.objectContaining({ currency: 'GT' })]);
  });
});

describe('bybit', () => {
  it('sets the coins of a tpslOrder aside, and not those of a StopOrder', async () => {
    const { client, exchange } = await open('bybit');
    await asks.bybit.sellStop(client, 0.1, 15_000, 'tpsl');
    expect(short(exchange.ledger.holding('BTC').locked)).toBe('0.1');
    await sell(client, 0.1, { triggerPrice: 15_000, clientOrderId: 'conditional' });
    expect(short(exchange.ledger.holding('BTC').locked)).toBe('0.1');
  });

  it('cancels of the kind that is named alone, and calls a stop that was called back deactivated', async () => {
    const { client, ask } = await open('bybit');
    const { id } = await ask.sellStop(client, 0.1, 15_000, 'tpsl');
    await expect(client.cancelOrder(id!, SYMBOL)).rejects.toThrow('170213');
    await expect(client.cancelOrder(id!, SYMBOL, { trigger: true })).rejects.toThrow('170213');
    await client.cancelAllOrders(SYMBOL);
    expect((await ask.openStops(client)).length).toBe(1);
    await ask.cancelStop(client, id!);
    expect((await ask.find(client, 'tpsl'))!.info.orderStatus).toBe('Deactivated');
  });

  it('keeps the id of a reached stop', async () => {
    const { client, clock, reached, ask } = await open('bybit');
    const { id } = await ask.sellStop(client, 0.1, reached, 'stop');
    clock.ms += 660_000;
    const fired = await ask.find(client, 'stop');
    expect([fired!.id, fired!.status, fired!.filled]).toEqual([id, 'closed', 0.1]);
  });

  it('looks at an id first, and forgets after a day what ended without a fill', async () => {
    const { client, clock, ask } = await open('bybit');
    const { id } = await ask.limit(client, 0.01, 20_000, 'one');
    await ask.limit(client, 0.01, 20_000, 'two');
    expect((await client.fetchOrder(id!, SYMBOL, { orderLinkId: 'two' })).clientOrderId).toBe('one');
    await client.cancelOrder(id!, SYMBOL);
    const ended = () => client.fetchCanceledAndClosedOrders(SYMBOL);
    expect((await ended()).length).toBe(1);
    clock.ms += 25 * HOUR;
    expect(await ended()).toEqual([]);
  });
});
