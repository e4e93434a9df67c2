import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candle } from '../../src/core/candle.ts';
import { ExchangeError, InputError } from '../../src/core/errors.ts';
import { type CandleSink, downloadCandles, missingStretches, storeSink } from '../../src/exchange/download.ts';
import type { Venue } from '../../src/exchange/venue.ts';
import { CandleStore } from '../../src/market/store.ts';
import { drawFaults, FaultBook } from '../../src/rehearsal/faults.ts';
import { PricePath } from '../../src/rehearsal/price-path.ts';
import { SimulatedVenue } from '../../src/rehearsal/simulated-venue.ts';
import { VirtualClock } from '../../src/rehearsal/virtual-clock.ts';
import { startMs, walk, world } from '../rehearsal/world.ts';
import { localVenue, minuteMs } from './local-venue.ts';

/** The same venue with another `fetchCandles`. */
function over(venue: SimulatedVenue, fetchCandles: Venue['fetchCandles']) {
  const { name, capabilities } = venue;
  return {
    name,
    capabilities,
    fetchCandles,
    serverTimeMs: () => venue.serverTimeMs(),
    measureClock: () => venue.measureClock(),
  };
}

class MemorySink implements CandleSink {
  readonly candles = new Map<number, Candle>();
  writes = 0;
  held(fromMs: number, toMs: number) {
    return [...this.candles.keys()].filter((timeMs) => timeMs >= fromMs && timeMs < toMs).sort((a, b) => a - b);
  }
  write(candles: readonly Candle[]) {
    this.writes++;
    for (const candle of candles) {
      expect(this.candles.has(candle.timeMs)).toBe(false);
      this.candles.set(candle.timeMs, candle);
    }
  }
}

/** A venue with minute candles but for `holes` (indices), its clock well behind the last one. */
function venueOf(
  count: number,
  holes: (index: number) => boolean = () => false,
  faults: ConstructorParameters<typeof FaultBook>[0] = [],
) {
  const candles = walk(4, count, minuteMs).filter((_, i) => !holes(i));
  const paths = new Map([['BTC/USDT', new PricePath(candles, minuteMs, '0.01')]]);
  const { engine } = world();
  const clock = new VirtualClock(startMs + (count + 10) * minuteMs);
  const venue = new SimulatedVenue({ clock, engine, paths, faults: new FaultBook(faults) });
  const sink = new MemorySink();
  const options = {
    venue,
    symbol: 'BTC/USDT',
    timeframeMs: minuteMs,
    fromMs: startMs,
    toMs: startMs + count * minuteMs,
    sink,
    clock,
  };
  return { candles, clock, venue, sink, options };
}

describe('downloadCandles', () => {
  it('fetches all pages, in order, and tells how far it is', async () => {
    const { candles, clock, sink, options } = venueOf(3_500);
    const marks: number[] = [];
    const report = await clock.runUntil(
      downloadCandles({ ...options, onProgress: (progress) => marks.push(progress.atMs) }),
    );
    expect([...sink.candles.values()]).toEqual(candles);
    expect(report).toMatchObject({ written: 3_500, heldBefore: 0, firstMs: startMs, gaps: [] });
    expect(marks).toEqual([...marks].sort((a, b) => a - b));
    expect(marks.at(-1)).toBe(options.toMs);
  });

  it('takes closed candles only', async () => {
    const { clock, options } = venueOf(100);
    const report = await clock.runUntil(downloadCandles({ ...options, toMs: Number.MAX_SAFE_INTEGER }));
    expect(report.lastMs).toBe(startMs + 99 * minuteMs);
    const early = venueOf(100);
    early.options.clock = new VirtualClock(startMs + 50.5 * minuteMs);
    const venue = new SimulatedVenue({
      clock: early.options.clock,
      engine: world().engine,
      paths: new Map([['BTC/USDT', new PricePath(early.candles, minuteMs, '0.01')]]),
    });
    const partial = await early.options.clock.runUntil(downloadCandles({ ...early.options, venue }));
    expect(partial.lastMs).toBe(startMs + 49 * minuteMs);
  });

  it('reports what the venue does not have, and only that', async () => {
    const { candles, clock, sink, options } = venueOf(3_000, (i) => (i >= 500 && i < 520) || (i >= 900 && i < 2_200));
    const report = await clock.runUntil(downloadCandles(options));
    expect([...sink.candles.values()].sort((a, b) => a.timeMs - b.timeMs)).toEqual(candles);
    expect(report.gaps.map((gap) => [(gap.fromMs - startMs) / minuteMs, gap.bars])).toEqual([
      [500, 20],
      [900, 1_300],
    ]);
  });

  it('finds where a listing begins without asking for every page before it', async () => {
    const { clock, options, venue, candles, sink } = venueOf(2_000);
    let asked = 0;
    const counted = over(venue, (...asking) => {
      asked++;
      return venue.fetchCandles(...asking);
    });
    const report = await clock.runUntil(
      downloadCandles({ ...options, venue: counted, fromMs: startMs - 900 * 86_400_000 }),
    );
    expect(report).toMatchObject({ written: 2_000, firstMs: startMs, gaps: [] });
    expect([...sink.candles.values()]).toEqual(candles);
    expect(asked).toBe(4);
  });

  it('goes on where it was stopped, and asks for the rest alone', async () => {
    const { candles, clock, sink, options } = venueOf(4_000);
    const stop = new AbortController();
    const first = downloadCandles({
      ...options,
      signal: stop.signal,
      onProgress: () => sink.writes === 2 && stop.abort(),
    });
    await expect(clock.runUntil(first)).rejects.toThrow();
    expect(sink.candles.size).toBe(2_000);
    const report = await clock.runUntil(downloadCandles(options));
    expect(report).toMatchObject({ written: 2_000, heldBefore: 2_000, gaps: [] });
    expect([...sink.candles.values()]).toEqual(candles);
    expect(await clock.runUntil(downloadCandles(options))).toMatchObject({ written: 0, heldBefore: 4_000 });
  });

  it('waits out what can pass, and gives up on what cannot', async () => {
    const { clock, venue, options } = venueOf(100);
    venue.faults.add({ kind: 'ban', fromMs: 0, untilMs: clock.nowMs() + 90_000, amountMs: 60_000 });
    const waits: (string | null)[] = [];
    const report = await clock.runUntil(
      downloadCandles({ ...options, onProgress: (progress) => waits.push(progress.waiting) }),
    );
    expect(report.written).toBe(100);
    expect(waits[0]).toBe('banned, trying again in 60 s');
    const other = venueOf(100);
    const deaf = over(other.venue, () =>
      Promise.reject(new ExchangeError('no', { code: 'unavailable', retryable: true })),
    );
    await expect(
      other.clock.runUntil(downloadCandles({ ...other.options, venue: deaf, clock: other.clock })),
    ).rejects.toThrow(ExchangeError);
    await expect(downloadCandles({ ...options, toMs: options.fromMs })).rejects.toThrow(InputError);
  });

  it('advances by the last row, since venues give less than they say, and asks twice for what is missing', async () => {
    const { clock, options, venue, candles, sink } = venueOf(1_500);
    const forgotten = new Set<number>();
    const stingy = over(venue, async (...asking) => {
      const rows = (await venue.fetchCandles(...asking)).slice(0, 300);
      return rows.filter(
        ({ timeMs }) => timeMs % (97 * minuteMs) !== 0 || forgotten.has(timeMs) || !forgotten.add(timeMs),
      );
    });
    const report = await clock.runUntil(downloadCandles({ ...options, venue: stingy }));
    expect(forgotten.size).toBeGreaterThan(10);
    expect(report).toMatchObject({ written: 1_500, gaps: [] });
    expect([...sink.candles.values()].sort((a, b) => a.timeMs - b.timeMs)).toEqual(candles);
  });

  it('gets everything through any schedule of faults', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const endMs = startMs + 2_610 * minuteMs;
        const kinds = [
          'rate-limit',
          'server-error',
          'garbage',
          'timeout',
          'disconnect',
          'maintenance',
          'ban',
          'clock-skew',
        ] as const;
        const faults = drawFaults(seed, {
          startMs: endMs - 1,
          endMs: endMs + 20_000,
          count: 12,
          longestMs: 20_000,
          kinds,
        });
        const { candles, clock, sink, options } = venueOf(2_600, (i) => i % 701 === 3, faults);
        const report = await clock.runUntil(downloadCandles({ ...options, attempts: 20 }));
        expect([...sink.candles.values()].sort((a, b) => a.timeMs - b.timeMs)).toEqual(candles);
        expect(report.gaps).toHaveLength(4);
      }),
      { numRuns: 25 },
    );
  });

  it('fills the database page by page', async () => {
    const { candles, clock, options } = venueOf(2_500, (i) => i === 1_200);
    using store = CandleStore.open(':memory:');
    const key = { venue: 'binance', symbol: 'BTC/USDT', timeframeMs: minuteMs };
    const report = await clock.runUntil(downloadCandles({ ...options, sink: storeSink(store, key) }));
    expect(report).toMatchObject({ written: 2_499, gaps: [{ bars: 1 }] });
    const series = store.load('binance', 'BTC/USDT', minuteMs);
    expect(Array.from(series.close)).toEqual(candles.map((candle) => candle.close));
    expect(await clock.runUntil(downloadCandles({ ...options, sink: storeSink(store, key) }))).toMatchObject({
      written: 0,
    });
  });

  it.each(['binance', 'bybit'])('works through ccxt against a local %s, without a key', async (venue) => {
    const made = await localVenue(venue, { connector: { keys: null } });
    const sink = new MemorySink();
    const report = await downloadCandles({
      venue: made.connector,
      symbol: 'BTC/USDT',
      timeframeMs: minuteMs,
      fromMs: startMs - 5 * 86_400_000,
      toMs: Number.MAX_SAFE_INTEGER,
      sink,
      clock: made.clock,
    });
    expect(report).toMatchObject({ written: 200, firstMs: startMs, gaps: [] });
    expect([...sink.candles.values()].map((candle) => candle.close)).toEqual(
      made.candles.slice(0, 200).map((candle) => candle.close),
    );
    await made.close();
  });
});

describe('missingStretches', () => {
  it('and what is held make up the whole', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 60 })), (held) => {
        const times = held.sort((a, b) => a - b).map((i) => i * 10);
        const missing = missingStretches(times, 0, 610, 10).flatMap(({ fromMs, toMs }) =>
          Array.from({ length: (toMs - fromMs) / 10 }, (_, i) => fromMs + i * 10),
        );
        expect([...times, ...missing].sort((a, b) => a - b)).toEqual(Array.from({ length: 61 }, (_, i) => i * 10));
      }),
    );
  });
});
