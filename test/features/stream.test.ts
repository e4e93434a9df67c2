import { describe, expect, it } from 'vitest';
import { type Candle, candleAt } from '../../src/core/candle.ts';
import { InputError } from '../../src/core/errors.ts';
import { aroon } from '../../src/features/aroon.ts';
import {
  chooseFeatureSet,
  defineFeatureSet,
  featureSet,
  featureSetNames,
  requireColumns,
} from '../../src/features/sets.ts';
import { FeatureStream } from '../../src/features/stream.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { volumeFlow } from '../../src/features/volume-flow.ts';
import { randomSeries, truncateSeries } from './random-series.ts';

function flatCandle(timeMs: number, price: number, volume = 1): Candle {
  return { timeMs, open: price, high: price, low: price, close: price, volume, trades: 1, trends: 1 };
}

describe('a gap', () => {
  it('restarts the stream: what follows is a stream begun there', () => {
    const set = featureSet('tradernet21');
    const whole = randomSeries(5, 200);
    const timeMs = whole.timeMs.slice();
    for (let i = 100; i < 200; i++) timeMs[i] += whole.timeframeMs;
    const gapped = { ...whole, timeMs };
    const table = computeFeatures(gapped, set);
    expect(Array.from(table.complete.subarray(100, 133)).every((flag) => flag === 0)).toBe(true);
    expect(table.complete[99]).toBe(1);
    expect(table.complete[133]).toBe(1);
    const stream = new FeatureStream(set, whole.timeframeMs);
    const row = new Float64Array(stream.width);
    for (let i = 100; i < 200; i++) {
      stream.step(candleAt(gapped, i), row, 0);
      expect(row).toEqual(table.data.slice(i * table.width, (i + 1) * table.width));
    }
  });

  it('disorder is a bug of the caller', () => {
    const stream = new FeatureStream(featureSet('tradernet19'), 1000);
    const out = new Float64Array(stream.width);
    stream.step(flatCandle(5000, 1), out, 0);
    expect(() => stream.step(flatCandle(5000, 1), out, 0)).toThrow(/comes after/);
  });
});

describe('overflow', () => {
  it('an absurd price makes the row unknown, never infinite', () => {
    const stream = new FeatureStream(featureSet('tradernet19'), 1000);
    const out = new Float64Array(stream.width);
    for (let i = 0; i < 60; i++) {
      const complete = stream.step(flatCandle(i * 1000, i === 50 ? 1e308 : 1, 1e10), out, 0);
      expect(out.some((x) => x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY)).toBe(false);
      if (i === 50) expect(complete).toBe(false);
    }
  });
});

describe('scale', () => {
  it('the default set sees the same at 100 times the price and 1000 times the volume', () => {
    const series = truncateSeries(randomSeries(3, 300), 300);
    const times = (values: Float64Array, factor: number) => values.map((x) => x * factor);
    // Powers of two, so that not even the rounding differs (but for the logarithms' differences).
    const scaled = {
      ...series,
      ...{ open: times(series.open, 128), high: times(series.high, 128), low: times(series.low, 128) },
      ...{ close: times(series.close, 128), volume: times(series.volume, 1024) },
    };
    const set = featureSet('tradernet21');
    const [a, b] = [computeFeatures(series, set), computeFeatures(scaled, set)];
    for (let i = 0; i < a.data.length; i++)
      if (Number.isFinite(a.data[i])) expect(Math.abs(a.data[i] - b.data[i])).toBeLessThan(1e-9);
    const published = featureSet('tradernet21-published');
    const c = published.columns.indexOf('close_dema');
    const last = 299 * 21 + c;
    const [small, large] = [computeFeatures(series, published), computeFeatures(scaled, published)];
    expect(large.data[last]).toBeCloseTo(128 * small.data[last], 6);
  });
});

describe('variants', () => {
  it('aroon over highs and lows counts 26 bars from 0', () => {
    const set = defineFeatureSet('a', [aroon.create({ source: 'high-low' })]);
    const stream = new FeatureStream(set, 1000);
    const out = new Float64Array(2);
    for (let i = 0; i < 26; i++) stream.step(flatCandle(i * 1000, 100 + i), out, 0);
    expect(Array.from(out)).toEqual([100, 0]);
    stream.step(flatCandle(26_000, 1), out, 0);
    expect(Array.from(out)).toEqual([96, 100]);
  });

  it('the second difference of a line is the difference of its first', () => {
    const series = randomSeries(8, 60);
    const first = computeFeatures(
      series,
      defineFeatureSet('1', [volumeFlow.create({ unit: 'volume', difference: 'first' })]),
    );
    const second = computeFeatures(
      series,
      defineFeatureSet('2', [volumeFlow.create({ unit: 'volume', difference: 'second' })]),
    );
    for (let i = 4; i < 120; i++) expect(second.data[i]).toBe(first.data[i] - first.data[i - 2]);
  });

  it('a set name carries them, and the signature differs', () => {
    const plain = featureSet('tradernet21');
    const variant = featureSet('tradernet21+aroon-high-low+second-difference');
    expect(variant.columns).toEqual(plain.columns);
    expect(variant.signature).not.toBe(plain.signature);
    expect(() => featureSet('tradernet21+aroon')).toThrow(InputError);
    expect(() => featureSet('tradernet22')).toThrow(/tradernet19/);
  });
});

describe('sets', () => {
  it('have the columns of their names', () => {
    expect(featureSetNames().map((name) => featureSet(name).columns.length)).toEqual([21, 20, 19, 21]);
    expect(featureSet('tradernet21').columns).toEqual(featureSet('tradernet21-published').columns);
    expect(featureSet('tradernet21-published').warmup).toBe(33);
  });

  it('are chosen by what the data has', () => {
    const full = randomSeries(1, 100);
    expect(chooseFeatureSet(full).set.name).toBe('tradernet21');
    expect(chooseFeatureSet({ ...full, trends: null }).set.name).toBe('tradernet20');
    expect(chooseFeatureSet({ ...full, trends: null, trades: null }).set.name).toBe('tradernet19');
    const stale = full.trends!.slice();
    stale.fill(Number.NaN, 90);
    const chosen = chooseFeatureSet({ ...full, trends: stale });
    expect(chosen.set.name).toBe('tradernet20');
    expect(chosen.reason).toMatch(/10 of 100 bars/);
  });

  it('refuse data that lacks a column; only the published set takes missing trends as zeros', () => {
    const full = randomSeries(1, 100);
    expect(() => requireColumns(featureSet('tradernet21'), { ...full, trends: null })).toThrow(InputError);
    expect(() => requireColumns(featureSet('tradernet20'), { ...full, trades: null })).toThrow(/trades_log_returns/);
    requireColumns(featureSet('tradernet21-published'), { ...full, trends: null });
    const table = computeFeatures({ ...full, trends: null }, featureSet('tradernet21-published'));
    expect(table.data[99 * 21 + 20]).toBe(0);
    expect(table.complete[99]).toBe(1);
  });
});
