/** What a venue may answer, how it is spoiled, and what must hold of it once it was read. */
import type { Rng } from '../../src/core/rng.ts';
import { readBalances, readCandles, readFills, readMarket, readOrder, readQuote } from '../../src/exchange/answers.ts';
import { compareDecimals, isDecimal } from '../../src/exchange/decimal.ts';
import type { Fill, Market, VenueOrder } from '../../src/exchange/venue.ts';
import { bitcoin, startMs } from '../rehearsal/world.ts';
import { minuteMs } from './local-venue.ts';

/** What a venue under stress puts where a value should be. */
const poison: readonly unknown[] = [
  ...[null, undefined, '', 'NaN', 'Infinity', '-1', '0', '1e999', '1e-400', '0x10', '１２', '1,5', '--1', ' 1', '1 '],
  ...[Number.NaN, Number.POSITIVE_INFINITY, -0, -1, 0, 1e300, 2 ** 53, 1.5, true, false],
  ...[[], {}, [null], [[]], { free: 'x' }, 'x'.repeat(5000), '<html>', '__proto__', '9'.repeat(200)],
];

/** A copy with some places replaced, removed, doubled or swapped. */
export function mutateAnswer(value: unknown, rng: Rng, rate: number): unknown {
  if (rng.uniform() < rate) return poison[rng.integer(poison.length)];
  if (Array.isArray(value)) {
    const copy = value.map((inner) => mutateAnswer(inner, rng, rate));
    if (copy.length > 0 && rng.uniform() < rate)
      copy.splice(rng.integer(copy.length), rng.integer(2), copy[rng.integer(copy.length)]);
    return copy;
  }
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value))
    if (rng.uniform() >= rate) copy[name] = mutateAnswer(inner, rng, rate);
  return copy;
}

export const sound = (amount: string) => isDecimal(amount) && compareDecimals(amount, '0') >= 0;

export const checks = {
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

/** How each kind of answer is read, with a whole one, and whether what came out makes sense. */
export const readers: readonly { name: string; valid: unknown; read: (value: unknown) => boolean }[] = [
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
