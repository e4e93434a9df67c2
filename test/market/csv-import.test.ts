import { describe, expect, it } from 'vitest';
import type { CandleSeries } from '../../src/core/candle.ts';
import { InputError } from '../../src/core/errors.ts';
import { formatCandleCsv } from '../../src/market/csv-export.ts';
import { type ImportOptions, requireClean } from '../../src/market/import/candles.ts';
import { readCandleCsv } from '../../src/market/import/series.ts';
import { findTimeFormat } from '../../src/market/import/times.ts';
import { sliceSeries } from '../../src/market/series.ts';
import { type Cells, cellsOf, HOUR_MS, makeSeries, PLAIN_HEADER, PLAIN_KEYS, START_MS, toCsv } from './candle-files.ts';

const series = makeSeries(200);
const NOW_MS = Date.UTC(2026, 0, 1);
const OPTIONS = { name: 'file.csv', venue: 'test', symbol: 'BTC/USDT', nowMs: NOW_MS };

function read(bytes: Uint8Array, options: Partial<ImportOptions> = {}) {
  return readCandleCsv(bytes, { ...OPTIONS, ...options });
}

/** Equal to `expected` in everything that the file had. */
function expectSame(actual: CandleSeries, expected: CandleSeries, options: { trades: boolean }) {
  for (const key of ['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const)
    expect(actual[key], key).toEqual(expected[key]);
  expect(actual.trades).toEqual(options.trades ? expected.trades : null);
  expect(actual.timeframeMs).toBe(HOUR_MS);
}

const pad = (value: number) => String(value).padStart(2, '0');
const date = (ms: number) => new Date(ms).toISOString().slice(0, 10);

describe('times as people have them', () => {
  const formats: [string, (ms: number) => string][] = [
    ['milliseconds', String],
    ['seconds', (ms) => String(ms / 1000)],
    ['seconds with a fraction', (ms) => `${ms / 1000}.0`],
    ['microseconds', (ms) => String(ms * 1000)],
    ['nanoseconds', (ms) => `${ms}000000`],
    ['ISO', (ms) => new Date(ms).toISOString()],
    ['date and time', (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')],
    ['date and minutes, UTC', (ms) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ['an offset', (ms) => `${new Date(ms + 2 * HOUR_MS).toISOString().slice(0, 19)}+02:00`],
    [
      '12-hour clock',
      (ms) => {
        const hour = new Date(ms).getUTCHours();
        return `${date(ms)} ${pad(hour % 12 === 0 ? 12 : hour % 12)}-${hour < 12 ? 'AM' : 'PM'}`;
      },
    ],
  ];
  it.each(formats)('%s', (_, write) => {
    const result = read(toCsv(PLAIN_HEADER, cellsOf(series, write), PLAIN_KEYS));
    expect(result.problems).toEqual([]);
    expectSame(result.series, series, { trades: true });
  });

  it('date and time of day in two columns', () => {
    const rows = cellsOf(series, (ms) => `${date(ms)},${pad(new Date(ms).getUTCHours())}:00`);
    const result = read(toCsv('Date,Time,Open,High,Low,Close,Volume', rows, PLAIN_KEYS.slice(0, 6)));
    expectSame(result.series, series, { trades: false });
  });

  it.each(['2019-02-30', '2019-13-01 01:00', 'yesterday', '12', '2019-10-17 13-PM', '', '2019-10-17 25:00'])(
    "'%s' is no time",
    (text) => {
      expect(findTimeFormat(text, NOW_MS)).toBeNull();
    },
  );

  it('midnight and noon of the 12-hour clock', () => {
    const parse = (text: string) => findTimeFormat(text, NOW_MS)?.parse(text);
    expect(parse('2019-10-17 12-AM')).toBe(Date.UTC(2019, 9, 17, 0));
    expect(parse('2019-10-17 12-PM')).toBe(Date.UTC(2019, 9, 17, 12));
    expect(parse('2019-10-17 09-AM')).toBe(Date.UTC(2019, 9, 17, 9));
  });
});

describe('layouts as people have them', () => {
  const rows = cellsOf(series);
  const same = (bytes: Uint8Array, trades: boolean) => {
    const result = read(bytes);
    expect(result.problems).toEqual([]);
    expectSame(result.series, series, { trades });
    return result;
  };

  it.each([
    'open_time,open,high,low,close,volume,number_of_trades',
    'Open Time,Open Price,High Price,Low Price,Close Price,Volume BTC,Trade Count',
    'unix,o,h,l,c,v,n',
    'Timestamp (ms),OPEN,HIGH,LOW,CLOSE,VOL,TRADES',
    'date_utc,first,max,min,last,baseVolume,count',
  ])('header %s', (header) => {
    same(toCsv(header, rows, PLAIN_KEYS), true);
  });

  it('banner lines, newest first, CRLF and a byte order mark', () => {
    const text = new TextDecoder().decode(toCsv(PLAIN_HEADER, rows.toReversed(), PLAIN_KEYS));
    const file = `\ufeffTimes are UTC,https://www.example.com\nfree to use\n${text}`.replaceAll('\n', '\r\n');
    expect(same(new TextEncoder().encode(file), true).notes).toContain('the file is newest first');
  });

  it('semicolons with decimal commas', () => {
    const text = new TextDecoder().decode(toCsv(PLAIN_HEADER, rows, PLAIN_KEYS));
    same(new TextEncoder().encode(text.replaceAll(',', ';').replaceAll('.', ',')), true);
  });

  it('thousands separators in quotes', () => {
    const quoted = rows.map((row) => ({
      ...row,
      open: `"${Number(row.open).toLocaleString('en-US', { minimumFractionDigits: 2 })}"`,
    }));
    same(toCsv(PLAIN_HEADER, quoted, PLAIN_KEYS), true);
  });

  it("Binance's 12 columns without a header", () => {
    const dump = rows.map((row, i) =>
      [
        ...[row.time, row.open, row.high, row.low, row.close, row.volume, START_MS + (i + 1) * HOUR_MS - 1, row.quote],
        ...[row.trades, '1.5', '30000.1', '0'],
      ].join(','),
    );
    same(new TextEncoder().encode(dump.join('\n')), true);
  });

  it('6 and 7 columns without a header, in the price orders of three exchanges', () => {
    same(toCsv('', rows, PLAIN_KEYS), true);
    same(toCsv('', rows, PLAIN_KEYS.slice(0, 6)), false);
    same(toCsv('', rows, ['time', 'low', 'high', 'open', 'close', 'volume']), false);
    same(toCsv('', rows, ['time', 'open', 'close', 'high', 'low', 'volume']), false);
  });

  it('two volumes: the base is the one that fits the price, whatever its name', () => {
    const keys = ['time', 'open', 'high', 'low', 'close', 'volume', 'quote'] as const;
    same(toCsv('date,open,high,low,close,volume_btc,volume', rows, keys), false);
    same(toCsv('date,open,high,low,close,Volume,Volume USDT', rows, keys), false);
    const swapped = same(toCsv('date,open,high,low,close,volume_usd,volume_btc', rows, keys), false);
    expect(swapped.notes).toEqual(['base and quote volume are swapped throughout; put right']);
  });

  it('base and quote volume swapped up to a date', () => {
    const half = rows.map((row, i) => (i < 80 ? { ...row, volume: row.quote, quote: row.volume } : row));
    const keys = ['time', 'open', 'high', 'low', 'close', 'volume', 'quote'] as const;
    const { notes } = same(toCsv('date,open,high,low,close,volume,quote_volume', half, keys), false);
    expect(notes).toEqual([
      `base and quote volume are swapped up to ${new Date(series.timeMs[80]).toISOString()}; put right`,
    ]);
    const late = rows.map((row, i) => (i >= 80 ? { ...row, volume: row.quote, quote: row.volume } : row));
    same(toCsv('date,open,high,low,close,volume,quote_volume', late, keys), false);
  });

  it('a symbol column', () => {
    const named = rows.map((row) => ({ ...row, time: `${row.time},ETHUSD` }));
    const bytes = toCsv('timestamp,symbol,open,high,low,close,volume,trades', named, PLAIN_KEYS);
    expect(readCandleCsv(bytes, { name: 'f', venue: 'test', nowMs: NOW_MS }).series.symbol).toBe('ETHUSD');
  });

  it('what was exported comes back bit by bit, filled marks included', () => {
    const marked = { ...series, filled: series.filled.map((_, i) => (i % 7 === 0 ? 1 : 0)) };
    const bytes = new TextEncoder().encode([...formatCandleCsv(marked)].join(''));
    const back = read(bytes).series;
    expectSame(back, series, { trades: true });
    expect(back.filled).toEqual(marked.filled);
  });
});

/** Spoils one row of a good file. */
function spoil(change: (rows: Cells[]) => unknown, keys: readonly (keyof Cells)[] = PLAIN_KEYS): Uint8Array {
  const rows = cellsOf(series);
  change(rows);
  return toCsv(PLAIN_HEADER, rows, keys);
}

describe('what is wrong is listed with its line', () => {
  // Row i of the data is line i + 2.
  const cases: [string, Uint8Array, number, RegExp, 'drop' | 'mend'][] = [
    ['NaN', spoil((rows) => Object.assign(rows[10], { close: 'NaN' })), 12, /'NaN' in column 5/, 'drop'],
    ['an empty cell', spoil((rows) => Object.assign(rows[10], { open: '' })), 12, /column 2/, 'drop'],
    ['infinity', spoil((rows) => Object.assign(rows[10], { high: 'inf' })), 12, /not a number/, 'drop'],
    [
      'high below low',
      spoil((rows) => ([rows[10].high, rows[10].low] = [rows[10].low, rows[10].high])),
      12,
      /below low/,
      'drop',
    ],
    ['close above high', spoil((rows) => Object.assign(rows[10], { close: '99999' })), 12, /outside/, 'drop'],
    ['a price of zero', spoil((rows) => Object.assign(rows[10], { low: '0' })), 12, /low is 0/, 'drop'],
    ['a negative volume', spoil((rows) => Object.assign(rows[10], { volume: '-1' })), 12, /volume is -1/, 'drop'],
    ['half a trade', spoil((rows) => Object.assign(rows[10], { trades: '10.5' })), 12, /not a count/, 'drop'],
    ['a missing cell', spoil((rows) => Object.assign(rows[10], { volume: '1\n' })), 12, /cells instead of 7/, 'drop'],
    ['no time', spoil((rows) => Object.assign(rows[10], { time: '10/11/2021' })), 12, /not a time/, 'drop'],
    [
      'off the grid',
      spoil((rows) => (rows[10].time = String(START_MS + 10 * HOUR_MS + 60_000))),
      12,
      /off the grid/,
      'drop',
    ],
    [
      'a duplicate that disagrees',
      spoil((rows) => (rows[10].time = rows[9].time)),
      12,
      /disagrees with line 11/,
      'drop',
    ],
    ['disorder', spoil((rows) => ([rows[10], rows[11]] = [rows[11], rows[10]])), 13, /out of order/, 'mend'],
    [
      'mixed time formats',
      spoil((rows) => (rows[10].time = '2021-01-01 10:00:00')),
      12,
      /year first, most are milli/,
      'mend',
    ],
    [
      'a footer',
      new TextEncoder().encode(
        `${new TextDecoder().decode(toCsv(PLAIN_HEADER, cellsOf(series), PLAIN_KEYS))}end of data\n`,
      ),
      202,
      /cells instead/,
      'drop',
    ],
  ];

  it.each(cases)('%s', (_, bytes, line, text, remedy) => {
    const result = read(bytes);
    const problem = result.problems.find((one) => text.test(one.text));
    expect(problem, JSON.stringify(result.problems)).toMatchObject({ line, remedy });
    expect(() => requireClean(result)).toThrow(InputError);
    expect(() => requireClean(result)).toThrow(new RegExp(`line ${line}`));
    requireClean({ ...result, policy: 'drop' });
  });

  it('stretches that repeat another one: the clock of an export slipped', () => {
    const bytes = spoil((rows) => {
      for (let i = 50; i < 53; i++) rows[i] = { ...rows[i - 5], time: rows[i].time };
    });
    const { problems, gaps } = read(bytes, { policy: 'drop' });
    expect(problems.map((one) => one.line)).toEqual([52, 53, 54]);
    expect(gaps.reduce((sum, gap) => sum + gap.bars, 0)).toBe(6);
    const once = spoil((rows) => (rows[50] = { ...rows[45], time: rows[50].time }));
    expect(read(once).problems).toEqual([]);
  });

  it('volumes that disagree with the price; ones that swap back and forth are put right row by row', () => {
    const keys = ['time', 'open', 'high', 'low', 'close', 'volume', 'quote'] as const;
    const header = 'date,open,high,low,close,volume,quote_volume';
    const rows = cellsOf(series);
    rows[10] = { ...rows[10], quote: '1' };
    expect(read(toCsv(header, rows, keys)).problems).toMatchObject([{ line: 12, remedy: 'drop' }]);
    const restless = cellsOf(series).map((row, i) =>
      i % 2 === 0 ? { ...row, volume: row.quote, quote: row.volume } : row,
    );
    const mended = read(toCsv(header, restless, keys));
    expect(mended.problems).toEqual([]);
    expect(mended.series.volume).toEqual(series.volume);
    expect(mended.notes).toEqual([
      'base and quote volume are swapped in 100 rows, in 100 stretches; put right row by row',
    ]);
  });

  it('names three and counts the rest, in one line', () => {
    const bytes = spoil((rows) => {
      for (const row of rows.slice(5, 25)) row.high = 'x';
    });
    const message = (() => {
      try {
        requireClean(read(bytes));
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message).toMatch(/^file\.csv: 20 problems: line 7: .*line 9: .*; and 17 more; .*--policy drop$/);
    expect(message).not.toContain('\n');
  });
});

describe('policies', () => {
  it('drop leaves gaps, and never glues them', () => {
    const bytes = spoil((rows) => {
      for (const row of rows.slice(10, 12)) row.close = 'NaN';
    });
    const { series: dropped, gaps } = read(bytes, { policy: 'drop' });
    expect(dropped.length).toBe(198);
    expect(gaps).toEqual([{ fromMs: series.timeMs[10], toMs: series.timeMs[12], bars: 2 }]);
    expect(dropped.timeMs[10] - dropped.timeMs[9]).toBe(3 * HOUR_MS);
  });

  it('fill puts flat bars, marked, in short gaps only', () => {
    const rows = cellsOf(series).filter((_, i) => !(i >= 10 && i < 13) && !(i >= 50 && i < 80));
    const { series: filled, gaps, filled: count } = read(toCsv(PLAIN_HEADER, rows, PLAIN_KEYS), { policy: 'fill' });
    expect(count).toBe(3);
    expect(gaps.map((gap) => gap.bars)).toEqual([30]);
    for (let i = 10; i < 13; i++) {
      expect(filled.filled[i]).toBe(1);
      expect([filled.open[i], filled.high[i], filled.low[i], filled.close[i]]).toEqual(Array(4).fill(series.close[9]));
      expect([filled.volume[i], filled.trades![i]]).toEqual([0, 0]);
    }
    expect(filled.filled.reduce((a, b) => a + b)).toBe(3);
    expect(sliceSeries(filled, 0, 10).close).toEqual(series.close.slice(0, 10));
  });

  it('rows in disorder are put in order, equal repetitions count once', () => {
    const rows = cellsOf(series);
    const shuffled = [...rows.slice(0, 50), ...rows.slice(60, 70), ...rows.slice(40, 60), ...rows.slice(70)];
    const result = read(toCsv(PLAIN_HEADER, shuffled, PLAIN_KEYS), { policy: 'drop' });
    expectSame(result.series, series, { trades: true });
    expect(result.notes).toContain('10 rows repeat another one word for word');
  });
});
