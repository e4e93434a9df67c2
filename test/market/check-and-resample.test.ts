import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { checkBar, checkSeries, findGaps } from '../../src/market/check.ts';
import { resample } from '../../src/market/resample.ts';
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
  it('joins what has enough parts, says how many, and leaves the rest as gaps', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.uniqueArray(fc.integer({ min: 1, max: 94 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        (seed, gone, minParts) => {
          const whole = makeSeries(96, seed);
          const missing = new Set(gone);
          const { series: joined, parts } = resample(without(whole, missing), 4 * HOUR_MS, minParts);
          // An independent count: bucket b is made of the hours 4b to 4b + 3 that are left.
          const left = Array.from({ length: 24 }, (_, b) =>
            [0, 1, 2, 3].map((k) => 4 * b + k).filter((i) => !missing.has(i)),
          );
          const expected = left.filter((hours) => hours.length >= minParts);
          expect(Array.from(parts)).toEqual(expected.map((hours) => hours.length));
          expect(Array.from(joined.timeMs)).toEqual(expected.map((hours) => whole.timeMs[hours[0] - (hours[0] % 4)]));
          expected.forEach((hours, k) => {
            const pick = (column: Float64Array) => hours.map((i) => column[i]);
            expect(joined.open[k]).toBe(whole.open[hours[0]]);
            expect(joined.close[k]).toBe(whole.close[hours.at(-1)!]);
            expect(joined.high[k]).toBe(Math.max(...pick(whole.high)));
            expect(joined.low[k]).toBe(Math.min(...pick(whole.low)));
            expect(joined.volume[k]).toBeCloseTo(
              pick(whole.volume).reduce((x, y) => x + y),
              6,
            );
            expect(joined.trades![k]).toBe(pick(whole.trades!).reduce((x, y) => x + y));
          });
        },
      ),
    );
  });

  it('a day lives through a missing hour; a day that begins or ends outside of the data does not count', () => {
    const hours = without(makeSeries(72 + 5), new Set([0, 30]));
    const { series: days, parts, leftOut } = resample(hours, 24 * HOUR_MS);
    expect(Array.from(days.timeMs, (ms) => new Date(ms).toISOString().slice(0, 10))).toEqual([
      '2021-01-02',
      '2021-01-03',
    ]);
    expect([Array.from(parts), leftOut]).toEqual([[23, 24], { tooFewParts: 0, atTheEnds: 2 }]);
  });

  it('weeks begin on Mondays', () => {
    const { series: weeks } = resample(makeSeries(24 * 25), 7 * 24 * HOUR_MS);
    expect(Array.from(weeks.timeMs, (ms) => new Date(ms).getUTCDay())).toEqual([1, 1, 1]);
    expect(new Date(weeks.timeMs[0]).toISOString()).toBe('2021-01-04T00:00:00.000Z');
    expect(checkSeries(weeks).errors).toEqual([]);
  });

  it('takes the trends of the last bar, and is filled only where nothing traded', () => {
    const series = { ...makeSeries(8), trends: Float64Array.from([1, 2, 3, 4, 5, 6, 7, Number.NaN]) };
    series.filled.set([1, 1, 1, 1, 1, 0, 1, 1]);
    const { series: joined } = resample(series, 4 * HOUR_MS);
    expect(Array.from(joined.trends!)).toEqual([4, Number.NaN]);
    expect(Array.from(joined.filled)).toEqual([1, 0]);
  });

  it('refuses what is no multiple, and more parts than there are', () => {
    expect(() => resample(makeSeries(8), 1.5 * HOUR_MS)).toThrow(InputError);
    expect(() => resample(makeSeries(8), HOUR_MS / 2)).toThrow(InputError);
    expect(() => resample(makeSeries(8), 4 * HOUR_MS, 5)).toThrow(InputError);
  });
});
