import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PricePath } from '../../src/rehearsal/price-path.ts';
import { VirtualClock } from '../../src/rehearsal/virtual-clock.ts';
import { hourMs, startMs, walk } from './world.ts';

describe('PricePath', () => {
  const candles = walk(5, 30);
  const path = new PricePath(candles, hourMs, '0.01');

  it('gives every stored candle back once it is over', () => {
    for (const candle of candles) {
      expect(path.candleSeen(candle.timeMs, hourMs, candle.timeMs + hourMs)).toEqual(candle);
      expect(path.priceAt(candle.timeMs)).toBe(candle.open);
    }
    expect(path.priceAt(startMs - 1)).toBe(candles[0].open);
    expect(path.priceAt(startMs + 99 * hourMs)).toBe(candles[29].close);
  });

  it('stays within the candle, and only widens as time goes by', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 29 }),
        fc.array(fc.integer({ min: 0, max: hourMs - 1 }), { minLength: 2 }),
        (index, times) => {
          const candle = candles[index];
          let low = Number.POSITIVE_INFINITY;
          let high = 0;
          for (const ms of times.sort((a, b) => a - b)) {
            const seen = path.candleSeen(candle.timeMs, hourMs, candle.timeMs + ms)!;
            expect(seen.low >= candle.low && seen.high <= candle.high && seen.open === candle.open).toBe(true);
            expect(seen.low <= Math.min(low, seen.close) && seen.high >= Math.max(high, seen.close)).toBe(true);
            expect(seen.volume).toBeLessThanOrEqual(candle.volume);
            low = Math.min(low, seen.low);
            high = Math.max(high, seen.high);
          }
        },
      ),
    );
  });

  it('finds the first touch of a price: not touched before, touched then', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20 * hourMs }),
        fc.double({ min: -0.03, max: 0.03, noNaN: true }),
        (offset, move) => {
          const fromMs = startMs + offset;
          const level = path.priceAt(fromMs) * (1 + move);
          const direction = move < 0 ? 'below' : 'above';
          const toMs = fromMs + 8 * hourMs;
          const touchMs = path.firstTouch(fromMs, toMs, level, direction);
          const { low, high } = path.rangeBetween(fromMs, toMs);
          if (Number.isNaN(touchMs)) {
            expect(direction === 'below' ? low : high)[direction === 'below' ? 'toBeGreaterThan' : 'toBeLessThan'](
              level,
            );
            return;
          }
          expect(touchMs >= fromMs && touchMs <= toMs).toBe(true);
          const before = path.rangeBetween(fromMs, touchMs - 2);
          const after = path.rangeBetween(fromMs, touchMs + 1);
          if (touchMs > fromMs + 2)
            expect(direction === 'below' ? before.low > level - 0.02 : before.high < level + 0.02).toBe(true);
          expect(direction === 'below' ? after.low <= level + 0.02 : after.high >= level - 0.02).toBe(true);
        },
      ),
    );
  });

  it('adds candles up to longer ones', () => {
    const four = path.candlesSeen(startMs, startMs + 30 * hourMs, 4 * hourMs, startMs + 99 * hourMs, 100);
    const first = candles.filter((candle) => candle.timeMs < Math.ceil((startMs + 1) / (4 * hourMs)) * 4 * hourMs);
    expect(four[0].close).toBe(first[first.length - 1].close);
    expect(four[0].high).toBe(Math.max(...first.map((candle) => candle.high)));
    expect(four[1].open).toBe(candles[first.length].open);
    expect(() => path.candleSeen(startMs, hourMs / 2, startMs)).toThrow(RangeError);
  });
});

describe('VirtualClock', () => {
  it('wakes sleepers in order, with what follows from each before the next', async () => {
    const clock = new VirtualClock(0);
    const log: string[] = [];
    const sleeper = async (name: string, ms: number, then: number) => {
      await clock.sleep(ms);
      log.push(`${name} ${clock.nowMs()}`);
      await clock.sleep(then);
      log.push(`${name} ${clock.nowMs()}`);
    };
    void sleeper('a', 30, 5);
    void sleeper('b', 10, 20);
    const stop = new AbortController();
    const aborted = clock.sleep(15, stop.signal).catch((reason) => log.push(String(reason)));
    await clock.advanceTo(12);
    stop.abort('stopped');
    await clock.advanceTo(100);
    await aborted;
    expect(log).toEqual(['b 10', 'stopped', 'a 30', 'b 30', 'a 35']);
    expect(clock.nowMs()).toBe(100);
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow('nothing sleeps');
  });
});
