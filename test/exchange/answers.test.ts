/** What of ccxt's unified structures is read, field by field, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  readBalances,
  readCandle,
  readCandles,
  readFills,
  readMarket,
  readOrder,
  readQuote,
} from '../../src/exchange/answers.ts';
import type { Market, OrderRequest } from '../../src/exchange/venue.ts';

const NOW_MS = 1_700_000_000_000;

const rawMarket = {
  ...{ symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true, taker: 0.001 },
  precision: { price: '0.01', amount: 0.00001 },
  limits: { amount: { min: '0.0001', max: '9000' }, market: { max: '100' }, cost: { min: '5', max: '1' } },
};
const market: Market = {
  ...{ symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true, priceTick: '0.01', quantityStep: '0.00001' },
  ...{ minQuantity: '0.0001', maxQuantity: '9000', maxMarketQuantity: '100', minNotional: '5', takerFeeRate: '0.001' },
};

describe('a market', () => {
  it('is read with its filters', () => {
    expect(readMarket(rawMarket, 'tick-size')).toEqual(market);
    const closed = { ...rawMarket, active: false, limits: {}, taker: undefined };
    const none = { minQuantity: '0', maxQuantity: null, maxMarketQuantity: null, minNotional: '0', takerFeeRate: null };
    expect(readMarket(closed, 'tick-size')).toEqual({ ...market, ...none, active: false });
    expect(readMarket({ ...rawMarket, active: undefined }, 'tick-size').active).toBe(true);
    // A limit of nothing is none.
    const zero = { ...rawMarket, limits: { amount: { min: '0', max: '0' }, market: null, cost: { min: -1 } } };
    expect(readMarket(zero, 'tick-size')).toEqual({ ...market, ...none, takerFeeRate: '0.001' });
  });

  it('has steps by the step itself, by decimals, or none by significant digits', () => {
    const steps = (price: unknown, amount: unknown, mode: 'decimal-places' | 'significant-digits') => {
      const { priceTick, quantityStep } = readMarket({ ...rawMarket, precision: { price, amount } }, mode);
      return [priceTick, quantityStep];
    };
    expect(steps(2, '8', 'decimal-places')).toEqual(['0.01', '0.00000001']);
    expect(steps(0, 30, 'decimal-places')).toEqual(['1', `0.${'0'.repeat(29)}1`]);
    expect(steps(5, 5, 'significant-digits')).toEqual(['0', '0']);
    for (const bad of [-1, 31, 1.5, undefined, 'x'])
      expect(() => steps(bad, 2, 'decimal-places'), String(bad)).toThrow('price precision');
  });

  it.each([
    ['no object', null],
    ['no name', { ...rawMarket, symbol: '' }],
    ['no base', { ...rawMarket, base: undefined }],
    ['no quote', { ...rawMarket, quote: 7 }],
    ['no step', { ...rawMarket, precision: { price: '0.01' } }],
    ['a step of 0', { ...rawMarket, precision: { price: '0.01', amount: 0 } }],
    ['limits of no kind', { ...rawMarket, limits: { amount: { min: 'few' } } }],
    ['a fee beyond all measure', { ...rawMarket, taker: `0.${'1'.repeat(40)}` }],
  ])('is refused with %s', (_, raw) => expect(() => readMarket(raw, 'tick-size')).toThrow('makes no sense'));
});

describe('candles', () => {
  const row = [60_000 * 28_000_000, '2', 3, '1', 2.5, '10'];

  it('are numbers, on the grid, with trade counts where they are told', () => {
    const candle = { timeMs: row[0], open: 2, high: 3, low: 1, close: 2.5, volume: 10, trends: Number.NaN };
    expect(readCandle(row, 60_000)).toEqual({ ...candle, trades: Number.NaN });
    expect(readCandle([...row, '7'], 60_000)).toEqual({ ...candle, trades: 7 });
    expect(readCandle([...row, 0], 60_000)).toEqual({ ...candle, trades: 0 });
  });

  const changed = (index: number, value: unknown) => row.map((one, i) => (i === index ? value : one));
  it.each([
    ['not a list', { 0: 1 }],
    ['too short', row.slice(0, 5)],
    ['off the grid', changed(0, Number(row[0]) + 1)],
    ['before all time', changed(0, 0)],
    ['a time that is no whole number', changed(0, Number(row[0]) + 0.5)],
    ['an open above the high', changed(1, 3.5)],
    ['an open below the low', changed(1, 0.5)],
    ['a close above the high', changed(4, 3.5)],
    ['a close below the low', changed(4, 0.5)],
    ['a low of 0', changed(3, 0)],
    ['a volume below 0', changed(5, -1)],
    ['a volume that is no number', changed(5, Number.NaN)],
    ['a word', changed(2, 'high')],
    ['a part of a trade', [...row, 1.5]],
    ['fewer trades than none', [...row, -1]],
  ])('that are %s are none', (_, raw) => expect(readCandle(raw, 60_000)).toBeNull());

  it('are sorted, each once; two that differ, or nothing but rubbish, are refused', () => {
    const at = (minutes: number, close = 2.5, volume = 10) => [
      ...[Number(row[0]) + minutes * 60_000, 2, 3, 1, close, volume],
    ];
    const times = (rows: unknown) => readCandles(rows, 60_000).map(({ timeMs }) => (timeMs - Number(row[0])) / 60_000);
    expect(times([at(2), at(0), at(1), at(1), 'rubbish'])).toEqual([0, 1, 2]);
    expect(times([])).toEqual([]);
    expect(() => times([at(1), at(1, 2.6)])).toThrow('two different candles');
    expect(() => times([at(1), at(1, 2.5, 11)])).toThrow('two different candles');
    expect(() => times(['rubbish'])).toThrow('no row is a candle');
    expect(() => times({})).toThrow('candles is no list');
  });
});

it('balances: every currency with what is free and what is locked', () => {
  const raw = {
    ...{ info: { x: 1 }, free: { BTC: 1 }, used: {}, total: {}, debt: {}, timestamp: 5, datetime: 'x' },
    ...{ BTC: { free: '1.50', used: '0.5', total: '2' }, USDT: { free: '7' }, ETH: { used: 3 } },
  };
  expect([...readBalances(raw)]).toEqual([
    ['BTC', { free: '1.5', locked: '0.5' }],
    ['USDT', { free: '7', locked: '0' }],
    ['ETH', { free: '0', locked: '3' }],
  ]);
  expect(() => readBalances({ BTC: { total: '1' } })).toThrow("the balance of 'BTC'");
  expect(() => readBalances({ 'a<b>': { total: '1' } })).toThrow('the balance of that is no word');
  expect(() => readBalances({ BTC: { free: '-1' } })).toThrow('free BTC is negative');
  expect(() => readBalances({ BTC: { free: '1', used: '-1' } })).toThrow('used BTC is negative');
  expect(() => readBalances(null)).toThrow('balances is no object');
});

it('quotes: both sides, above 0 and not crossed', () => {
  expect(readQuote({ bid: 1, ask: '1.5' }, NOW_MS)).toEqual({ bid: '1', ask: '1.5', timeMs: NOW_MS });
  expect(readQuote({ bid: 1, ask: 1, timestamp: NOW_MS - 5 }, NOW_MS).timeMs).toBe(NOW_MS - 5);
  expect(() => readQuote({ bid: 2, ask: 1 }, NOW_MS)).toThrow('above the ask');
  expect(() => readQuote({ bid: 0, ask: 1 }, NOW_MS)).toThrow('bid is 0');
  expect(() => readQuote({ bid: 1 }, NOW_MS)).toThrow('ask is missing');
  for (const timestamp of [1_700_000_000, 1_700_000_000_000_000, NOW_MS + 0.5])
    expect(() => readQuote({ bid: 1, ask: 1, timestamp }, NOW_MS)).toThrow('ticker time');
});

describe('an order', () => {
  const raw = {
    ...{ id: 'v1', clientOrderId: 'mine', symbol: 'BTC/USDT', side: 'buy', type: 'limit', amount: '2', price: '100' },
    ...{ filled: '0.5', status: 'open', timestamp: NOW_MS },
  };
  const order = {
    ...{ clientOrderId: 'mine', venueOrderId: 'v1', symbol: 'BTC/USDT', side: 'buy', type: 'limit', quantity: '2' },
    ...{ price: '100', filled: '0.5', status: 'open', timeMs: NOW_MS },
  };
  const read = (changes: object, request?: OrderRequest) =>
    readOrder({ ...raw, ...changes }, 'BTC/USDT', NOW_MS + 1, request);

  it('is read with what it says', () => {
    expect(read({})).toEqual(order);
    expect(read({ symbol: undefined, timestamp: null, id: 17, clientOrderId: undefined })).toEqual({
      ...order,
      ...{ timeMs: NOW_MS + 1, venueOrderId: '17', clientOrderId: '' },
    });
    expect(read({ type: 'market' })).toEqual({ ...order, type: 'market', price: null });
    expect(read({ price: '0' }).price).toBeNull();
    expect(read({ triggerPrice: '90' })).toEqual({ ...order, type: 'stop-loss', price: '90' });
    expect(read({ stopPrice: '91' })).toEqual({ ...order, type: 'stop-loss', price: '91' });
    expect(read({ triggerPrice: '0' }).type).toBe('limit');
  });

  it.each([
    ['open', '0', 'open'],
    ['canceling', '0', 'open'],
    ['closed', '2', 'filled'],
    ['closed', '1', 'cancelled'],
    ['canceled', '1', 'cancelled'],
    ['cancelled', '0', 'cancelled'],
    ['expired', '0', 'expired'],
    ['rejected', '0', 'rejected'],
  ])('that is %s with %s filled is %s', (status, filled, expected) => {
    expect(read({ status, filled }).status).toBe(expected);
  });

  it('that is answered with its id alone is taken from the request, open and unfilled', () => {
    const request: OrderRequest = {
      ...{ clientOrderId: 'mine', symbol: 'BTC/USDT', side: 'sell', type: 'stop-loss', quantity: '3', price: '80' },
    };
    expect(readOrder({ id: 'v2' }, 'BTC/USDT', NOW_MS, request)).toEqual({
      ...{ clientOrderId: 'mine', venueOrderId: 'v2', symbol: 'BTC/USDT', side: 'sell', type: 'stop-loss' },
      ...{ quantity: '3', price: '80', filled: '0', status: 'open', timeMs: NOW_MS },
    });
    expect(() => readOrder({ id: 'v2', clientOrderId: 'other' }, 'BTC/USDT', NOW_MS, request)).toThrow('another order');
    expect(readOrder({ id: 'v2', clientOrderId: '' }, 'BTC/USDT', NOW_MS, request).clientOrderId).toBe('mine');
  });

  it.each([
    ['no quantity', { amount: undefined }],
    ['a quantity of 0', { amount: '0' }],
    ['no word of what was filled', { filled: undefined }],
    ['more filled than there is', { filled: '2.1' }],
    ['a status of no kind', { status: 'pending' }],
    ["a status that is an object's own word", { status: 'constructor' }],
    ['no status', { status: undefined }],
    ['another symbol', { symbol: 'ETH/USDT' }],
    ['a price below 0', { price: '-1' }],
    ['no id', { id: undefined }],
    ['an id without end', { id: 'x'.repeat(129) }],
    ['no side', { side: 'long' }],
    ['a time in seconds', { timestamp: 1_700_000_000 }],
  ])('is refused with %s', (_, changes) => expect(() => read(changes)).toThrow('makes no sense'));
});

describe('fills', () => {
  const raw = {
    ...{ id: 'f1', order: 'v1', symbol: 'BTC/USDT', side: 'sell', price: '100', amount: '2', timestamp: NOW_MS },
    fee: { cost: '0.2', currency: 'BNB' },
  };
  it('are read ascending by time, each once', () => {
    const rows = [
      { ...raw, id: 'f2', timestamp: NOW_MS + 5 },
      raw,
      raw,
      { ...raw, id: 'f3', timestamp: NOW_MS + 1, fee: undefined, symbol: undefined },
      { ...raw, id: 'f4', timestamp: NOW_MS + 9, fee: { cost: -0.1, currency: 'USDT' } },
    ];
    const fill = {
      ...{ fillId: 'f1', venueOrderId: 'v1', symbol: 'BTC/USDT', side: 'sell', price: '100', quantity: '2' },
      ...{ feeAmount: '0.2', feeCurrency: 'BNB', timeMs: NOW_MS },
    };
    expect(readFills(rows, market)).toEqual([
      fill,
      { ...fill, fillId: 'f3', timeMs: NOW_MS + 1, feeAmount: '0', feeCurrency: 'USDT' },
      { ...fill, fillId: 'f2', timeMs: NOW_MS + 5 },
      { ...fill, fillId: 'f4', timeMs: NOW_MS + 9, feeAmount: '-0.1', feeCurrency: 'USDT' },
    ]);
  });

  it.each([
    ['no id', { id: '' }],
    ['no order', { order: undefined }],
    ['a price of 0', { price: 0 }],
    ['a quantity of 0', { amount: '0' }],
    ['another symbol', { symbol: 'ETH/USDT' }],
    ['a fee in nothing', { fee: { cost: '1' } }],
    ['no time', { timestamp: undefined }],
    ['no side', { side: undefined }],
  ])('are refused with %s', (_, changes) => expect(() => readFills([{ ...raw, ...changes }], market)).toThrow('sense'));
});
