/** What must not end a bot, and what must be said: in virtual time, on a venue and a disk that fail. */
import { expect, it } from 'vitest';
import type { BotOptions } from '../../src/bot/options.ts';
import { ExchangeError, InputError } from '../../src/core/errors.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';

const noSpace = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

function day(bot: Partial<BotOptions> = {}) {
  const alarms: { code: string; timeMs: number }[] = [];
  const world = createWorld({
    bars: WARM_UP + 20,
    venue: { closedFlag: false },
    bot: { onAlarm: (code) => alarms.push({ code, timeMs: clock.nowMs() }), ...bot },
  });
  const clock = world.createClock(world.firstMs);
  const files = new MemoryFileSystem();
  const venue = world.createVenue(clock);
  const run = () => world.live(files, clock, world.endMs, venue);
  const during = (fromBar: number, toBar: number) =>
    clock.nowMs() > world.firstMs + fromBar * minuteMs && clock.nowMs() < world.firstMs + toBar * minuteMs;
  return { world, clock, files, venue, alarms, run, during };
}

const decisionsOf = ({ entries }: { entries: readonly { type: string }[] }) =>
  entries.filter(({ type }) => type === 'decision').length;

it("a venue that says 'invalid symbol' of candles, orders and filters for minutes", async () => {
  const w = day();
  for (const name of ['fetchCandles', 'fetchOrder', 'fetchBalances', 'fetchQuote', 'fetchMarket'] as const) {
    const real = w.venue[name].bind(w.venue) as (...values: never[]) => Promise<never>;
    w.venue[name] = (async (...values: never[]) => {
      if (w.during(3, 8)) throw new InputError('BTC/USDT: Invalid symbol.');
      return real(...values);
    }) as never;
  }
  const ended = await w.run();
  expect(ended.failure).toBeNull();
  expect(decisionsOf(ended)).toBeGreaterThan(17);
  expect(w.alarms.map(({ code }) => code)).toContain('stream');
});

it('answers that never come: decisions and a halt all the same', async () => {
  const w = day();
  const never = new Promise<never>(() => {});
  for (const name of ['fetchOrder', 'fetchBalances', 'fetchQuote', 'createOrder', 'fetchOpenOrders'] as const) {
    const real = w.venue[name].bind(w.venue) as (...values: never[]) => Promise<never>;
    w.venue[name] = ((...values: never[]) => (w.during(3, 8) ? never : real(...values))) as never;
  }
  const haltMs = w.world.firstMs + 5 * minuteMs;
  const ended = await w.world.live(w.files, w.clock, w.world.endMs, w.venue, haltMs);
  expect(ended.failure).toBeNull();
  expect(ended.bot?.halted).toBe('a person said so');
  expect(decisionsOf(ended)).toBeGreaterThan(17);
  expect(ended.bot?.traders[0].broker.account.units).toBe(0);
});

it('candles that never come are said, and the halt file is seen meanwhile', async () => {
  const w = day();
  const never = new Promise<never>(() => {});
  const fetchCandles = w.venue.fetchCandles.bind(w.venue);
  w.venue.fetchCandles = (...values) => (w.during(2, 30) ? never : fetchCandles(...values));
  w.venue.watchCandles = () => never;
  let seenMs = Number.NaN;
  w.files.onOperation = () => {};
  w.clock.sleep(6 * minuteMs).then(() => {
    w.files.write('bots/test/halt.json', new TextEncoder().encode('{"by":"me","reason":"enough","timeMs":0}'));
    seenMs = w.clock.nowMs();
  });
  const ended = await w.run();
  expect(ended.failure).toBeNull();
  expect(w.alarms.find(({ code }) => code === 'no-decision')).toBeDefined();
  const halted = w.alarms.find(({ code }) => code === 'halted');
  expect(halted!.timeMs - seenMs).toBeLessThanOrEqual(5_000);
});

it('a disk that is full for some minutes: said at once, nothing sent meanwhile, everything written down after', async () => {
  const w = day();
  let failing = false;
  for (const name of ['append', 'sync'] as const) {
    const real = w.files[name].bind(w.files) as (...values: never[]) => void;
    w.files[name] = ((...values: never[]) => {
      if (failing) throw noSpace();
      real(...values);
    }) as never;
  }
  const sentMs: number[] = [];
  const createOrder = w.venue.createOrder.bind(w.venue);
  w.venue.createOrder = (request) => {
    sentMs.push(w.clock.nowMs());
    return createOrder(request);
  };
  const spans: number[] = [];
  for (const bar of [4, 9])
    w.clock.sleep(bar * minuteMs).then(() => {
      failing = bar === 4;
      spans.push(w.clock.nowMs());
    });
  const ended = await w.run();
  expect(ended.failure).toBeNull();
  expect(w.alarms.find(({ code }) => code === 'journal-failed')!.timeMs - spans[0]).toBeLessThan(2 * minuteMs);
  expect(sentMs.filter((ms) => ms > spans[0] && ms < spans[1])).toEqual([]);
  expect(sentMs.some((ms) => ms > spans[1])).toBe(true);
  expect(decisionsOf(ended)).toBeGreaterThanOrEqual(19);
  const { readRecords } = await import('../../src/journal/record-log.ts');
  const { records, fault } = readRecords(w.files.read('bots/test/journal.log'));
  expect(fault).toBeNull();
  expect(records).toHaveLength(ended.entries.length);
});

it('an alarm goes out before it is written down', async () => {
  const order: string[] = [];
  const w = day({
    onAlarm: () => order.push('said'),
    onEntry: ({ type }) => type === 'alarm' && order.push('written'),
  });
  w.venue.fetchQuote = async () => {
    throw new ExchangeError('no', { code: 'network', retryable: true });
  };
  await w.run();
  expect(order.slice(0, 2)).toEqual(['said', 'written']);
});

it("the venue's clock is measured every hour", async () => {
  const hourMs = 3_600_000;
  const world = createWorld({ bars: WARM_UP + 6, timeframeMs: hourMs });
  const clock = world.createClock(world.firstMs);
  const venue = world.createVenue(clock);
  const measured: number[] = [];
  const measureClock = venue.measureClock.bind(venue);
  venue.measureClock = () => {
    measured.push(clock.nowMs());
    return measureClock();
  };
  await world.live(new MemoryFileSystem(), clock, world.firstMs + 5.5 * hourMs, venue);
  // At the start, and at every full hour of running.
  expect(measured).toHaveLength(6);
});
