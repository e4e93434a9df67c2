import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candle } from '../../src/core/candle.ts';
import { type ExchangeError, InputError } from '../../src/core/errors.ts';
import { type StreamOptions, WebSocketClient } from '../../src/exchange/stream.ts';
import type { CandleUpdate, VenueCapabilities } from '../../src/exchange/venue.ts';
import { drawFaults, type Fault, type FaultKind } from '../../src/rehearsal/faults.ts';
import { PricePath } from '../../src/rehearsal/price-path.ts';
import { SimulatedVenue } from '../../src/rehearsal/simulated-venue.ts';
import { VirtualClock } from '../../src/rehearsal/virtual-clock.ts';
import { SLOW } from '../effort.ts';
import { hourMs, startMs, world } from '../rehearsal/world.ts';

const at = (kind: FaultKind, extra: Partial<Fault> = {}): Fault => ({
  kind,
  fromMs: startMs + 4 * hourMs + 1,
  untilMs: Number.POSITIVE_INFINITY,
  amountMs: 1_000,
  ...extra,
});

/** Runs a stream over `bars` hours and keeps what it told. */
async function listen(options: {
  seed?: number;
  faults?: readonly Fault[];
  closedFlag?: boolean;
  bars?: number;
  holes?: readonly number[];
  lastTimeMs?: number;
  stream?: Partial<StreamOptions>;
}) {
  const made = world({ bars: 60, ...options, venue: { closedFlag: options.closedFlag ?? true } });
  const candles = made.candles.filter((_, i) => !options.holes?.includes(i));
  const paths = new Map([['BTC/USDT', new PricePath(candles, hourMs, '0.01')]]);
  const { clock, engine } = made;
  const venue = new SimulatedVenue({
    clock,
    engine,
    paths,
    faults: made.venue.faults,
    closedFlag: options.closedFlag ?? true,
  });
  const heard: Candle[] = [];
  const sources: string[] = [];
  const gaps: number[][] = [];
  const troubles: ExchangeError[] = [];
  const events: string[] = [];
  const client = new WebSocketClient(
    {
      venue,
      clock,
      symbol: 'BTC/USDT',
      timeframeMs: hourMs,
      lastTimeMs: options.lastTimeMs ?? startMs,
      ...options.stream,
    },
    {
      onCandle: async (candle, source) => {
        heard.push(candle);
        sources.push(source);
        events.push(`close ${candle.timeMs}`);
        await clock.sleep(5);
      },
      onRunning: (candle) => {
        events.push(`run ${candle.timeMs}`);
        expect(heard.length === 0 || candle.timeMs === heard[heard.length - 1].timeMs + hourMs).toBe(true);
      },
      onGap: (fromMs, toMs) => gaps.push([(fromMs - startMs) / hourMs, (toMs - startMs) / hourMs]),
      onTrouble: (error) => troubles.push(error),
    },
  );
  const stop = new AbortController();
  const running = client.run(stop.signal);
  const bars = options.bars ?? 12;
  // Two minutes after the last close: time enough for the longest pause of a repair.
  await clock.advanceTo(startMs + bars * hourMs + 120_000);
  stop.abort();
  await clock.runUntil(running);
  const firstMs = (options.lastTimeMs ?? startMs) + hourMs;
  const expected = candles.filter((candle) => candle.timeMs >= firstMs && candle.timeMs < startMs + bars * hourMs);
  return { heard, sources, gaps, troubles, events, expected, client, venue };
}

describe('WebSocketClient', () => {
  it('takes finals from the socket when all is well', async () => {
    const { heard, sources, expected, events } = await listen({});
    expect(heard).toEqual(expected);
    expect(heard).toHaveLength(11);
    expect(new Set(sources)).toEqual(new Set(['stream']));
    expect(events.indexOf(`run ${startMs + 2 * hourMs}`)).toBeGreaterThan(events.indexOf(`close ${startMs + hourMs}`));
  });

  it('lives by the boundary timer where the venue marks no finals', async () => {
    const { heard, sources, expected } = await listen({ closedFlag: false });
    expect(heard).toEqual(expected);
    expect(new Set(sources)).toEqual(new Set(['rest']));
  });

  it('back-fills at start by the same path, over several pages', async () => {
    const { heard, expected } = await listen({ bars: 40, lastTimeMs: startMs - 2 * hourMs });
    expect(heard[0].timeMs).toBe(startMs);
    expect(heard).toEqual(expected);
  });

  it.each([
    ['lost-final', 'rest'],
    ['reordered-updates', 'stream'],
    ['duplicate-updates', 'stream'],
    ['stream-drop', 'rest'],
    ['garbage-updates', 'stream'],
  ] as const)('%s: every candle once, in order', async (kind, source) => {
    const { heard, expected, sources, venue } = await listen({ faults: [at(kind)] });
    expect(venue.faults.injections.map((injection) => injection.kind)).toEqual([kind]);
    expect(heard).toEqual(expected);
    expect(sources.filter((from) => from === 'rest')).toHaveLength(source === 'rest' ? 1 : 0);
  });

  it.each(['mute-stream', 'stale-stream'] as const)('%s: the watchdog redials, REST covers', async (kind) => {
    const { heard, expected, client, troubles } = await listen({
      faults: [at(kind, { untilMs: startMs + 8 * hourMs })],
      stream: { staleMs: hourMs },
    });
    expect(heard).toEqual(expected);
    expect(client.status.staleCount).toBeGreaterThan(1);
    expect(client.status.fromRest).toBeGreaterThan(1);
    expect(client.status.fromStream).toBeGreaterThan(1);
    expect(troubles.some((error) => /nothing new/.test(error.message))).toBe(true);
  });

  it('waits as long as a ban asks', async () => {
    const ban = at('ban', { untilMs: startMs + 6 * hourMs, amountMs: 1_800_000 });
    const { heard, expected, troubles } = await listen({
      faults: [ban, at('mute-stream')],
      stream: { staleMs: 10 * hourMs },
    });
    expect(heard).toEqual(expected);
    expect(troubles.filter((error) => error.code === 'banned').length).toBeLessThan(6);
  });

  it('tells a hole once, and goes on behind it', async () => {
    const { heard, gaps, expected } = await listen({ holes: [5, 6] });
    expect(heard).toEqual(expected);
    expect(gaps).toEqual([[5, 7]]);
  });

  /** A venue made of two functions, for what the simulated one is too well-bred to do. */
  async function against(
    fetchCandles: (fromMs: number, asked: number) => Candle[],
    feed: (onUpdate: (update: CandleUpdate) => void, sleep: (ms: number) => Promise<void>) => Promise<void>,
    hours: number,
    stream: Partial<StreamOptions> = {},
    price = '1',
  ) {
    const clock = new VirtualClock(startMs + 5 * hourMs + 5_000);
    let asked = 0;
    const venue = {
      capabilities: { candlesPerPage: 10 } as VenueCapabilities,
      fetchQuote: async () => ({ bid: price, ask: price, timeMs: 0 }),
      serverTimeMs: () => clock.nowMs(),
      fetchCandles: async (_symbol: string, _timeframeMs: number, fromMs: number) => fetchCandles(fromMs, asked++),
      watchCandles: async (
        _symbol: string,
        _timeframeMs: number,
        onUpdate: (update: CandleUpdate) => void,
        signal: AbortSignal,
      ) => {
        await feed(onUpdate, (ms) => clock.sleep(ms, signal)).catch(() => {});
        await clock.sleep(1e9, signal).catch(() => {});
      },
    };
    const heard: number[] = [];
    const gaps: number[] = [];
    const options = { venue, clock, symbol: 'BTC/USDT', timeframeMs: hourMs, lastTimeMs: startMs, ...stream };
    const client = new WebSocketClient(options, {
      onCandle: (candle) => void heard.push((candle.timeMs - startMs) / hourMs),
      onGap: (fromMs) => gaps.push(fromMs),
    });
    const stop = new AbortController();
    const running = client.run(stop.signal);
    await clock.advanceTo(startMs + hours * hourMs);
    stop.abort();
    await clock.runUntil(running);
    return { heard, gaps, client };
  }

  const all = world({ bars: 30 }).candles;
  const closed = (fromMs: number, toBar: number) => all.slice(0, toBar).filter((candle) => candle.timeMs >= fromMs);

  it('asks twice before it believes in a hole', async () => {
    const late = (fromMs: number, asked: number) =>
      closed(fromMs, 5).filter((candle) => asked > 0 || candle !== all[2]);
    const { heard, gaps } = await against(late, async () => {}, 5.1);
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(gaps).toEqual([]);
  });

  it('passes over rows that it did not ask for', async () => {
    const { heard } = await against(
      () => closed(0, 5),
      async () => {},
      5.1,
    );
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it('fills a hole of REST with finals that came by socket', async () => {
    const feed = async (onUpdate: (update: CandleUpdate) => void) => {
      for (const bar of [3, 2]) onUpdate({ candle: all[bar], closed: true });
    };
    const holed = (fromMs: number) => closed(fromMs, 5).filter((candle) => candle !== all[2] && candle !== all[3]);
    const { heard, gaps, client } = await against(holed, feed, 5.1);
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(gaps).toEqual([]);
    expect(client.status.fromStream).toBe(2);
  });

  it('finds what comes after a hole that is longer than a page', async () => {
    // A venue that answers a page at a time, and has nothing for the first two.
    const paged = (fromMs: number) => {
      const page = closed(fromMs, 28).filter((candle) => candle.timeMs < fromMs + 10 * hourMs);
      return page.filter((candle) => candle.timeMs >= startMs + 26 * hourMs);
    };
    const { heard, gaps } = await against(paged, async () => {}, 29);
    expect(heard).toEqual([26, 27]);
    expect(gaps).toEqual([startMs + hourMs]);
  });

  const wrong = (bar: number) => ({ ...all[bar], close: all[bar].close / 10, low: all[bar].low / 10 });

  it('has REST decide on a final that is far from every price it knows', async () => {
    const feed = async (onUpdate: (update: CandleUpdate) => void) => onUpdate({ candle: wrong(1), closed: true });
    const stream = { lastClose: all[0].close };
    const { heard, client } = await against((fromMs) => closed(fromMs, 5), feed, 5.1, stream);
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(client.status.fromStream).toBe(0);
  });

  it('believes a candle of REST that is far away where the price of the venue is there too', async () => {
    const far = (fromMs: number) => closed(fromMs, 5).map((candle) => (candle === all[4] ? wrong(4) : candle));
    const stream = { lastClose: all[0].close };
    const doubted = await against(far, async () => {}, 5.1, stream, String(all[4].close));
    expect(doubted.heard).toEqual([]);
    const confirmed = await against(far, async () => {}, 5.1, stream, String(all[4].close / 10));
    expect(confirmed.heard).toEqual([1, 2, 3, 4]);
  });

  it('takes a socket that repeats itself for dead', async () => {
    const feed = async (onUpdate: (update: CandleUpdate) => void, sleep: (ms: number) => Promise<void>) => {
      for (;;) {
        onUpdate({ candle: all[5], closed: false });
        await sleep(10_000);
      }
    };
    const { client } = await against((fromMs) => closed(fromMs, 5), feed, 5.5, { staleMs: 300_000 });
    expect(client.status.staleCount).toBeGreaterThan(3);
  });

  it('ends with what a listener throws, and with a user error', async () => {
    const { venue, clock } = world();
    const listener = () => Promise.reject(new Error('full disk'));
    const options = { venue, clock, timeframeMs: hourMs, lastTimeMs: startMs - hourMs };
    const failing = new WebSocketClient({ ...options, symbol: 'BTC/USDT' }, { onCandle: listener });
    const running = failing.run(new AbortController().signal);
    running.catch(() => {});
    await clock.advanceTo(startMs + 3 * hourMs);
    await expect(running).rejects.toThrow('full disk');
    const unknown = new WebSocketClient({ ...options, symbol: 'NO/PE' }, { onCandle: () => {} });
    await expect(clock.runUntil(unknown.run(new AbortController().signal))).rejects.toThrow(InputError);
  });

  it('gives every candle once and in order under any schedule of faults', SLOW, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.boolean(), async (seed, closedFlag) => {
        const endMs = startMs + 30 * hourMs;
        const faults = drawFaults(seed, { startMs: startMs + hourMs, endMs, count: 40, longestMs: 3 * hourMs });
        const { heard, expected, gaps } = await listen({
          seed,
          faults,
          closedFlag,
          bars: 36,
          stream: { staleMs: hourMs },
        });
        expect(gaps).toEqual([]);
        // The last one may still be on its way when a clock is wrong.
        expect(heard.length).toBeGreaterThanOrEqual(expected.length - 1);
        expect(heard.slice(0, expected.length)).toEqual(expected.slice(0, heard.length));
      }),
      { numRuns: 60 },
    );
  });
});
