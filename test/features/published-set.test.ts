import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { CandleSeries } from '../../src/core/candle.ts';
import { featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';

/** Fixtures made by the library `ta` 0.10.2; test/fixtures/ta/README.md names the details that decide the last digits. */
function readFixture(name: string): Record<string, string>[] {
  const file = new URL(`../fixtures/ta/${name}.csv`, import.meta.url);
  return parse(readFileSync(file), { columns: true }) as Record<string, string>[];
}

function readSeries(name: string): CandleSeries {
  const rows = readFixture(name);
  const column = (key: string) => Float64Array.from(rows, (row) => Number(row[key]));
  return {
    ...{ venue: 'test', symbol: name, timeframeMs: 3_600_000, length: rows.length },
    ...{ timeMs: column('open_time_ms'), open: column('open'), high: column('high'), low: column('low') },
    ...{ close: column('close'), volume: column('volume'), trades: column('trades') },
    ...{ trends: null, filled: new Uint8Array(rows.length) },
  };
}

/** Columns in units of price, in which the reference carries a rolling window's rounding. */
const PRICE_COLUMNS = ['macd_signal_diffs', 'close_dema', 'close_vwap', 'bband_up_close', 'close_bband_down'];

function isWithoutRange(series: CandleSeries, from: number, to: number): boolean {
  for (let i = from; i < to; i++)
    if (series.high[i] !== series.high[from] || series.low[i] !== series.high[from]) return false;
  return true;
}

describe.each(['synthetic_a', 'synthetic_b'])('tradernet21-published on %s', (name) => {
  const series = readSeries(`${name}_input`);
  const reference = readFixture(`${name}_ta`);
  const set = featureSet('tradernet21-published');
  const table = computeFeatures(series, set);

  it('gives its first complete row at bar 33', () => {
    expect(set.warmup).toBe(33);
    expect(Array.from(table.complete.subarray(0, 35))).toEqual(Array.from({ length: 35 }, (_, i) => (i < 33 ? 0 : 1)));
    expect(table.complete.subarray(33).every((flag) => flag === 1)).toBe(true);
  });

  it.each(set.columns.filter((column) => column !== 'trends'))('%s equals the reference', (column) => {
    const c = set.columns.indexOf(column);
    let compared = 0;
    for (let i = 33; i < series.length; i++) {
      const value = table.data[i * table.width + c];
      // Windows without range: the reference holds 0 or nothing, by rounding luck; the definition decides.
      if (column === 'cci' && isWithoutRange(series, i - 19, i + 1)) {
        expect(value).toBe(0);
        continue;
      }
      if (column === 'stoch' && isWithoutRange(series, i - 13, i + 1)) {
        expect(value).toBe(50);
        continue;
      }
      const cell = reference[i][column];
      expect(cell, `${column} of row ${i} is empty in the reference`).not.toBe('');
      const expected = Number(cell);
      const scale = PRICE_COLUMNS.includes(column) ? series.close[i] : 1;
      const tolerance = 1e-9 * Math.max(Math.abs(expected), scale);
      if (!(Math.abs(value - expected) <= tolerance))
        expect.fail(`${column}, row ${i}: ${value}, the reference has ${expected}`);
      compared++;
    }
    expect(compared).toBeGreaterThan(1400);
  });
});
