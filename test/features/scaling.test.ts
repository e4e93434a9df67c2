import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candleAt } from '../../src/core/candle.ts';
import { InputError } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import { hour } from '../../src/features/hour.ts';
import { ACCOUNT_COLUMNS, scaleTable, writeObservation } from '../../src/features/observation.ts';
import { RealTimeFeatureEng } from '../../src/features/realtime.ts';
import { fitScaler, type ScalingMethod, scalerFromJson, scalerToJson } from '../../src/features/scaler.ts';
import { defineFeatureSet, featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { randomSeries } from './random-series.ts';

const set = featureSet('tradernet21');
const METHODS: ScalingMethod[] = ['min-max', 'standardise'];

describe.each(METHODS)('scaler %s', (method) => {
  const table = computeFeatures(randomSeries(21, 600), set);
  const scaler = fitScaler(table, 0, 400, method);
  const scaled = scaleTable(table, scaler, { extraColumns: [] });

  it('stays in its range on every row and clips only outside of the training rows', () => {
    for (let i = 0; i < table.rows; i++) {
      for (let c = 0; c < table.width; c++) {
        const y = scaled.data[i * scaled.width + c];
        expect(y).toBeGreaterThanOrEqual(Math.fround(scaler.low[c]));
        expect(y).toBeLessThanOrEqual(Math.fround(scaler.high[c]));
      }
      if (method === 'min-max' && i < 400) expect(scaled.clippedShare[i]).toBe(0);
    }
    expect(scaled.clippedShare.subarray(400).some((share) => share > 0)).toBe(true);
  });

  it('does to the training rows what its name says', () => {
    for (let c = 0; c < table.width; c++) {
      const values: number[] = [];
      for (let i = 33; i < 400; i++)
        values.push((table.data[i * table.width + c] - scaler.shift[c]) * scaler.factor[c]);
      if (method === 'min-max') {
        expect(Math.min(...values)).toBe(0);
        expect(Math.max(...values)).toBeCloseTo(1, 12);
      } else {
        const mean = values.reduce((a, b) => a + b) / values.length;
        expect(mean).toBeCloseTo(0, 9);
        expect(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length).toBeCloseTo(1, 9);
      }
    }
  });

  it('knows nothing of the rows after its range', () => {
    const other = { ...table, data: table.data.slice() };
    other.data.fill(1e6, 400 * table.width);
    expect(scalerToJson(fitScaler(other, 0, 400, method))).toEqual(scalerToJson(scaler));
    expect(scaler.fitted).toEqual({ fromMs: table.timeMs[33], toMs: table.timeMs[399], rows: 367 });
  });

  it('survives JSON and refuses other columns', () => {
    const back = scalerFromJson(JSON.parse(JSON.stringify(scalerToJson(scaler))) as Json);
    expect(back).toEqual(scaler);
    const other = computeFeatures(randomSeries(21, 100), featureSet('tradernet20'));
    expect(() => scaleTable(other, back)).toThrow(InputError);
    expect(() => scaleTable(other, back)).toThrow(/trends/);
    expect(() => scalerFromJson({ method: 'min-max' })).toThrow(InputError);
  });

  it('makes a constant column 0 and counts any other value as new', () => {
    const flat = { ...table, data: table.data.slice() };
    for (let i = 0; i < 500; i++) flat.data[i * table.width] = 7;
    const view = scaleTable(flat, fitScaler(flat, 0, 400, method));
    expect(view.data[450 * view.width]).toBe(0);
    expect(view.data[550 * view.width]).toBe(0);
    expect(view.clippedShare[550]).toBeGreaterThan(0);
  });
});

it('too few rows are refused', () => {
  expect(() => fitScaler(computeFeatures(randomSeries(1, 34), set), 0, 34, 'min-max')).toThrow(InputError);
});

describe('observation', () => {
  const series = randomSeries(4, 200, { gaps: true });
  const table = computeFeatures(series, set);
  const scaler = fitScaler(computeFeatures(randomSeries(4, 200), set), 0, 200, 'min-max');

  it('is decidable exactly where the last 12 rows are complete and without a gap', () => {
    const scaled = scaleTable(table, scaler);
    for (let i = 0; i < table.rows; i++) {
      let whole = i >= 11;
      for (let j = i - 11; whole && j <= i; j++) {
        whole = table.complete[j] === 1;
        if (j > i - 11) whole &&= series.timeMs[j] - series.timeMs[j - 1] === series.timeframeMs;
      }
      expect(scaled.decidable[i]).toBe(whole ? 1 : 0);
    }
    expect(scaled.data.every(Number.isFinite)).toBe(true);
  });

  it('a gap breaks the window of columns that need no warm-up, too', () => {
    const hours = defineFeatureSet('hours', [hour.create({})]);
    const plain = computeFeatures(series, hours);
    const ofHours = fitScaler(plain, 0, plain.rows, 'min-max');
    const scaled = scaleTable(plain, ofHours);
    const engine = new RealTimeFeatureEng(hours, ofHours, series.timeframeMs);
    let run = 0;
    for (let i = 0; i < plain.rows; i++) {
      run = i > 0 && series.timeMs[i] - series.timeMs[i - 1] === series.timeframeMs ? run + 1 : 1;
      expect(plain.complete[i]).toBe(1);
      expect(scaled.decidable[i]).toBe(run >= 12 ? 1 : 0);
      expect(engine.update(candleAt(series, i)).decidable).toBe(run >= 12);
    }
    expect(run).toBeLessThan(plain.rows);
  });

  it('is a slice of the table, with the account constant over the time axis', () => {
    const scaled = scaleTable(table, scaler);
    expect(scaled.columns.slice(21)).toEqual([...ACCOUNT_COLUMNS]);
    const row = scaled.decidable.lastIndexOf(1);
    const out = new Float32Array(3 + 12 * 25).fill(9);
    const account = Float32Array.of(9, 0.25, -0.5, 1, 0.125);
    writeObservation(scaled, row, account, 1, out, 3);
    expect(Array.from(out.subarray(0, 3))).toEqual([9, 9, 9]);
    for (let t = 0; t < 12; t++) {
      const at = 3 + t * 25;
      expect(out.slice(at, at + 21)).toEqual(scaled.data.slice((row - 11 + t) * 25, (row - 11 + t) * 25 + 21));
      expect(out.slice(at + 21, at + 25)).toEqual(account.slice(1));
    }
    writeObservation(scaled, row, null, 0, out, 3);
    expect(Array.from(out.slice(24, 28))).toEqual([0, 0, 0, 0]);
  });
});

describe('RealTimeFeatureEng', () => {
  it('gives bar by bar, bit by bit, what training would have seen, restarts included', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 1, max: 250 }),
        fc.boolean(),
        (seed, stop, account) => {
          const series = randomSeries(seed, 260, { gaps: true });
          const table = computeFeatures(series, set);
          const scaler = fitScaler(computeFeatures(randomSeries(seed, 260), set), 0, 150, 'standardise');
          const options = { extraColumns: account ? ACCOUNT_COLUMNS : [] };
          const scaled = scaleTable(table, scaler, options);
          let engine = new RealTimeFeatureEng(set, scaler, series.timeframeMs, options);
          expect(engine.signature).toBe(scaled.signature);
          expect(engine.columns).toEqual(scaled.columns);
          const extras = Float32Array.of(0.5, 0.01, 1, 0.2);
          const expected = new Float32Array(12 * scaled.width);
          const seen = new Float32Array(12 * scaled.width);
          for (let i = 0; i < series.length; i++) {
            if (i === stop) {
              const saved = JSON.parse(JSON.stringify(engine.save())) as Json;
              engine = new RealTimeFeatureEng(set, scaler, series.timeframeMs, options);
              engine.restore(saved);
            }
            const live = engine.update(candleAt(series, i));
            expect(live.row).toEqual(table.data.slice(i * 21, (i + 1) * 21));
            expect(live.complete ? 1 : 0).toBe(table.complete[i]);
            expect(live.decidable ? 1 : 0).toBe(scaled.decidable[i]);
            expect(live.clippedShare).toBe(scaled.clippedShare[i]);
            const missing = i === 0 ? 0 : (series.timeMs[i] - series.timeMs[i - 1]) / series.timeframeMs - 1;
            expect(live.gapBars).toBe(missing);
            if (!live.decidable) continue;
            writeObservation(scaled, i, null, 0, expected, 0);
            expect(live.values).toEqual(expected);
            writeObservation(scaled, i, extras, 0, expected, 0);
            engine.observe(extras, seen);
            expect(seen).toEqual(expected);
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('refuses a scaler or a state of other columns', () => {
    const scaler = fitScaler(computeFeatures(randomSeries(2, 100), set), 0, 100, 'min-max');
    expect(() => new RealTimeFeatureEng(featureSet('tradernet20'), scaler, 1000)).toThrow(InputError);
    const engine = new RealTimeFeatureEng(set, scaler, 1000);
    const other = new RealTimeFeatureEng(set, scaler, 1000, { window: 8 });
    expect(() => other.restore(engine.save())).toThrow(/window=12/);
  });
});

describe('the scale of the columns that a network sees', () => {
  it('multiplies deviations and the account, clips by deviations, and leaves min-max alone', () => {
    const features = computeFeatures(synthesize({ bars: 2000, seed: 3 }).series, featureSet('tradernet19'));
    const plain = fitScaler(features, 0, 1500, 'standardise', { clip: 5 });
    const small = fitScaler(features, 0, 1500, 'standardise', { clip: 5, scale: 0.1 });
    const [one, tenth] = [plain, small].map((scaler) => scaleTable(features, scaler));
    for (let i = 0; i < one.data.length; i++) expect(tenth.data[i]).toBeCloseTo(0.1 * one.data[i], 6);
    expect(Math.max(...one.data)).toBeLessThanOrEqual(5);
    expect(Math.max(...tenth.data)).toBeLessThanOrEqual(Math.fround(0.5));
    expect(Array.from(tenth.clippedShare)).toEqual(Array.from(one.clippedShare));
    const window = new Float32Array(tenth.window * tenth.width);
    writeObservation(tenth, 1000, Float32Array.of(1, 0.5, 0.25, 0.125), 0, window, 0);
    expect([...window.slice(-4)]).toEqual([0.1, 0.05, 0.025, 0.0125].map(Math.fround));
    const minMax = fitScaler(features, 0, 1500, 'min-max', { clip: 5, scale: 0.1 });
    expect(minMax).toEqual(fitScaler(features, 0, 1500, 'min-max'));
  });

  it('is 1 in a scaler that was saved before there was one', () => {
    const features = computeFeatures(synthesize({ bars: 500, seed: 3 }).series, featureSet('tradernet19'));
    const saved = scalerToJson(fitScaler(features, 0, 400, 'standardise')) as Record<string, unknown>;
    expect('accountScale' in saved).toBe(false);
    expect(scalerFromJson(saved as never).accountScale).toBe(1);
    const scaled = scalerToJson(fitScaler(features, 0, 400, 'standardise', { scale: 0.1 }));
    expect(scalerFromJson(scaled)).toEqual(fitScaler(features, 0, 400, 'standardise', { scale: 0.1 }));
  });
});
