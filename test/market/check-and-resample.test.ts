import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { checkBar, checkSeries, findGaps } from '../../src/market/check.ts';
import { resample } from '../../src/market/resample.ts';
import { sliceSeries } from '../../src/market/series.ts';
import { HOUR_MS, makeSeries } from './candle-files.ts';

/** The series without some bars. */
function without(series: ReturnType<typeof makeSeries>, missing: ReadonlySet<number>) {
  const keep = Array.from({ length: series.length }, (_, i) => i).filter((i) => !missing.has(i));
  const pick = (values: Float64Array) => Float64Array.from(keep, (i) => values[i]);
  const { timeMs, open, high, low, close, volume, trades } = series;
  return {
    ...series,
    ...{ length: keep.length, timeMs: pick(timeMs), open: pick(open), high: pick(high), low: pick(low) },
    ...{ close: pick(close), volume: pick(volume), trades: pick(trades!), filled: new Uint8Array(keep.length) },
  };
}

describe('check', () => {
  it('a sound series has no errors; gaps are counted', () => {
    const series = without(makeSeries(100), new Set([10, 11, 40]));
    const report = checkSeries(series);
    expect(report).toMatchObject({ bars: 97, missing: 3, errors: [], withTrends: null, zeroVolume: 0 });
    expect(report.gaps.map((gap) => gap.bars)).toEqual([2, 1]);
    expect(findGaps(series.timeMs, HOUR_MS)).toEqual(report.gaps);
  });

  it('finds each thing that can not be', () => {
    const spoiled = [
      (s: ReturnType<typeof makeSeries>) => s.high.fill(1, 5, 6),
      (s: ReturnType<typeof makeSeries>) => s.close.fill(Number.NaN, 5, 6),
      (s: ReturnType<typeof makeSeries>) => s.volume.fill(-1, 5, 6),
      (s: ReturnType<typeof makeSeries>) => s.timeMs.fill(s.timeMs[5] + 1, 5, 6),
      (s: ReturnType<typeof makeSeries>) => s.timeMs.fill(s.timeMs[3], 5, 6),
      (s: ReturnType<typeof makeSeries>) => s.trades!.fill(-1, 5, 6),
    ];
    for (const spoil of spoiled) {
      const series = makeSeries(20);
      spoil(series);
      expect(checkSeries(series).errors.length).toBeGreaterThan(0);
    }
    expect(checkBar(1, 2, 0.5, 1.5, 0)).toBeNull();
    expect(checkBar(1e16, 1e16, 1, 1, 0)).toMatch(/not a price/);
  });

  it('names a move far beyond the usual ones', () => {
    const series = makeSeries(300);
    for (const key of ['open', 'high', 'low', 'close'] as const) for (let i = 200; i < 300; i++) series[key][i] *= 1.5;
    expect(checkSeries(series).spikes.map((one) => one.timeMs)).toEqual([series.timeMs[200]]);
  });
});

describe('resample', () => {
  it('joins whole buckets and leaves the rest as gaps', () => {
    fc.assert(
      fc.property(fc.integer(), fc.uniqueArray(fc.integer({ min: 0, max: 95 }), { maxLength: 12 }), (seed, gone) => {
        const whole = makeSeries(96, seed);
        const series = without(whole, new Set(gone));
        const joined = resample(series, 4 * HOUR_MS);
        const expected = Array.from({ length: 24 }, (_, i) => i).filter(
          (b) => !gone.some((i) => Math.floor(i / 4) === b),
        );
        expect(Array.from(joined.timeMs)).toEqual(expected.map((b) => whole.timeMs[4 * b]));
        expected.forEach((b, k) => {
          const part = sliceSeries(whole, 4 * b, 4 * b + 4);
          expect(joined.open[k]).toBe(part.open[0]);
          expect(joined.close[k]).toBe(part.close[3]);
          expect(joined.high[k]).toBe(Math.max(...part.high));
          expect(joined.low[k]).toBe(Math.min(...part.low));
          expect(joined.volume[k]).toBeCloseTo(
            part.volume.reduce((x, y) => x + y),
            6,
          );
          expect(joined.trades![k]).toBe(part.trades!.reduce((x, y) => x + y));
        });
      }),
    );
  });

  it('takes the trends of the last bar, and is filled only where nothing traded', () => {
    const series = { ...makeSeries(8), trends: Float64Array.from([1, 2, 3, 4, 5, 6, 7, Number.NaN]) };
    series.filled.set([1, 1, 1, 1, 1, 0, 1, 1]);
    const joined = resample(series, 4 * HOUR_MS);
    expect(Array.from(joined.trends!)).toEqual([4, Number.NaN]);
    expect(Array.from(joined.filled)).toEqual([1, 0]);
  });

  it('refuses what is no multiple', () => {
    expect(() => resample(makeSeries(8), 1.5 * HOUR_MS)).toThrow(InputError);
    expect(() => resample(makeSeries(8), HOUR_MS / 2)).toThrow(InputError);
  });
});
