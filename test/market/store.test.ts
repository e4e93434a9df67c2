import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { sliceSeries } from '../../src/market/series.ts';
import { CandleStore, hashSeries } from '../../src/market/store.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { SLOW } from '../effort.ts';
import { HOUR_MS, makeSeries } from './candle-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradernet-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

const series = makeSeries(300);
const load = (store: CandleStore, symbol = 'BTC/USDT') => store.load('test', symbol, HOUR_MS);

describe('importing', () => {
  it('gives back what was written, bit by bit, after reopening too', () => {
    const path = join(folder, 'a.sqlite');
    {
      using store = CandleStore.open(path);
      expect(store.importSeries(series)).toEqual({ inserted: 300, unchanged: 0, replaced: 0 });
      expect(store.importSeries(series)).toEqual({ inserted: 0, unchanged: 300, replaced: 0 });
    }
    using store = CandleStore.open(path);
    expect(hashSeries(load(store))).toBe(hashSeries(series));
    expect(store.load('test', 'BTC/USDT', HOUR_MS, series.timeMs[10], series.timeMs[20]).timeMs).toEqual(
      series.timeMs.slice(10, 20),
    );
  });

  it('overlapping files join; one that disagrees is refused whole', () => {
    using store = CandleStore.open(':memory:');
    store.importSeries(sliceSeries(series, 0, 200));
    expect(store.importSeries(sliceSeries(series, 100, 300))).toEqual({ inserted: 100, unchanged: 100, replaced: 0 });
    expect(hashSeries(load(store))).toBe(hashSeries(series));
    const other = { ...series, symbol: 'BTC/USDT', close: series.close.with(250, series.high[250]) };
    expect(() => store.importSeries({ ...other, venue: 'test' })).toThrow(/--replace/);
    expect(hashSeries(load(store))).toBe(hashSeries(series));
    expect(store.importSeries(other, { replace: true })).toEqual({ inserted: 0, unchanged: 299, replaced: 1 });
    expect(load(store).close[250]).toBe(series.high[250]);
  });

  it('a filled bar gives way to a real one, never the reverse', () => {
    using store = CandleStore.open(':memory:');
    const flat = sliceSeries(series, 0, 3);
    flat.filled[1] = 1;
    for (const key of ['open', 'high', 'low', 'close'] as const) flat[key][1] = flat.close[0];
    flat.volume[1] = 0;
    store.importSeries(flat);
    expect(load(store).filled[1]).toBe(1);
    expect(store.importSeries(sliceSeries(series, 0, 3)).replaced).toBe(1);
    expect(hashSeries(load(store))).toBe(hashSeries(sliceSeries(series, 0, 3)));
    expect(store.importSeries(flat).unchanged).toBe(3);
    expect(load(store).filled[1]).toBe(0);
  });

  it('a source without trade counts leaves the stored ones; a mixed history has none', () => {
    using store = CandleStore.open(':memory:');
    store.importSeries(sliceSeries(series, 0, 100));
    store.importSeries({ ...sliceSeries(series, 50, 100), trades: null });
    expect(load(store).trades).toEqual(series.trades!.slice(0, 100));
    store.importSeries({ ...sliceSeries(series, 100, 150), trades: null });
    expect(load(store).trades).toBeNull();
    store.importSeries(sliceSeries(series, 100, 150));
    expect(load(store).trades).toEqual(series.trades!.slice(0, 150));
  });

  it('gaps stay gaps', () => {
    using store = CandleStore.open(':memory:');
    store.importSeries(sliceSeries(series, 0, 100));
    store.importSeries(sliceSeries(series, 110, 200));
    expect(store.list()).toMatchObject([{ bars: 190, missing: 10, filled: 0, trades: true, trends: 0 }]);
    expect(load(store).timeMs[100]).toBe(series.timeMs[110]);
  });

  it('a synthetic market replaces another whole, trends included', () => {
    using store = CandleStore.open(':memory:');
    const [one, two] = [1, 2].map((seed) => synthesize({ bars: 600 - 100 * seed, seed }));
    store.replaceSeries(one.series, one.trends);
    expect(hashSeries(load2(store))).toBe(hashSeries(one.series));
    store.replaceSeries(two.series, two.trends);
    expect(hashSeries(load2(store))).toBe(hashSeries(two.series));
  });

  it('trends grow by overlap, the past stays', () => {
    using store = CandleStore.open(':memory:');
    const week = 7 * 24 * HOUR_MS;
    const window = (from: number, values: number[]) =>
      values.map((value, i) => ({ timeMs: (2600 + from + i) * week, periodMs: week, value }));
    expect(store.importTrends('X', window(0, [10, 20, 40])).inserted).toBe(3);
    expect(store.importTrends('X', window(1, [50, 100, 75])).inserted).toBe(1);
    expect(store.loadTrends('X').map((one) => one.value)).toEqual([10, 20, 40, 30]);
    expect(() => store.importTrends('X', window(9, [1, 2]))).toThrow(InputError);
    expect(store.loadTrends('X')).toHaveLength(4);
  });
});

function load2(store: CandleStore) {
  return store.load('synthetic', 'SYNTH', HOUR_MS);
}

describe('what a user may do wrong', () => {
  it('unknown symbols and empty times say what there is', () => {
    using store = CandleStore.open(':memory:');
    expect(() => load(store)).toThrow(/the database is empty/);
    store.importSeries(series);
    expect(() => load(store, 'ETH')).toThrow(/BTC\/USDT of test \(60 min\)/);
    expect(() => store.load('test', 'BTC/USDT', HOUR_MS, 0, 1000)).toThrow(/no bars in that time/);
  });

  it('a file that is no database, one of another program, one of a later version', () => {
    const text = join(folder, 'text.sqlite');
    writeFileSync(text, 'this is not a database, however long it may be '.repeat(100));
    expect(() => CandleStore.open(text)).toThrow(InputError);
    const other = join(folder, 'other.sqlite');
    using database = new DatabaseSync(other);
    database.exec('CREATE TABLE mine (x)');
    expect(() => CandleStore.open(other)).toThrow(/another program/);
    const late = join(folder, 'late.sqlite');
    CandleStore.open(late).close();
    using newer = new DatabaseSync(late);
    newer.exec('PRAGMA user_version = 99');
    expect(() => CandleStore.open(late)).toThrow(/schema version 99/);
  });

  it('a second writer waits, then gives up in one line', SLOW, () => {
    const path = join(folder, 'busy.sqlite');
    using store = CandleStore.open(path);
    using other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(() => store.importSeries(makeSeries(3))).toThrow(/written by another process/);
    other.exec('ROLLBACK');
    expect(store.importSeries(makeSeries(3)).inserted).toBe(3);
  });
});
