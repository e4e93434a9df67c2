import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candleAt } from '../../src/core/candle.ts';
import type { Json } from '../../src/core/json.ts';
import { INDICATORS } from '../../src/features/index.ts';
import type { Indicator } from '../../src/features/indicator.ts';
import { defineFeatureSet } from '../../src/features/sets.ts';
import { FeatureStream } from '../../src/features/stream.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { randomSeries, truncateSeries } from './random-series.ts';

/** The contract of an indicator, run over the registry. */
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const RUNS = { numRuns: 15 };
const LENGTH = 160;

function bits(values: Float64Array): BigUint64Array {
  return new BigUint64Array(values.slice().buffer);
}

function alone(indicator: Indicator) {
  return defineFeatureSet(indicator.id, [indicator]);
}

it('ids are unique', () => {
  expect(new Set(INDICATORS.map((indicator) => indicator.id)).size).toBe(INDICATORS.length);
});

describe.each(INDICATORS.map((indicator) => [indicator.id, indicator] as const))('%s', (_id, indicator) => {
  const set = alone(indicator);

  it('a table over history is the stream, bit by bit', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const series = randomSeries(seed, LENGTH, { gaps: true });
        const table = computeFeatures(series, set);
        const stream = new FeatureStream(set, series.timeframeMs);
        const row = new Float64Array(stream.width);
        for (let i = 0; i < series.length; i++) {
          const complete = stream.step(candleAt(series, i), row, 0);
          expect(complete ? 1 : 0).toBe(table.complete[i]);
          expect(bits(row)).toEqual(bits(table.data.subarray(i * table.width, (i + 1) * table.width)));
        }
      }),
      RUNS,
    );
  });

  it('changing the future changes nothing before it', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: LENGTH - 1 }), (seed, cut) => {
        const series = randomSeries(seed, LENGTH);
        const other = randomSeries(seed + 1, LENGTH);
        const changed = truncateSeries(series, LENGTH);
        for (const key of ['open', 'high', 'low', 'close', 'volume', 'trades', 'trends'] as const)
          (changed[key] as Float64Array).set((other[key] as Float64Array).subarray(cut), cut);
        const before = computeFeatures(series, set);
        const after = computeFeatures(changed, set);
        const cells = cut * before.width;
        expect(bits(after.data.subarray(0, cells))).toEqual(bits(before.data.subarray(0, cells)));
      }),
      RUNS,
    );
  });

  it('is finite after its warm-up, unknown before it, and says so', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const table = computeFeatures(randomSeries(seed, LENGTH), set);
        for (let i = 0; i < table.rows; i++) {
          const row = table.data.subarray(i * table.width, (i + 1) * table.width);
          expect(row.every(Number.isFinite)).toBe(i >= indicator.warmup);
          expect(table.complete[i]).toBe(i >= indicator.warmup ? 1 : 0);
        }
      }),
      RUNS,
    );
  });

  it('restoring a saved state and going on equals never having stopped', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: LENGTH - 1 }), (seed, cut) => {
        const series = randomSeries(seed, LENGTH, { gaps: true });
        const whole = computeFeatures(series, set);
        let stream = new FeatureStream(set, series.timeframeMs);
        const row = new Float64Array(stream.width);
        for (let i = 0; i < series.length; i++) {
          if (i === cut) {
            const saved = JSON.parse(JSON.stringify(stream.save())) as Json;
            stream = new FeatureStream(set, series.timeframeMs);
            stream.restore(saved);
          }
          stream.step(candleAt(series, i), row, 0);
          expect(bits(row)).toEqual(bits(whole.data.subarray(i * whole.width, (i + 1) * whole.width)));
        }
      }),
      RUNS,
    );
  });

  it('forgets what lies further back than its memory', () => {
    const series = randomSeries(11, 900);
    const late = 900 - indicator.memory - indicator.warmup - 1;
    const tail = { ...series, length: 900 - late };
    for (const key of ['timeMs', 'open', 'high', 'low', 'close', 'volume', 'trades', 'trends'] as const)
      (tail as Record<string, unknown>)[key] = (series[key] as Float64Array).slice(late);
    const whole = computeFeatures(series, set);
    const part = computeFeatures(tail, set);
    for (let c = 0; c < whole.width; c++) {
      const column = (data: Float64Array, rows: number) => data[(rows - 1) * whole.width + c];
      const [expected, value] = [column(whole.data, whole.rows), column(part.data, part.rows)];
      let size = 0;
      for (let i = indicator.warmup; i < whole.rows; i++)
        size = Math.max(size, Math.abs(whole.data[i * whole.width + c]));
      // Old bars weigh less than 0.1 %; two averages in a row and a ratio of them leave a little more.
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(0.01 * size);
    }
  });
});
