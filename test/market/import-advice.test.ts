/** Every piece of advice that the importer gives is followed here, and ends in the market that the file was made of. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { type CandleFile, type ImportOptions, requireClean } from '../../src/market/import/candles.ts';
import { loadSeries, readCandleCsv } from '../../src/market/import/series.ts';
import { resample } from '../../src/market/resample.ts';
import { CandleStore } from '../../src/market/store.ts';
import { adviceIn } from './import-advice.ts';
import { DAYS, makeTruth, TIMES, type TrueBar, type Truth, writeNumber, writeTable } from './import-writers.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 0, 1);

const market = (options: Partial<Parameters<typeof makeTruth>[1]> = {}) =>
  makeTruth(new Rng(9, 5), {
    ...{ bars: 200, timeframeMs: HOUR_MS, startMs: Date.UTC(2021, 0, 4), price: 300, decimals: 2 },
    ...options,
  });
const hours = market();
const HEADER = ['time', 'open', 'high', 'low', 'close', 'volume'];
const cells = (bar: TrueBar, time: (ms: number) => string = String) =>
  [time(bar.timeMs), bar.open, bar.high, bar.low, bar.close, bar.volume].map(String);
const rowsOf = (truth: Truth, time?: (ms: number) => string) => truth.bars.map((bar) => cells(bar, time));
const tableOf = (rows: readonly (readonly string[])[], delimiter?: string) => writeTable([HEADER, ...rows], delimiter);

function read(text: string, options: Partial<ImportOptions> = {}) {
  return readCandleCsv(new TextEncoder().encode(text), {
    name: 'file',
    venue: 'test',
    symbol: 'X',
    nowMs: NOW_MS,
    ...options,
  });
}

/** As the command does: what is wrong is thrown. */
function take(text: string, options: Partial<ImportOptions> = {}) {
  const file = read(text, options);
  requireClean(file);
  return file.series;
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error('was accepted');
}

function isMarket(
  series: ReturnType<typeof take>,
  { bars, timeframeMs }: Pick<Truth, 'bars' | 'timeframeMs'>,
): boolean {
  const keys = ['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const;
  return (
    series.timeframeMs === timeframeMs &&
    series.length === bars.length &&
    keys.every((key) => bars.every((bar, i) => series[key][i] === bar[key]))
  );
}

/** The message matches, and of its flags those for which `isRight` holds lead to the market; returns them. */
function follow(
  text: string,
  message: RegExp,
  truth: Pick<Truth, 'bars' | 'timeframeMs'>,
  options: Partial<ImportOptions> = {},
) {
  const said = messageOf(() => take(text, options));
  expect(said).toMatch(message);
  const ways = adviceIn(said);
  const right = ways.filter((way) => {
    try {
      return isMarket(take(text, { ...options, ...way }), truth);
    } catch {
      return false;
    }
  });
  expect(right.length, said).toBeGreaterThan(0);
  return { said, ways, right };
}

describe('what can be read in two ways names both, and the flag of each', () => {
  it.each(['day first', 'month first'] as const)('a single day in figures: %s', (name) => {
    const day = { ...hours, bars: market({ startMs: Date.UTC(2021, 4, 6), bars: 20 }).bars };
    const { ways, right } = follow(
      tableOf(rowsOf(day, TIMES[name])),
      /is 2021-05-06 or 2021-06-05|is 2021-06-05 or 2021-05-06/,
      day,
    );
    expect([ways.length, right]).toEqual([2, [{ timeFormat: name }]]);
  });

  it.each(['US', 'German'] as const)('three digits behind the one mark there is: %s', (style) => {
    // 30.125 and 30,125: all of them have three digits, and none fewer before.
    const thousand = market({ price: 30_000, decimals: 0 });
    const truth = { ...thousand, bars: thousand.bars.map((bar, i) => ({ ...bar, volume: 1000 + i * 7 })) };
    const text = tableOf(
      truth.bars.map((bar) => [
        ...[
          TIMES.ISO(bar.timeMs),
          ...[bar.open, bar.high, bar.low, bar.close].map((one) => writeNumber(one, 0, style)),
        ],
        writeNumber(bar.volume, 0, style),
      ]),
      ';',
    );
    const { ways, right } = follow(text, /with --decimal \. and .* with --decimal , and nothing/, truth);
    expect([ways.length, right]).toEqual([2, [{ decimal: style === 'US' ? '.' : ',' }]]);
  });

  it('prices that could stand in two orders', () => {
    const bars = hours.bars.map((bar, i) => {
      // Opens that know nothing of the closes before.
      const close = bar.low + Math.round(((i * 7919) % 100) * (bar.high - bar.low)) / 100;
      const open = bar.low + Math.round(((i * 104_729) % 100) * (bar.high - bar.low)) / 100;
      return { ...bar, open: Number((open + (i % 3)).toFixed(2)), close: Number(close.toFixed(2)), high: bar.high + 3 };
    });
    const truth = { ...hours, bars };
    const { ways } = follow(writeTable(rowsOf(truth)), /more than one order; say which with --columns/, truth);
    expect(ways).toHaveLength(2);
  });

  it('prices that are not what their names say', () => {
    const text = writeTable([['time', 'high', 'open', 'low', 'close', 'volume'], ...rowsOf(hours)]);
    const { right } = follow(text, /aren't what they are called/, hours);
    expect(right).toEqual([{ columns: HEADER }]);
  });

  it('open and close under each other’s name', () => {
    const text = writeTable([['time', 'close', 'high', 'low', 'open', 'volume'], ...rowsOf(hours)]);
    const { ways, right } = follow(text, /open and close look swapped/, hours);
    expect([ways.length, right]).toEqual([2, [{ columns: HEADER }]]);
  });

  it('two volumes that have nothing to do with each other', () => {
    const text = writeTable([
      [...HEADER, 'quote_volume'],
      ...hours.bars.map((bar, i) => [...cells(bar), String(1 + (i % 7))]),
    ]);
    follow(text, /disagree with the price in \d+ % of the rows/, hours);
  });

  it('Yahoo’s volume', () => {
    const days = market({ timeframeMs: DAY_MS });
    const text = writeTable([
      [...HEADER, 'Adj Close'],
      ...days.bars.map((bar) => [...cells(bar, DAYS.date), String(bar.close)]),
    ]);
    const { ways, right } = follow(
      text,
      /may be in base or in quote currency .* say which with --volume base or --volume quote/,
      days,
    );
    expect([ways.length, right]).toEqual([2, [{ volume: 'base' }]]);
  });

  it('a symbol out of several, and none', () => {
    const rows = hours.bars.flatMap((bar) => [
      ['ETH/USDT', ...cells({ ...bar, volume: 1 })],
      ['BTC-USDT', ...cells(bar)],
    ]);
    const text = writeTable([['symbol', ...HEADER], ...rows]);
    expect(messageOf(() => take(text))).toMatch(
      /holds 2 symbols \(ETH\/USDT, BTC-USDT\); choose one of them with --symbol/,
    );
    expect(isMarket(take(text, { symbol: 'BTC/USDT' }), hours)).toBe(true);
    follow(tableOf(rowsOf(hours)), /doesn't name its symbol; add --symbol, such as --symbol BTC\/USDT/, hours, {
      symbol: undefined,
    });
  });
});

describe('times', () => {
  it.each([
    [DAY_MS, 4 * HOUR_MS, '04:00'],
    [DAY_MS, 22 * HOUR_MS, '22:00'],
    [4 * HOUR_MS, HOUR_MS, '01:00'],
    [HOUR_MS, HOUR_MS / 2, '00:30'],
  ])('bars of %i ms that open %i ms off the grid', (timeframeMs, off, start) => {
    const truth = market({ timeframeMs, startMs: Date.UTC(2021, 0, 4) + off });
    const { right } = follow(tableOf(rowsOf(truth)), new RegExp(`--day-start ${start}`), truth);
    expect(right).toHaveLength(1);
    // Written out they may be local: both are named.
    if (off > 14 * HOUR_MS) return;
    const written = tableOf(rowsOf(truth, TIMES['with a space']));
    const ways = follow(written, /if the times are UTC, .*; if they are local, name their zone/, truth).ways;
    expect(ways).toHaveLength(2);
    const local = { ...truth, bars: truth.bars.map((bar) => ({ ...bar, timeMs: bar.timeMs - off })) };
    expect(isMarket(take(written, ways[1]), local)).toBe(true);
  });

  it('weeks that begin on another day: daily bars make weeks', () => {
    const weeks = market({ timeframeMs: 7 * DAY_MS, startMs: Date.UTC(2021, 0, 3), bars: 30 });
    const said = messageOf(() => take(tableOf(rowsOf(weeks))));
    expect(said).toMatch(/weeks begin on Mondays, these on Sundays; import daily bars and .*--resample 1w/);
    const days = market({ timeframeMs: DAY_MS, startMs: Date.UTC(2021, 0, 4), bars: 70 });
    const { series } = resample(take(tableOf(rowsOf(days))), 7 * DAY_MS);
    expect(series.length).toBe(10);
    for (let week = 0; week < 10; week++) {
      const part = days.bars.slice(7 * week, 7 * week + 7);
      expect([series.timeMs[week], series.open[week], series.close[week]]).toEqual([
        part[0].timeMs,
        part[0].open,
        part[6].close,
      ]);
      expect([series.high[week], series.low[week]]).toEqual([
        Math.max(...part.map((bar) => bar.high)),
        Math.min(...part.map((bar) => bar.low)),
      ]);
    }
  });

  it('months', () => {
    const bars = hours.bars.slice(0, 40).map((bar, i) => ({ ...bar, timeMs: Date.UTC(2020, i, 1) }));
    expect(messageOf(() => take(tableOf(rowsOf({ ...hours, bars }))))).toMatch(/months, .*take daily bars/);
  });

  it('a series with more holes than bars', () => {
    const rng = new Rng(3, 3);
    const sparse = { ...hours, bars: market({ bars: 900 }).bars.filter(() => rng.uniform() < 0.25) };
    follow(tableOf(rowsOf(sparse)), /no usual distance; say how long a bar is with --timeframe 1h/, sparse);
  });

  it('digits that a spreadsheet cut', () => {
    const cut = (ms: number) => ms.toExponential(5).replace('e', 'E');
    expect(messageOf(() => take(tableOf(rowsOf(hours, cut))))).toMatch(/rounded .*export them again as whole numbers/);
    expect(isMarket(take(tableOf(rowsOf(hours))), hours)).toBe(true);
    // A second column that tells is used.
    const text = writeTable([
      ['date', ...HEADER],
      ...hours.bars.map((bar) => [TIMES.ISO(bar.timeMs), ...cells(bar, cut)]),
    ]);
    expect(isMarket(take(text), hours)).toBe(true);
  });

  it.each([
    ['seconds', (ms: number) => String(ms / 1000)],
    ['milliseconds', String],
    ['ISO', TIMES.ISO],
  ])('bars of the future are refused, the one that is not over is left out: %s', (_, time) => {
    const text = tableOf(rowsOf(hours, time));
    const future = { nowMs: hours.bars[0].timeMs - DAY_MS };
    expect(messageOf(() => take(text, future))).toMatch(
      /lie in the future .*check their unit and this machine's clock/,
    );
    const half = { nowMs: hours.bars[120].timeMs };
    expect(messageOf(() => take(text, half))).toMatch(/line 123: 2021-\S+ lies in the future/);
    const inside = read(text, { nowMs: hours.bars[199].timeMs + HOUR_MS / 2 });
    expect(isMarket(inside.series, { ...hours, bars: hours.bars.slice(0, 199) })).toBe(true);
    expect([inside.problems, inside.notes.includes('the last bar has not closed yet; left out')]).toEqual([[], true]);
    expect(isMarket(take(text, { nowMs: hours.bars[199].timeMs + HOUR_MS }), hours)).toBe(true);
  });
});

describe('local clocks', () => {
  const written = (zone: string) => {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    return (ms: number) => format.format(ms);
  };
  const zones = ['Europe/Berlin', 'Europe/London', 'America/New_York', 'Australia/Sydney', 'Europe/Athens'];

  it.each(zones)('%s: the hour that comes twice is named, and its zone puts all right', (zone) => {
    for (const timeframeMs of zone === zones[0] ? [HOUR_MS, HOUR_MS / 4] : [HOUR_MS])
      for (const newestFirst of [false, true]) {
        const truth = market({ bars: (270 * DAY_MS) / timeframeMs, timeframeMs, startMs: Date.UTC(2021, 2, 1) });
        const rows = rowsOf(truth, written(zone));
        if (newestFirst) rows.reverse();
        const { right } = follow(tableOf(rows), /comes twice.*local clock with summer time; name its zone/, truth);
        expect(right).toEqual([{ timeZone: zone }]);
      }
  });

  it('a missing hour alone is noted', () => {
    const truth = market({ bars: 60 * 24, startMs: Date.UTC(2021, 2, 1) });
    const text = tableOf(rowsOf(truth, written('Europe/Berlin')));
    expect(read(text).notes.join('; ')).toMatch(/the hour of 2021-03-28 02:00 is missing, .*--time-zone/);
    expect(isMarket(take(text, { timeZone: 'Europe/Berlin' }), truth)).toBe(true);
    // An hour that doesn't exist there.
    expect(messageOf(() => take(tableOf(rowsOf(truth, TIMES['with a space'])), { timeZone: 'Europe/Berlin' }))).toMatch(
      /'2021-03-28 02:00:00' doesn't exist in Europe\/Berlin/,
    );
  });

  it('a fixed offset; times that name their own are left alone; nonsense is refused', () => {
    const text = tableOf(rowsOf(hours, (ms) => TIMES['with a space'](ms + 5.5 * HOUR_MS)));
    expect(isMarket(take(text, { timeZone: '+05:30' }), hours)).toBe(true);
    for (const time of [TIMES.ISO, TIMES['an offset'], TIMES.seconds, TIMES.pandas])
      expect(isMarket(take(tableOf(rowsOf(hours, time)), { timeZone: '+05:30' }), hours)).toBe(true);
    for (const zone of ['Mars/Olympus', '+99:00', '5', ''])
      expect(messageOf(() => take(text, { timeZone: zone }))).toMatch(
        /is no time zone; write \+02:00 or Europe\/Berlin/,
      );
  });
});

describe('files to mend', () => {
  it('numbers written in two ways', () => {
    const rows = hours.bars.map((bar, i) =>
      cells(bar, TIMES.ISO).map((cell, at) => (at > 0 && i >= 100 ? cell.replace('.', ',') : cell)),
    );
    expect(messageOf(() => take(tableOf(rows, ';')))).toMatch(/written in two ways .*write all with a decimal point/);
    expect(
      isMarket(
        take(
          tableOf(
            rows.map((row) => row.map((cell) => cell.replace(',', '.'))),
            ';',
          ),
        ),
        hours,
      ),
    ).toBe(true);
  });

  it('numbers that change their format behind the sample, where both readings are numbers', () => {
    const long = market({ bars: 21_000, decimals: 3, price: 45 });
    const rows = long.bars.map((bar, i) => [
      TIMES.ISO(bar.timeMs),
      ...[bar.open, bar.high, bar.low, bar.close, bar.volume].map((one) =>
        writeNumber(one, 3, i < 20_500 ? 'point' : 'comma'),
      ),
    ]);
    expect(messageOf(() => take(tableOf(rows, ';')))).toMatch(
      /line \d+: .* fits .*; the file writes numbers in two ways, give them all one/,
    );
    expect(
      isMarket(
        take(
          tableOf(
            rows.map((row) => row.map((cell) => cell.replace(',', '.'))),
            ';',
          ),
        ),
        long,
      ),
    ).toBe(true);
  });

  it('decimal commas without quotes between commas', () => {
    const rows = hours.bars.map((bar) => cells(bar, TIMES.ISO).map((cell) => cell.replace('.', ',')));
    const text = `${[HEADER, ...rows].map((row) => row.join(',')).join('\n')}\n`;
    expect(messageOf(() => take(text))).toMatch(/are there decimal commas without quotes\?/);
    expect(isMarket(take(tableOf(rows)), hours)).toBe(true);
  });

  it('open and close that change places behind the sample: each part by itself', () => {
    // Opens that aren't the closes before, as on a venue with a spread.
    const long = market({ bars: 26_000, gap: 0.9 });
    const rows = long.bars.map((bar, i) => cells(i < 21_000 ? bar : { ...bar, open: bar.close, close: bar.open }));
    const said = messageOf(() => take(writeTable(rows)));
    const line = Number(/from line (\d+) on/.exec(said)?.[1]);
    expect(said).toMatch(/look swapped, before they don't; split the file there/);
    expect(Math.abs(line - 21_000)).toBeLessThanOrEqual(5000);
    const parts = [rows.slice(0, 21_000), rows.slice(21_000)].map((part) => writeTable(part));
    expect(isMarket(take(parts[0], { columns: HEADER }), { ...long, bars: long.bars.slice(0, 21_000) })).toBe(true);
    const second = { columns: ['time', 'close', 'high', 'low', 'open', 'volume'] };
    expect(isMarket(take(parts[1], second), { ...long, bars: long.bars.slice(21_000) })).toBe(true);
  });

  it('no header, and prices that no rule finds: a header line', () => {
    const far = hours.bars.map((bar) => [
      ...cells(bar).slice(0, 2),
      'a',
      ...cells(bar).slice(2, 4),
      'b',
      ...cells(bar).slice(4),
    ]);
    const said = messageOf(() => take(writeTable(far)));
    expect(said).toMatch(/no four columns .* add a header line such as time,open,high,low,close,volume/);
    const header = ['time', 'open', 'x', 'high', 'low', 'y', 'close', 'volume'];
    expect(isMarket(take(writeTable([header, ...far])), hours)).toBe(true);
  });

  it('what is dropped leaves a gap and nothing else', () => {
    const bad = new Set([20, 50, 51, 130]);
    const spoil = (bar: TrueBar, i: number) => (bad.has(i) ? [...cells(bar).slice(0, 4), 'n/a', '1'] : cells(bar));
    const left = { ...hours, bars: hours.bars.filter((_, i) => !bad.has(i)) };
    follow(
      tableOf(hours.bars.map(spoil)),
      /4 problems: line 22: 'n\/a' in column 5 is not a number; .*--policy drop/,
      left,
    );
  });

  it('every cause is named, however many lines the first one has', () => {
    const rows = hours.bars.map((bar, i) => {
      const row = cells(bar);
      if (i < 10) row[2] = '1';
      if (i === 30) row[5] = '-1';
      if (i === 40) row[0] = 'never';
      if (i === 50) row.push('more');
      if (i === 60) row[5] = '1e30';
      return row;
    });
    const said = messageOf(() => take(tableOf(rows)));
    for (const cause of [
      /line 2: high 1 is below low/,
      /line 32: volume is -1/,
      /line 42: 'never' is not a time/,
      /line 52: has 7 cells/,
      /line 62: volume is 1e\+30, not a volume \(at most 1e\+21\)/,
    ])
      expect(said).toMatch(cause);
    expect(said).toMatch(/^file: 14 problems: .*; and 9 more;/);
  });

  it('a stored bar that differs, and a grid that differs', () => {
    using store = CandleStore.open(':memory:');
    const put = (file: CandleFile, options = {}) => store.importBars(file, file.read(), options);
    put(read(tableOf(rowsOf(hours))));
    const changed = { ...hours, bars: hours.bars.map((bar, i) => (i === 7 ? { ...bar, volume: 12 } : bar)) };
    expect(messageOf(() => put(read(tableOf(rowsOf(changed)))))).toMatch(/import with --replace to overwrite/);
    put(read(tableOf(rowsOf(changed))), { replace: true });
    expect(isMarket(store.load('test', 'X', HOUR_MS), changed)).toBe(true);
    const shifted = { ...hours, bars: hours.bars.map((bar) => ({ ...bar, timeMs: bar.timeMs + HOUR_MS / 2 })) };
    const half = { dayStartMs: HOUR_MS / 2 };
    expect(messageOf(() => put(read(tableOf(rowsOf(shifted)), half)))).toMatch(
      /open at .*; import them under another --venue/,
    );
    put(read(tableOf(rowsOf(shifted)), { ...half, venue: 'other' }));
    expect(isMarket(store.load('other', 'X', HOUR_MS), shifted)).toBe(true);
    expect(loadSeries(read(tableOf(rowsOf(hours)))).length).toBe(200);
  });
});

describe('flags that are wrong', () => {
  it.each([
    [{ columns: ['time', 'open', 'high', 'low'] }, /--columns names no close, volume; a candle needs each/],
    [{ columns: [...HEADER, 'price'] }, /'price' is none of time, clock, open/],
    [{ columns: [...HEADER, 'volume'] }, /names volume twice/],
    [{ columns: [...HEADER, '-', 'trades'] }, /names 8 columns, file has 6/],
    [{ timeFormat: 'seconds' }, /no column holds times written as 'seconds'/],
  ] as const)('%j', (options, message) => {
    expect(messageOf(() => take(tableOf(rowsOf(hours)), options))).toMatch(message);
  });
});
