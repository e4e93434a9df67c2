import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { joinTrends, stitchTrends, type Trend } from '../../src/market/trends.ts';
import { readTrendsCsv } from '../../src/market/trends-csv.ts';
import { HOUR_MS, makeSeries, START_MS } from './candle-files.ts';

const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

function weekly(startMs: number, values: readonly number[]): Trend[] {
  return values.map((value, i) => ({ timeMs: startMs + i * WEEK_MS, periodMs: WEEK_MS, value }));
}

function parse(text: string) {
  return readTrendsCsv(new TextEncoder().encode(text), 'trends.csv');
}

describe('joining', () => {
  const series = makeSeries(40 * 24);

  it('a score is used one full period and a day after its period began, at the close, and for two periods', () => {
    const { trends } = joinTrends(series, weekly(START_MS, [42]));
    const publication = 8 * 24;
    for (let i = 0; i < series.length; i++) {
      // Bar i closes at hour i + 1.
      const known = i + 1 >= publication && i + 1 < publication + 14 * 24;
      if (known) expect(trends![i]).toBe(42);
      else expect(trends![i]).toBeNaN();
    }
  });

  it('no bar knows of a later score: changing the unpublished changes nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 100 }), (index, value) => {
        const trends = weekly(START_MS - 3 * WEEK_MS, [10, 20, 30, 40, 50]);
        const changed = trends.with(index, { ...trends[index], value });
        const [before, after] = [joinTrends(series, trends).trends!, joinTrends(series, changed).trends!];
        const publishedMs = trends[index].timeMs + WEEK_MS + DAY_MS;
        for (let i = 0; i < series.length; i++)
          if (series.timeMs[i] + HOUR_MS < publishedMs) expect(after[i]).toBe(before[i]);
      }),
    );
  });

  it('a late weekly score never replaces a newer daily one', () => {
    const trends = [
      { timeMs: START_MS, periodMs: WEEK_MS, value: 97 },
      { timeMs: START_MS + DAY_MS, periodMs: DAY_MS, value: 32 },
      { timeMs: START_MS + 7 * DAY_MS, periodMs: DAY_MS, value: 33 },
    ];
    const joined = joinTrends(series, trends).trends!;
    expect(joined).not.toContain(97);
    expect(joined[9 * 24]).toBe(33);
  });

  it('none is not a column', () => {
    expect(joinTrends(series, []).trends).toBeNull();
  });
});

describe('stitching', () => {
  it('rescales the newer window by the overlap and never changes the past', () => {
    const older = weekly(START_MS, [10, 20, 40]);
    const newer = weekly(START_MS + WEEK_MS, [50, 100, 75]);
    expect(stitchTrends(older, newer)).toEqual([{ timeMs: START_MS + 3 * WEEK_MS, periodMs: WEEK_MS, value: 30 }]);
    expect(stitchTrends([], newer)).toEqual(newer);
    expect(stitchTrends(older, older)).toEqual([]);
  });

  it('refuses windows that tell nothing of each other', () => {
    const older = weekly(START_MS, [10, 20, 40]);
    expect(() => stitchTrends(older, weekly(START_MS + 5 * WEEK_MS, [1, 2]))).toThrow(/overlaps by at least two/);
    expect(() => stitchTrends(older, weekly(START_MS + 2 * WEEK_MS, [1, 2]))).toThrow(InputError);
    expect(() => stitchTrends(older, weekly(START_MS + WEEK_MS, [0, 0, 9]))).toThrow(InputError);
    const daily = [START_MS + WEEK_MS, START_MS + WEEK_MS + DAY_MS].map((timeMs) => ({
      timeMs,
      periodMs: DAY_MS,
      value: 5,
    }));
    expect(() => stitchTrends(older, daily)).toThrow(/same period length/);
  });
});

describe('the CSV that Google exports', () => {
  it('banner, header, partial row, below one', () => {
    const text =
      'Category: All categories\n\nWeek,bitcoin: (Worldwide),isPartial\n2021-01-03,70,False\n2021-01-10,<1,False\n2021-01-17,100,True\n';
    expect(parse(text).trends).toEqual([
      { timeMs: Date.UTC(2021, 0, 3), periodMs: WEEK_MS, value: 70 },
      { timeMs: Date.UTC(2021, 0, 10), periodMs: WEEK_MS, value: 0 },
    ]);
  });

  it('months, hours, and a hole that does not lengthen a period', () => {
    const months = parse('Month,x\n2021-01,10\n2021-02,20\n2021-03,30\n').trends;
    expect(months.map((one) => one.periodMs / DAY_MS)).toEqual([31, 31, 28]);
    const hours = parse('Time,x\n2021-01-01T00,1\n2021-01-01T01,2\n').trends;
    expect(hours.map((one) => one.periodMs)).toEqual([HOUR_MS, HOUR_MS]);
    const days = parse('Day,x\n2021-01-01,1\n2021-01-02,2\n2021-01-05,3\n2021-01-06,4\n').trends;
    expect(days.map((one) => one.periodMs)).toEqual(Array(4).fill(DAY_MS));
  });

  it.each([
    '<1',
    '< 1',
    '<\u00a01',
    '<\u202f1',
    '＜1',
    '1 未満',
    '1未満',
    'unter 1',
    'menos de 1',
    'moins d’1',
    '&lt;1',
  ])("'%s' is less than one", (cell) => {
    const { trends, notes } = parse(`Week,x\n2021-01-03,7\n2021-01-10,"${cell}"\n2021-01-17,100\n`);
    expect(trends.map((one) => one.value)).toEqual([7, 0, 100]);
    expect(notes).toHaveLength(cell === '<1' ? 0 : 1);
  });

  it.each(['>1', '<2', '< 10', '-1', '1.5x', '1K', '1%', '0<1'])("'%s' is no score", (cell) => {
    expect(() => parse(`Week,x\n2021-01-03,7\n2021-01-10,"${cell}"\n`)).toThrow(/not a score/);
  });

  it('a change from weeks to days keeps the last week a week, and is said', () => {
    const { trends, notes } = parse('date,x\n2023-12-24,73\n2023-12-31,97\n2024-01-01,32\n2024-01-02,50\n');
    expect(trends.map((one) => one.periodMs / DAY_MS)).toEqual([7, 7, 1, 1]);
    expect(notes).toHaveLength(1);
  });

  it.each([
    ['no dates', 'a,b\n1,2\n', /no row begins with a date/],
    ['several terms', 'Week,bitcoin,ether\n2021-01-03,1,2\n', /several terms/],
    ['a score beyond 100', 'Week,x\n2021-01-03,1\n2021-01-10,101\n', /line 3: '101'/],
    ['no score', 'Week,x\n2021-01-03,1\n2021-01-10,\n', /line 3/],
    ['a bad date', 'Week,x\n2021-01-03,1\n2021-01-32,2\n', /line 3: '2021-01-32'/],
    ['a disagreement', 'Week,x\n2021-01-03,1\n2021-01-03,2\n', /disagrees with line 2/],
    ['one score', 'Week,x\n2021-01-03,1\n', /has 1 scores/],
  ])('%s is refused', (_, text, message) => {
    expect(() => parse(text)).toThrow(InputError);
    expect(() => parse(text)).toThrow(message);
  });
});
