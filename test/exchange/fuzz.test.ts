import { afterAll, describe, expect, it } from 'vitest';
import { ExchangeError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { readBalances, readCandles, readFills, readMarket, readOrder, readQuote } from '../../src/exchange/answers.ts';
import { compareDecimals, isDecimal } from '../../src/exchange/decimal.ts';
import type { Fill, Market, VenueOrder } from '../../src/exchange/venue.ts';
import { venueRows } from '../../src/exchange/venues.ts';
import type { Call } from '../../src/rehearsal/dialect.ts';
import type { Outcome } from '../../src/rehearsal/server.ts';
import { SLOW } from '../effort.ts';
import { bitcoin, startMs } from '../rehearsal/world.ts';
import { localVenue, messages, minuteMs, outcomeOf } from './local-venue.ts';

/** What a venue under stress puts where a value should be. */
const poison: readonly unknown[] = [
  ...[null, undefined, '', 'NaN', 'Infinity', '-1', '0', '1e999', '1e-400', '0x10', '１２', '1,5', '--1', ' 1', '1 '],
  ...[Number.NaN, Number.POSITIVE_INFINITY, -0, -1, 0, 1e300, 2 ** 53, 1.5, true, false],
  ...[[], {}, [null], [[]], { free: 'x' }, 'x'.repeat(5000), '<html>', '__proto__', '9'.repeat(200)],
];

/** A copy with some places replaced, removed, doubled or swapped. */
function mutate(value: unknown, rng: Rng, rate: number): unknown {
  if (rng.uniform() < rate) return poison[rng.integer(poison.length)];
  if (Array.isArray(value)) {
    const copy = value.map((inner) => mutate(inner, rng, rate));
    if (copy.length > 0 && rng.uniform() < rate)
      copy.splice(rng.integer(copy.length), rng.integer(2), copy[rng.integer(copy.length)]);
    return copy;
  }
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) if (rng.uniform() >= rate) copy[name] = mutate(inner, rng, rate);
  return copy;
}

const sound = (amount: string) => isDecimal(amount) && compareDecimals(amount, '0') >= 0;

const checks = {
  candles: (rows: ReturnType<typeof readCandles>) => {
    for (let i = 0; i < rows.length; i++) {
      const { timeMs, open, high, low, close, volume } = rows[i];
      if (![timeMs, open, high, low, close, volume].every(Number.isFinite)) return false;
      if (low <= 0 || low > Math.min(open, close) || high < Math.max(open, close) || volume < 0) return false;
      if (timeMs % minuteMs !== 0 || (i > 0 && timeMs <= rows[i - 1].timeMs)) return false;
    }
    return true;
  },
  order: (order: VenueOrder) =>
    sound(order.quantity) &&
    sound(order.filled) &&
    compareDecimals(order.filled, order.quantity) <= 0 &&
    order.venueOrderId !== '' &&
    (order.price === null || sound(order.price)),
  fills: (fills: readonly Fill[]) =>
    fills.every(
      (fill) =>
        sound(fill.price) &&
        sound(fill.quantity) &&
        isDecimal(fill.feeAmount) &&
        fill.price !== '0' &&
        fill.quantity !== '0',
    ),
  market: (market: Market) =>
    sound(market.priceTick) && sound(market.quantityStep) && sound(market.minQuantity) && sound(market.minNotional),
};

const validOrder = {
  id: '7',
  clientOrderId: 'tn-1',
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'limit',
  amount: '0.02',
  filled: '0.01',
  price: '30000',
  status: 'open',
  timestamp: startMs,
  triggerPrice: undefined,
};
const validFill = {
  id: '3',
  order: '7',
  symbol: 'BTC/USDT',
  side: 'sell',
  price: '30000.5',
  amount: '0.01',
  fee: { cost: '0.3', currency: 'USDT' },
  timestamp: startMs,
};
const validRows = Array.from({ length: 4 }, (_, i) => [
  startMs + i * minuteMs,
  '30000',
  '30100',
  '29900',
  '30050',
  '12.5',
]);

const readers: readonly { name: string; valid: unknown; read: (value: unknown) => boolean }[] = [
  { name: 'candles', valid: validRows, read: (value) => checks.candles(readCandles(value, minuteMs)) },
  { name: 'an order', valid: validOrder, read: (value) => checks.order(readOrder(value, 'BTC/USDT', startMs)) },
  {
    name: 'a new order',
    valid: { id: '7', clientOrderId: 'tn-1', status: undefined },
    read: (value) =>
      checks.order(
        readOrder(value, 'BTC/USDT', startMs, {
          clientOrderId: 'tn-1',
          symbol: 'BTC/USDT',
          side: 'buy',
          type: 'market',
          quantity: '0.01',
        }),
      ),
  },
  {
    name: 'fills',
    valid: [validFill, { ...validFill, id: '4' }],
    read: (value) => checks.fills(readFills(value, bitcoin)),
  },
  {
    name: 'balances',
    valid: {
      info: {},
      BTC: { free: '0.5', used: '0', total: '0.5' },
      USDT: { free: '10000.123', used: '5', total: '10005.123' },
      free: {},
      total: {},
    },
    read: (value) => [...readBalances(value).values()].every(({ free, locked }) => sound(free) && sound(locked)),
  },
  {
    name: 'a quote',
    valid: { bid: '30000', ask: '30000.5', timestamp: startMs },
    read: (value) => {
      const { bid, ask } = readQuote(value, startMs);
      return sound(bid) && sound(ask) && compareDecimals(bid, ask) <= 0 && bid !== '0';
    },
  },
  {
    name: 'a market',
    valid: {
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      active: true,
      taker: '0.001',
      precision: { price: '0.01', amount: '0.00001' },
      limits: { amount: { min: '0.00001', max: '9000' }, cost: { min: '5' }, market: { max: '100' } },
    },
    read: (value) => checks.market(readMarket(value, 'tick-size')),
  },
];

describe('answers of every kind, mutated', () => {
  it.each(readers)('$name: 16,000 of them are read soundly or refused', ({ valid, read }) => {
    expect(read(valid)).toBe(true);
    const rng = new Rng(20, 1);
    let refused = 0;
    let passed = 0;
    for (let i = 0; i < 16_000; i++) {
      const answer = mutate(valid, rng, i % 4 === 0 ? 0.3 : 0.06);
      try {
        expect(read(answer)).toBe(true);
        passed++;
      } catch (error) {
        if (!(error instanceof ExchangeError))
          throw new Error(`${JSON.stringify(answer)} gave ${(error as Error).stack}`);
        expect(error.code).toBe('bad-answer');
        refused++;
      }
    }
    // Both ways are taken, or the test would say nothing.
    expect(Math.min(refused, passed)).toBeGreaterThan(300);
  });

  it('messages of a stream give updates or nothing', () => {
    const rng = new Rng(21, 1);
    const valid = [
      {
        e: 'kline',
        s: 'BTCUSDT',
        k: { t: startMs, s: 'BTCUSDT', i: '1m', o: '1', h: '2', l: '1', c: '2', v: '5', x: true },
      },
      {
        topic: 'kline.1.BTCUSDT',
        data: [{ start: startMs, open: '1', high: '2', low: '1', close: '2', volume: '5', confirm: true }],
      },
    ];
    for (let i = 0; i < 10_000; i++) {
      const message = mutate(valid[i % 2], rng, 0.15);
      for (const row of venueRows) {
        for (const update of row.readUpdates!(message)) {
          expect(typeof update.closed).toBe('boolean');
          try {
            expect(checks.candles(readCandles([update.row], minuteMs))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(ExchangeError);
          }
        }
      }
    }
  });
});

describe.each(['binance', 'bybit'])('%s: mutated answers through ccxt', (venue) => {
  it('1,500 calls crash nothing and pass no bad number on', SLOW, async () => {
    const rng = new Rng(22, venue.length);
    const state = { on: false };
    const intercept = (_call: Call, answer: () => Outcome): Outcome => {
      const reply = answer();
      if (!state.on || typeof reply === 'string' || rng.uniform() < 0.1) return reply;
      if (rng.uniform() < 0.03) return { ...reply, body: JSON.stringify(reply.body).slice(0, rng.integer(60)) };
      return { ...reply, body: mutate(reply.body, rng, 0.02) ?? null };
    };
    const { connector, close } = await localVenue(venue, { server: { intercept }, connector: { timeoutMs: 5_000 } });
    await connector.connect();
    await connector.createOrder({
      clientOrderId: 'f-0',
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'market',
      quantity: '0.01',
    });
    state.on = true;
    const symbol = 'BTC/USDT';
    const calls: (() => Promise<boolean>)[] = [
      async () =>
        checks.candles(
          await connector.fetchCandles(symbol, minuteMs, startMs + 195 * minuteMs, startMs + 300 * minuteMs),
        ),
      async () =>
        [...(await connector.fetchBalances()).values()].every(({ free, locked }) => sound(free) && sound(locked)),
      async () => {
        const order = await connector.fetchOrder('f-0', symbol);
        // The order exists: null would be a lie of the parser, after which a bot sends again.
        return order !== null && checks.order(order);
      },
      async () => (await connector.fetchOpenOrders(symbol)).every(checks.order),
      async () => checks.fills(await connector.fetchFills(symbol, { sinceMs: startMs })),
      async () => checks.market(await connector.fetchMarket(symbol, rng.uniform() < 0.2)),
      async () => sound((await connector.fetchQuote(symbol)).bid),
      async () => Number.isInteger(await connector.measureClock()),
    ];
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 1_500; i++) {
      let isSound = true;
      const outcome = await outcomeOf(
        calls[i % calls.length]().then((good) => {
          isSound = good;
        }),
      );
      expect(isSound).toBe(true);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect(outcomes.get('ok')).toBeGreaterThan(300);
    expect(outcomes.get('bad-answer')).toBeGreaterThan(100);
    await close();
  });
});

afterAll(() => {
  expect(messages.join('\n')).not.toMatch(/KEY-5f2c|SECRET-0d9b/);
});
