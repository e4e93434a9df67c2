/** What the contract of indicators asks of each: numbers from outside, and a second opinion on what they don't cover. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { CandleSeries } from '../../../src/core/candle.ts';
import type { Indicator } from '../../../src/features/indicator.ts';
import { defineFeatureSet } from '../../../src/features/sets.ts';
import { computeFeatures } from '../../../src/features/table.ts';

export type Args = Readonly<Record<string, string | number>>;

/** Columns of test/fixtures/ta: *_ta.csv, which the library `ta` 0.10.2 computed, or *_pandas.csv, which pandas did. */
export interface Golden {
  /** The arguments with which the indicator gives them. */
  readonly args: Args;
  /** In units of price or volume: the reference carries a rolling window's rounding. */
  readonly inPrice?: boolean;
  /** Where the reference holds nothing or a rounding's luck, the value that the definition gives; else null. */
  readonly instead?: (series: CandleSeries, row: number) => number | null;
}

export interface IndicatorCase {
  /** Numbers that another implementation computed, or why there are none. */
  readonly golden: Golden | { readonly why: string };
  /**
   * (rows) for each column the value that a slow, obvious computation gives at each bar, NaN where it isn't known;
   * null for arguments that the golden numbers cover. The indicator is not asked.
   */
  expected(series: CandleSeries, args: Args): readonly (readonly number[])[] | null;
}

/** The columns of an indicator that is known to be right, over a series. */
export function columnsOf(indicator: Indicator, series: CandleSeries): number[][] {
  const { data, width, rows } = computeFeatures(series, defineFeatureSet('alone', [indicator]));
  return Array.from({ length: width }, (_, c) => Array.from({ length: rows }, (_row, i) => data[i * width + c]));
}

export function readFixture(name: string): Record<string, string>[] {
  const file = new URL(`../../fixtures/ta/${name}.csv`, import.meta.url);
  return parse(readFileSync(file), { columns: true }) as Record<string, string>[];
}

export function readGoldenSeries(name: string): CandleSeries {
  const rows = readFixture(`${name}_input`);
  const column = (key: string) => Float64Array.from(rows, (row) => Number(row[key]));
  return {
    ...{ venue: 'test', symbol: name, timeframeMs: 3_600_000, length: rows.length },
    ...{ timeMs: column('open_time_ms'), open: column('open'), high: column('high'), low: column('low') },
    ...{ close: column('close'), volume: column('volume'), trades: column('trades') },
    ...{ trends: null, filled: new Uint8Array(rows.length) },
  };
}

/** Whether all of rows [from, to) are one price. */
export function isWithoutRange(series: CandleSeries, from: number, to: number): boolean {
  for (let i = from; i < to; i++)
    if (series.high[i] !== series.high[from] || series.low[i] !== series.high[from]) return false;
  return true;
}

/** An indicator whose golden numbers are in units of price, and which divides them by the close otherwise. */
export function perClose(inPrice: () => Indicator): IndicatorCase {
  return {
    golden: { args: { per: 'price' }, inPrice: true },
    expected: (series, { per }) =>
      per === 'price'
        ? null
        : columnsOf(inPrice(), series).map((column) => column.map((value, i) => value / series.close[i])),
  };
}

/** An indicator without arguments, which the golden numbers cover. */
export const covered: IndicatorCase = { golden: { args: {} }, expected: () => null };

/** (length) the value of each window of `size` rows, first and last; NaN before there is one. */
export function rollingOf(length: number, size: number, value: (from: number, to: number) => number): number[] {
  return Array.from({ length }, (_, to) => (to + 1 < size ? Number.NaN : value(to + 1 - size, to)));
}

/** All columns of the reference, row by row. */
export function readReference(name: string): Record<string, string>[] {
  const more = readFixture(`${name}_pandas`);
  return readFixture(`${name}_ta`).map((row, i) => ({ ...row, ...more[i] }));
}

export const isStill = (closes: Float64Array): boolean => closes.every((close) => close === closes[0]);
