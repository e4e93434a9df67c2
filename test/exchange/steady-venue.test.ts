/** Every question is answered or has failed in time, and a word that a person would have to mend ends nothing. */
import { expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { steadyVenue } from '../../src/exchange/steady-venue.ts';
import type { Venue } from '../../src/exchange/venue.ts';
import { VirtualClock } from '../../src/rehearsal/virtual-clock.ts';

const never = () => new Promise<never>(() => {});

function open(methods: Partial<Record<keyof Venue, unknown>>) {
  const clock = new VirtualClock(0);
  const venue = { name: 'slow', serverTimeMs: () => 5, ...methods } as unknown as Venue;
  const missing = { get: (target: object, name: string) => Reflect.get(target, name) ?? never };
  return { clock, steady: steadyVenue(new Proxy(venue as object, missing) as Venue, clock, 10_000) };
}

/** When a question failed, and how. */
async function failure(clock: VirtualClock, asked: Promise<unknown>) {
  const error = await clock.runUntil(
    asked.then(
      () => null,
      (reason) => reason,
    ),
  );
  return { atMs: clock.nowMs(), error };
}

it.each([
  ['fetchBalances', 10_000],
  ['fetchQuote', 10_000],
  ['fetchCandles', 10_000],
  ['createOrder', 10_000],
  ['fetchOrder', 10_000],
  ['cancelOrder', 10_000],
  ['fetchOpenOrders', 10_000],
  ['fetchKeyRights', 10_000],
  ['measureClock', 10_000],
  ['connect', 30_000],
  ['fetchMarket', 30_000],
  ['fetchFills', 30_000],
] as const)('%s that never answers has failed after %i ms', async (name, limitMs) => {
  const { clock, steady } = open({});
  const { atMs, error } = await failure(clock, (steady[name] as () => Promise<unknown>)());
  expect(error).toMatchObject({ code: 'timeout', retryable: true });
  expect(error.message).toBe(`slow: ${name}: no answer within ${limitMs / 1_000} s`);
  expect(atMs).toBe(limitMs);
});

it('answers pass with what was asked, and so do failures', async () => {
  const { clock, steady } = open({
    fetchQuote: async (symbol: string) => ({ symbol }),
    fetchOrder: async () => {
      throw new InputError('Invalid symbol.');
    },
    fetchFills: async () => {
      throw new TypeError('a bug');
    },
  });
  expect(await clock.runUntil(steady.fetchQuote('A/B'))).toEqual({ symbol: 'A/B' });
  expect((await failure(clock, steady.fetchOrder('a', 'b'))).error).toMatchObject({ code: 'input', retryable: true });
  expect((await failure(clock, steady.fetchFills('a', { sinceMs: 0 }))).error).toBeInstanceOf(TypeError);
  expect(clock.nowMs()).toBe(0);
  expect(steady.serverTimeMs()).toBe(5);
});

it('a stream that hears of no end is left when it is told to', async () => {
  const { steady } = open({ watchCandles: never });
  const stop = new AbortController();
  const watching = steady.watchCandles('A/B', 1, () => {}, stop.signal);
  stop.abort();
  await watching;
  await steady.watchCandles('A/B', 1, () => {}, stop.signal);
  const { steady: mistaken } = open({
    watchCandles: async () => {
      throw new InputError('Invalid symbol.');
    },
  });
  const again = mistaken.watchCandles('A/B', 1, () => {}, new AbortController().signal);
  await expect(again).rejects.toMatchObject({ code: 'input' });
});
