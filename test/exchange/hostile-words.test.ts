/**
 * A venue that says `__proto__`, `constructor` and the like at any place: no object of the process changes by it. One that
 * says numbers of millions of digits at any place: nothing computes with them.
 */
import { expect, it } from 'vitest';
import type { Call } from '../../src/rehearsal/dialect.ts';
import type { Outcome } from '../../src/rehearsal/server.ts';
import { localVenue, minuteMs, outcomeOf } from './local-venue.ts';

const WORDS = ['__proto__', 'constructor', 'toString', '9'.repeat(200), '1e99999999', '1.5e-99999999'];

/** A copy whose `place`-th text or name is the word; null where there are fewer. */
function plant(value: unknown, word: string, place: number): unknown {
  const copy = JSON.parse(JSON.stringify(value));
  let left = place;
  const walk = (node: unknown): boolean => {
    if (typeof node !== 'object' || node === null) return false;
    for (const [name, inner] of Object.entries(node)) {
      const isLeaf = typeof inner !== 'object';
      if (isLeaf && left-- === 0) {
        Object.assign(node, { [name]: word });
        return true;
      }
      if (!Array.isArray(node) && left-- === 0) {
        Object.defineProperty(node, word, { value: inner, enumerable: true, configurable: true });
        return true;
      }
      if (walk(inner)) return true;
    }
    return false;
  };
  return walk(copy) ? copy : null;
}

/** What every object knows, and what those things know in turn. */
function everything(): string {
  const names = (owner: object) => Reflect.ownKeys(owner).map(String);
  return JSON.stringify([names(Object.prototype), names(Object), names(Object.prototype.toString)]);
}

it.each(['binance', 'bybit'])(
  '%s',
  async (venue) => {
    const before = everything();
    let [word, place, planted] = ['', 0, 0];
    const intercept = (_call: Call, answer: () => Outcome): Outcome => {
      const reply = answer();
      if (word === '' || typeof reply === 'string' || typeof reply.body !== 'object') return reply;
      const body = plant(reply.body, word, place);
      if (body === null) return reply;
      planted++;
      return { ...reply, body };
    };
    const { connector, close } = await localVenue(venue, { server: { intercept }, connector: { timeoutMs: 5_000 } });
    await connector.connect();
    const order = { symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.01' } as const;
    for (const clientOrderId of ['w-0', 'w-1']) await connector.createOrder({ ...order, clientOrderId });
    const asks = [
      () => connector.fetchFills('BTC/USDT', { sinceMs: 1_700_006_400_000 }),
      () => connector.fetchOrder('w-0', 'BTC/USDT'),
      () => connector.fetchBalances(),
      () => connector.fetchMarket('BTC/USDT', true),
      () => connector.fetchQuote('BTC/USDT'),
      () => connector.fetchCandles('BTC/USDT', minuteMs, 1_700_006_400_000, 1_700_006_400_000 + 2 * minuteMs),
    ];
    for (const ask of asks)
      for (const one of WORDS)
        for (place = 0; place < 120; place++) {
          word = one;
          const count = planted;
          await outcomeOf(ask());
          word = '';
          expect(everything(), `${one.slice(0, 20)} at place ${place}`).toBe(before);
          if (planted === count) break;
        }
    expect(planted).toBeGreaterThan(200);
    await close();
  },
  60_000,
);
