import { afterAll, describe, expect, it } from 'vitest';
import { ExchangeError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { readCandles } from '../../src/exchange/answers.ts';
import { venueRows } from '../../src/exchange/venues/index.ts';
import type { Call } from '../../src/rehearsal/dialect.ts';
import type { Outcome } from '../../src/rehearsal/server.ts';
import { SLOW } from '../effort.ts';
import { startMs } from '../rehearsal/world.ts';
import { checks, mutateAnswer, readers, sound } from './answer-readers.ts';
import { localVenue, messages, minuteMs, outcomeOf } from './local-venue.ts';

describe('answers of every kind, mutated', () => {
  it.each(readers)('$name: 16,000 of them are read soundly or refused', ({ valid, read }) => {
    expect(read(valid)).toBe(true);
    const rng = new Rng(20, 1);
    let refused = 0;
    let passed = 0;
    for (let i = 0; i < 16_000; i++) {
      const answer = mutateAnswer(valid, rng, i % 4 === 0 ? 0.3 : 0.06);
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
      const message = mutateAnswer(valid[i % 2], rng, 0.15);
      for (const row of venueRows) {
        for (const update of row.readUpdates?.(message) ?? []) {
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
      return { ...reply, body: mutateAnswer(reply.body, rng, 0.02) ?? null };
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
