/**
 * Files as the sources that people use write them, each from a market that the test knows. Layouts are the sources' own:
 * column names, order, banners, quotes and quirks, from their documentation and published files.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { tableFromIPC, tableToIPC } from '@uwdata/flechette';
import { parse } from 'csv-parse/sync';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { CandleSeries } from '../../src/core/candle.ts';
import { InputError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { type ImportOptions, inspectCandles } from '../../src/market/import/candles.ts';
import { loadSeries } from '../../src/market/import/series.ts';
import { bytesSource } from '../../src/market/import/source.ts';
import { openTable } from '../../src/market/import/tables.ts';
import { SLOW } from '../effort.ts';
import { DAYS, makeTruth, TIMES, type TrueBar, type Truth, writeNumber, writeTable } from './import-writers.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const market = (options: Partial<Parameters<typeof makeTruth>[1]> = {}) =>
  makeTruth(new Rng(5, 5), {
    ...{ bars: 240, timeframeMs: HOUR_MS, startMs: Date.UTC(2020, 9, 20), price: 11_900, decimals: 2, quiet: 0.02 },
    ...options,
  });
const hours = market();
const days = market({ timeframeMs: DAY_MS, startMs: Date.UTC(2021, 4, 1), bars: 120 });

async function read(content: string | Uint8Array, options: Partial<ImportOptions> = {}) {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const table = await openTable(bytesSource(bytes, 'file'));
  const file = inspectCandles(table, { venue: 'test', symbol: 'BTC/USDT', nowMs: Date.UTC(2026, 0, 1), ...options });
  return { file, series: loadSeries(file) };
}

interface Expectation {
  /** 'base': bit by bit; 'quote': the file has that alone, so the base volume lies between quote / high and quote / low. */
  readonly volume?: 'base' | 'quote';
  readonly trades?: boolean;
  /** Decimals to which the file rounds the volume. */
  readonly decimals?: number;
}

function expectMarket(
  series: CandleSeries,
  truth: Truth,
  { volume = 'base', trades = false, decimals }: Expectation = {},
): void {
  expect([series.length, series.timeframeMs]).toEqual([truth.bars.length, truth.timeframeMs]);
  for (const key of ['timeMs', 'open', 'high', 'low', 'close'] as const)
    expect(Array.from(series[key]), key).toEqual(truth.bars.map((bar) => bar[key]));
  if (volume === 'base')
    expect(Array.from(series.volume)).toEqual(
      truth.bars.map((bar) => (decimals === undefined ? bar.volume : Number(bar.volume.toFixed(decimals)))),
    );
  else
    truth.bars.forEach((bar, i) => {
      expect(series.volume[i]).toBeGreaterThanOrEqual((bar.quote / bar.high) * 0.999 - 1e-9);
      expect(series.volume[i]).toBeLessThanOrEqual((bar.quote / bar.low) * 1.001 + 1e-9);
    });
  expect(series.trades === null ? null : Array.from(series.trades)).toEqual(
    trades ? truth.bars.map((bar) => bar.trades) : null,
  );
}

/** The bars as rows of text under a header; newest first where asked. */
function layout(
  { bars }: Truth,
  header: string,
  row: (bar: TrueBar, index: number) => readonly (string | number)[],
  { newestFirst = false, delimiter = ',', banner = '' } = {},
): string {
  const rows = bars.map((bar, i) => row(bar, i).map(String));
  if (newestFirst) rows.reverse();
  return `${banner}${header}${header === '' ? '' : '\n'}${writeTable(rows, delimiter)}`;
}

const prices = ({ open, high, low, close }: TrueBar) => [open, high, low, close];
const quote = (bar: TrueBar) => bar.quote.toFixed(6);
const twelve = (ms: number) => {
  const hour = new Date(ms).getUTCHours();
  return `${new Date(ms).toISOString().slice(0, 10)} ${String(hour % 12 === 0 ? 12 : hour % 12).padStart(2, '0')}-${hour < 12 ? 'AM' : 'PM'}`;
};
const plain = TIMES['with a space'];
const isoDate = (date: Date) => date.toISOString().slice(0, 10);

describe('CryptoDataDownload, in each of its generations', () => {
  it('2019: a banner, 12-hour clock, newest first', async () => {
    const text = layout(
      hours,
      'Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD',
      (bar) => [twelve(bar.timeMs), 'BTCUSD', ...prices(bar), bar.volume, bar.quote.toFixed(2)],
      { newestFirst: true, banner: 'Timestamps are UTC timezone,https://www.CryptoDataDownload.com\n' },
    );
    expectMarket((await read(text)).series, hours);
  });

  it('2020: seconds that become milliseconds, two ways to write the date, two spellings of the symbol', async () => {
    const old = (i: number) => i < 150;
    const text = layout(
      hours,
      'unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount',
      (bar, i) => [
        ...(old(i)
          ? [`${bar.timeMs / 1000}.0`, twelve(bar.timeMs), 'BTC/USDT']
          : [bar.timeMs, plain(bar.timeMs), 'BTCUSDT']),
        ...prices(bar),
        ...[bar.volume, quote(bar), bar.trades],
      ],
      { newestFirst: true, banner: 'https://www.CryptoDataDownload.com\n' },
    );
    const { file, series } = await read(text);
    expectMarket(series, hours, { trades: true });
    expect(file.problems).toEqual([]);
    expect(file.notes.join('; ')).toMatch(/from line 93 on times are written as seconds/);
  });

  it('2020, without its numbers: dates that change from the 12-hour clock', async () => {
    const text = layout(
      hours,
      'Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD',
      (bar, i) => [i < 150 ? twelve(bar.timeMs) : plain(bar.timeMs), 'BTCUSD', ...prices(bar), bar.volume, quote(bar)],
      { newestFirst: true },
    );
    expectMarket((await read(text)).series, hours);
  });

  it('since 2022: milliseconds that become microseconds', async () => {
    const text = layout(
      hours,
      'Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount',
      (bar, i) => [
        ...[i < 100 ? bar.timeMs : `${bar.timeMs}000`, plain(bar.timeMs), 'BTCUSDT', ...prices(bar)],
        ...[bar.volume, quote(bar), bar.trades],
      ],
      { newestFirst: true, banner: 'https://www.CryptoDataDownload.com\n' },
    );
    expectMarket((await read(text)).series, hours, { trades: true });
  });

  it('Gemini: one volume', async () => {
    const text = layout(
      days,
      'Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume',
      (bar) => [bar.timeMs, plain(bar.timeMs), 'BTCUSD', ...prices(bar), bar.volume],
      { newestFirst: true, banner: 'https://www.CryptoDataDownload.com\n' },
    );
    expectMarket((await read(text)).series, days);
  });
});

describe('pages that people copy from', () => {
  const grouped = (value: number, decimals = 2) =>
    value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

  it.each([
    ['Jun 10, 2020', DAYS['Jun 10, 2020']],
    ['06/10/2020', (ms: number) => new Date(ms).toLocaleDateString('en-US', { timeZone: 'UTC', dateStyle: 'short' })],
    ['10.06.2020', DAYS['10.06.2020']],
  ])('Investing.com: %s, Price, K and M', async (_, date) => {
    const whole: Truth = { ...days, bars: days.bars.map((bar, i) => ({ ...bar, volume: 10 * (100 + i * 977) })) };
    const short = (volume: number) =>
      volume >= 1e6
        ? `${(volume / 1e6).toFixed(5)}M`
        : volume >= 1000
          ? `${(volume / 1000).toFixed(2)}K`
          : volume.toFixed(2);
    const text = `\ufeff${layout(
      whole,
      '"Date","Price","Open","High","Low","Vol.","Change %"',
      (bar) => [
        date(bar.timeMs),
        ...[bar.close, bar.open, bar.high, bar.low].map((one) => grouped(one)),
        ...[short(bar.volume), '-0.06%'],
      ],
      { newestFirst: true },
    )}`;
    expectMarket((await read(text)).series, whole);
  });

  it.each<[string, string, (date: Date) => string, number]>([
    ['Polish', 'Data,Ostatnio,Otwarcie,Max.,Min.,Wol.,Zmiana%', (d) => DAYS['10.06.2020'](d.getTime()), 0],
    ['Russian', 'Дата,Цена,Откр.,Макс.,Мин.,Объём,Изм. %', (d) => DAYS['10.06.2020'](d.getTime()), 0],
    [
      'Japanese',
      '日付け,終値,始値,高値,安値,出来高,変化率 %',
      (d) => isoDate(d).replace(/-(..)-(..)/, '年$1月$2日'),
      1,
    ],
    ['Chinese', '日期,收盘,开盘,高,低,交易量,涨跌幅', (d) => isoDate(d).replace(/-0?(\d+)-0?(\d+)/, '年$1月$2日'), 1],
    ['Korean', '날짜,종가,시가,고가,저가,거래량,변동 %', (d) => isoDate(d).replaceAll('-', '- '), 1],
  ])('Investing.com in %s', async (_, header, date, style) => {
    const whole: Truth = { ...days, bars: days.bars.map((bar, i) => ({ ...bar, volume: 10 * (100 + i * 977) })) };
    const number = (value: number) => writeNumber(value, 2, style === 1 ? 'US' : 'German');
    const cells = (b: TrueBar) => [
      date(new Date(b.timeMs)),
      ...[b.close, b.open, b.high, b.low].map(number),
      ...[`${number(b.volume / 1000)}K`, `${number(0.06)}%`],
    ];
    const { file, series } = await read(`\ufeff${layout(whole, header, cells, { newestFirst: true })}`);
    expectMarket(series, whole);
    // Messages call the columns as the file does.
    expect(file.notes.join()).toContain(`${header.split(',')[5]} is taken to be in base currency`);
  });

  it('CoinMarketCap: semicolons, quotes, four times, dollars', async () => {
    const iso = (ms: number) => `"${new Date(ms).toISOString()}"`;
    const text = layout(
      days,
      'timeOpen;timeClose;timeHigh;timeLow;name;open;high;low;close;volume;marketCap;timestamp',
      (bar) => [
        ...[iso(bar.timeMs), iso(bar.timeMs + DAY_MS - 1), iso(bar.timeMs + 5e6), iso(bar.timeMs + 9e6), '"2781"'],
        ...[...prices(bar), bar.quote, bar.close * 19e6, iso(bar.timeMs + DAY_MS - 1)],
      ],
      { newestFirst: true, delimiter: ';' },
    ).replaceAll('"""', '"');
    const { file, series } = await read(text);
    expectMarket(series, days, { volume: 'quote' });
    expect(file.notes.join('; ')).toMatch(/CoinMarketCap counts it in dollars/);
  });

  it('CoinMarketCap of before: a written day and a dollar sign', async () => {
    const text = layout(days, 'Date,Open*,High,Low,Close**,Volume,Market Cap', (bar) => [
      ...[DAYS['Jun 10, 2020'](bar.timeMs), ...prices(bar).map((one) => `$${grouped(one)}`)],
      ...[`$${grouped(bar.quote, 0)}`, `$${grouped(bar.close * 19e6, 0)}`],
    ]);
    expectMarket((await read(text)).series, days, { volume: 'quote' });
  });
});

describe('Yahoo', () => {
  const ticker = (text: string) =>
    `Price,Close,High,Low,Open,Volume\nTicker,${Array(5).fill(text).join(',')}\nDate,,,,,\n`;
  const rows = (bar: TrueBar) => [DAYS.date(bar.timeMs), bar.close, bar.high, bar.low, bar.open];

  it('yfinance: three header lines, dollars of a currency, the symbol from the header', async () => {
    const text = layout(days, ticker('BTC-USD').trimEnd(), (bar) => [...rows(bar), Math.round(bar.quote * 1e6)]);
    const scaled = { ...days, bars: days.bars.map((bar) => ({ ...bar, quote: Math.round(bar.quote * 1e6) })) };
    const { file, series } = await read(text, { symbol: undefined });
    expect(file.symbol).toBe('BTC-USD');
    expectMarket(series, scaled, { volume: 'quote' });
  });

  it('yfinance: shares are counted in pieces, as --volume base says', async () => {
    const text = layout(days, ticker('AAPL').trimEnd(), (bar) => [...rows(bar), bar.volume]);
    await expect(read(text)).rejects.toThrow(/--volume base or --volume quote/);
    expectMarket((await read(text, { volume: 'base' })).series, days);
  });

  it('the page: an adjusted close, and a row of nulls that is left out', async () => {
    const text = layout(days, 'Date,Open,High,Low,Close,Adj Close,Volume', (bar, i) =>
      i === 50
        ? [DAYS.date(bar.timeMs), ...Array(6).fill('null')]
        : [DAYS.date(bar.timeMs), ...prices(bar), bar.close, bar.quote],
    );
    await expect(read(text)).rejects.toThrow(/--volume base or --volume quote/);
    const { file } = await read(text, { volume: 'quote' });
    expect(file.problems).toEqual([{ line: 52, text: "'null' in column 2 is not a number", remedy: 'drop' }]);
    const { series } = await read(text, { volume: 'quote', policy: 'drop' });
    expect(series.length).toBe(119);
    expect(series.close[50]).toBe(days.bars[51].close);
  });

  it('several tickers side by side are refused', async () => {
    const head =
      'Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\nTicker,A,B,A,B,A,B,A,B,A,B\nDate,,,,,,,,,,\n';
    const text = layout(days, head.trimEnd(), (bar) => [
      DAYS.date(bar.timeMs),
      ...[bar.close, bar.high, bar.low, bar.open, bar.volume].flatMap((one) => [one, one]),
    ]);
    await expect(read(text)).rejects.toThrow(/belong to 2 symbols/);
  });
});

describe('the orders of venues, without a header', () => {
  type Row = (bar: TrueBar) => readonly (string | number)[];
  const venues: [string, Row, Expectation, { newestFirst?: boolean }?][] = [
    [
      'Binance',
      (b) => [
        b.timeMs,
        ...prices(b),
        b.volume,
        b.timeMs + HOUR_MS - 1,
        quote(b),
        b.trades,
        b.volume / 2,
        b.quote / 2,
        0,
      ],
      { trades: true },
    ],
    ['MEXC', (b) => [b.timeMs, ...prices(b), b.volume, b.timeMs + HOUR_MS, quote(b)], {}],
    ['OKX spot', (b) => [b.timeMs, ...prices(b), b.volume, quote(b), quote(b), 1], {}, { newestFirst: true }],
    [
      'OKX swap',
      (b) => [b.timeMs, ...prices(b), Math.round(b.volume * 100), b.volume, quote(b), 1],
      {},
      { newestFirst: true },
    ],
    ['KuCoin', (b) => [b.timeMs / 1000, b.open, b.close, b.high, b.low, b.volume, quote(b)], {}, { newestFirst: true }],
    ['Bybit', (b) => [b.timeMs, ...prices(b), b.volume, quote(b)], {}, { newestFirst: true }],
    ['Coinbase', (b) => [b.timeMs / 1000, b.low, b.high, b.open, b.close, b.volume], {}, { newestFirst: true }],
    ['Bitfinex', (b) => [b.timeMs, b.open, b.close, b.high, b.low, b.volume], {}],
    ['Kraken, downloaded', (b) => [b.timeMs / 1000, ...prices(b), b.volume, b.trades], { trades: true }],
    [
      'Kraken, asked',
      (b) => [b.timeMs / 1000, ...prices(b), ((b.high + b.low) / 2).toFixed(2), b.volume, b.trades],
      { trades: true },
    ],
    ['Gate.io', (b) => [b.timeMs / 1000, quote(b), b.close, b.high, b.low, b.open, b.volume, 'true'], {}],
  ];
  it.each(venues)('%s', async (_, row, expectation, options) => {
    const { file, series } = await read(layout(hours, '', row, options));
    expect(file.problems).toEqual([]);
    expectMarket(series, hours, expectation);
  });

  it('close, high, low, open: the open is near the close before', async () => {
    const text = layout(hours, '', (bar) => [bar.timeMs, bar.close, bar.high, bar.low, bar.open, bar.volume]);
    const { file, series } = await read(text);
    expectMarket(series, hours);
    expect(file.notes.join('; ')).toMatch(/they are close, high, low, open/);
  });

  it('a bar that the venue marks as not over is left out', async () => {
    const text = layout(
      hours,
      '',
      (bar, i) => [bar.timeMs, ...prices(bar), bar.volume, quote(bar), quote(bar), i === 239 ? 0 : 1],
      {
        newestFirst: true,
      },
    );
    const { file, series } = await read(text);
    expectMarket(series, { ...hours, bars: hours.bars.slice(0, -1) });
    expect(file.notes).toContain('the last bar has not closed yet; left out');
  });
});

describe('the names of venues', () => {
  it('Binance, downloaded, since it has headers', async () => {
    const text = layout(
      hours,
      'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore',
      (b) => [
        `${b.timeMs}000`,
        ...prices(b),
        b.volume,
        `${b.timeMs + HOUR_MS - 1}999`,
        quote(b),
        b.trades,
        b.volume / 3,
        b.quote / 3,
        0,
      ],
    );
    expectMarket((await read(text)).series, hours, { trades: true });
  });

  it('BitMEX: a bar is stamped with its end, and its volume is contracts', async () => {
    const text = layout(
      hours,
      'timestamp,symbol,open,high,low,close,trades,volume,vwap,lastSize,turnover,homeNotional,foreignNotional',
      (b) => [
        ...[new Date(b.timeMs + HOUR_MS).toISOString(), 'XBTUSD', ...prices(b), b.trades, Math.round(b.quote)],
        ...[b.close, 100, Math.round(b.volume * 1e8), b.volume, quote(b)],
      ],
    );
    const { file, series } = await read(text);
    expectMarket(series, hours, { trades: true });
    expect(file.notes.join('; ')).toMatch(/ends of bars, as BitMEX stamps them/);
  });

  it('OKX, downloaded', async () => {
    const text = layout(hours, 'instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm', (b) => [
      'BTC-USDT',
      ...prices(b),
      b.volume,
      b.volume,
      quote(b),
      b.timeMs,
      1,
    ]);
    expectMarket((await read(text)).series, hours);
  });

  it('FTX: dollars under a plain name', async () => {
    const text = layout(hours, 'startTime,time,open,high,low,close,volume', (b) => [
      ...[new Date(b.timeMs).toISOString().replace('.000Z', '+00:00'), `${b.timeMs}.0`, ...prices(b), b.quote],
    ]);
    expectMarket((await read(text)).series, hours, { volume: 'quote' });
  });

  it('CryptoCompare: volumefrom and volumeto', async () => {
    const text = layout(hours, 'time,high,low,open,volumefrom,volumeto,close', (b) => [
      ...[b.timeMs / 1000, b.high, b.low, b.open, b.volume, quote(b), b.close],
    ]);
    expectMarket((await read(text)).series, hours);
  });

  it('MetaTrader: brackets, tabs, date and time apart', async () => {
    const text = layout(
      hours,
      '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<VOL>\t<SPREAD>',
      (b) => {
        const [date, time] = new Date(b.timeMs).toISOString().slice(0, 19).split('T');
        return [date.replaceAll('-', '.'), time, ...prices(b), b.volume, 5];
      },
      { delimiter: '\t' },
    );
    expectMarket((await read(text)).series, hours);
  });

  it('Stooq: date and time as bare digits', async () => {
    const text = layout(hours, '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>', (b) => {
      const digits = new Date(b.timeMs).toISOString().replaceAll(/[-:T]/g, '');
      return ['BTCUSD', 60, digits.slice(0, 8), digits.slice(8, 14), ...prices(b), b.volume, 0];
    });
    expectMarket((await read(text)).series, hours);
  });

  it('TradingView: indicators beside the candles', async () => {
    const text = layout(hours, 'time,open,high,low,close,Volume,Volume MA,Plot,RSI', (b) => [
      ...[b.timeMs / 1000, ...prices(b), b.volume, (b.volume * 0.9).toFixed(3), b.close * 1.5, 'NaN'],
    ]);
    expectMarket((await read(text)).series, hours);
  });
});

describe('what else files have', () => {
  const head = ['time', 'open', 'high', 'low', 'close', 'volume'];
  const row = (bar: TrueBar, time: (ms: number) => string = String) =>
    [time(bar.timeMs), ...prices(bar), bar.volume].map(String);
  const rows = (time?: (ms: number) => string) => hours.bars.map((bar) => row(bar, time));

  it.each<[string, (ms: number) => string]>([
    [
      'JavaScript',
      (ms) =>
        `${new Date(ms).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (\S+) GMT/, '$1 $3 $2 $4 $5')} GMT+0000 (Coordinated Universal Time)`,
    ],
    ['HTTP', (ms) => new Date(ms).toUTCString()],
    ['Go', (ms) => `${plain(ms)}.000 +0000 UTC`],
    ['yyyymmddhh', (ms) => new Date(ms).toISOString().slice(0, 13).replaceAll(/[-T]/g, '')],
    [
      'Spanish',
      (ms) => {
        const hour = new Date(ms).getUTCHours();
        return `${DAYS['10.06.2020'](ms)} ${hour % 12 || 12}:00 ${hour < 12 ? 'a. m.' : 'p. m.'}`;
      },
    ],
    ['numpy', (ms) => new Date(ms).toISOString().replace('Z', '000000')],
    [
      'Excel',
      (ms) => new Date(ms).toLocaleString('en-US', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'short' }),
    ],
  ])('times of %s', async (_, time) => {
    expectMarket((await read(writeTable([head, ...rows(time)]))).series, hours);
  });

  it('a zone by a name that means several is refused by it', async () => {
    await expect(read(writeTable([head, ...rows((ms) => `${plain(ms)} EST`)]))).rejects.toThrow(
      /'EST' names no one zone; write an offset, such as -05:00/,
    );
    await expect(read(writeTable([head, ...rows((ms) => `lundi ${ms}`)]))).rejects.toThrow(
      /^file: 'lundi .*is not a time/,
    );
  });

  it('halfway through, milliseconds become microseconds, and no header says what they are', async () => {
    const text = writeTable(hours.bars.map((bar, i) => row(bar, (ms) => (i < 120 ? `${ms}` : `${ms}000`))));
    expectMarket((await read(text)).series, hours);
  });

  it('contracts beside coins, with a header and without', async () => {
    const truth = market({ quiet: 0 });
    const contracts = (b: TrueBar) => [
      b.timeMs,
      ...prices(b),
      Math.round(b.quote / 10),
      b.timeMs + HOUR_MS - 1,
      b.volume,
    ];
    const header = 'open_time,open,high,low,close,volume,close_time,base_volume';
    for (const names of [header, '']) {
      const { series, file } = await read(layout(truth, names, contracts));
      expectMarket(series, truth);
      expect(file.notes.join()).toMatch(/is in contracts of 10 of the quote currency/);
    }
  });

  it('bars of two lengths in one file are refused, and each part is read by itself', async () => {
    const later = market({ startMs: days.bars[119].timeMs + DAY_MS, price: 11_900, bars: 300 });
    const [head1, head2] = [[head, ...days.bars.map((bar) => row(bar))], later.bars.map((bar) => row(bar))];
    await expect(read(writeTable([...head1, ...head2]))).rejects.toThrow(
      /lines 2 to 122 hold bars of 1d, the others of 1h; split the file there/,
    );
    // Minutes of which two stand on the grid of hours.
    const minutes = market({ startMs: hours.bars[239].timeMs + HOUR_MS, timeframeMs: 60_000, bars: 100 });
    const joined = writeTable([...rows(), ...minutes.bars.map((bar) => row(bar))]);
    await expect(read(joined, { policy: 'drop' })).rejects.toThrow(/hold bars of 1m, the others of 1h/);
    expectMarket((await read(writeTable(head1))).series, days);
    expectMarket((await read(writeTable([head, ...head2]))).series, later);
  });

  it('days of a clock with summer time are named as such', async () => {
    const long = market({ timeframeMs: DAY_MS, startMs: Date.UTC(2021, 0, 1), bars: 300 });
    const summer = (ms: number) => ms >= Date.UTC(2021, 2, 28, 2) && ms < Date.UTC(2021, 9, 31, 2);
    const berlin = long.bars.map((b) => row(b, (ms) => String(ms - (summer(ms) ? 2 : 1) * HOUR_MS)));
    await expect(read(writeTable([head, ...berlin]))).rejects.toThrow(
      /days begin at 22:00 UTC and at 23:00 UTC, by the season/,
    );
  });

  it('prices that leap are told', async () => {
    const lines = hours.bars.map((b, i) =>
      row(i >= 50 && i < 60 ? { ...b, open: b.open * 10, high: b.high * 10, low: b.low * 10, close: b.close * 10 } : b),
    );
    const { file } = await read(writeTable([head, ...lines]));
    expect(file.notes.join()).toMatch(/line 52: the price is (9\.\d|10|11) times the one before, and 1 more such leap/);
  });

  it('a number that is the same in every bar is no volume', async () => {
    const index = (b: TrueBar) => [b.timeMs, ...prices(b), 0, b.timeMs + HOUR_MS - 1, 0, 60, 0, 0, 0];
    const silent = { ...hours, bars: hours.bars.map((bar) => ({ ...bar, volume: 0 })) };
    expectMarket((await read(layout(hours, '', index))).series, silent);
  });

  it('a date and an hour of their own; offsets of one digit; a currency behind the number', async () => {
    const parts = (b: TrueBar) => [
      isoDate(new Date(b.timeMs)),
      new Date(b.timeMs).getUTCHours(),
      ...prices(b),
      b.volume,
    ];
    expectMarket((await read(layout(hours, 'Date,Hour,Open,High,Low,Close,Volume', parts))).series, hours);
    const offset = rows((ms) => `${plain(ms + 3 * HOUR_MS)} UTC+3`);
    expectMarket((await read(writeTable([head, ...offset]))).series, hours);
    const euros = (b: TrueBar) => [
      ...[plain(b.timeMs), ...prices(b).map((one) => `${writeNumber(one, 2, 'German')} €`)],
      writeNumber(b.volume, 3, 'German'),
    ];
    expectMarket((await read(layout(hours, head.join(';'), euros, { delimiter: ';' }))).series, hours);
  });

  it('zeros for volume beside a count of ticks are said to be none', async () => {
    const text = layout(hours, 'time,open,high,low,close,tickvol,vol', (b) => [b.timeMs, ...prices(b), b.trades, 0]);
    const { series, file } = await read(text);
    expectMarket(series, { ...hours, bars: hours.bars.map((bar) => ({ ...bar, volume: 0 })) });
    expect(file.notes.join()).toMatch(/vol is 0 throughout/);
  });

  it('units in the header, an index in front, names in another language, sep= above', async () => {
    const units = ['Timestamp (ms)', 'Open (USDT)', 'High (USDT)', 'Low (USDT)', 'Close (USDT)', 'Volume (BTC)'];
    expectMarket((await read(writeTable([units, ...rows()]))).series, hours);
    const indexed = rows().map((cells, i) => [String(i), ...cells]);
    expectMarket((await read(writeTable([['', ...head], ...indexed]))).series, hours);
    expectMarket((await read(writeTable(indexed))).series, hours);
    expectMarket((await read(writeTable(indexed.slice(0, 5)))).series, { ...hours, bars: hours.bars.slice(0, 5) });
    const german = ['Datum', 'Eröffnung', 'Hoch', 'Tief', 'Schluss', 'Volumen'];
    expectMarket((await read(`sep=;\n${writeTable([german, ...rows()], ';')}`)).series, hours);
  });

  it('the header again in the midst; another header is refused, and its advice works', async () => {
    const again = [head, ...rows().slice(0, 100), head, ...rows().slice(100)];
    const { file, series } = await read(writeTable(again));
    expectMarket(series, hours);
    expect(file.notes).toContain('the header comes 2 times');
    const swapped = ['time', 'close', 'high', 'low', 'open', 'volume'];
    const other = hours.bars.slice(100).map((bar) => row({ ...bar, open: bar.close, close: bar.open }));
    const text = writeTable([head, ...rows().slice(0, 100), swapped, ...other]);
    await expect(read(text)).rejects.toThrow(/line 102: another header begins, .*; split the file there/);
    const parts = text.split(/\n(?=time,close)/);
    expectMarket((await read(parts[0])).series, { ...hours, bars: hours.bars.slice(0, 100) });
    expectMarket((await read(parts[1])).series, { ...hours, bars: hours.bars.slice(100) });
  });

  it('a volume whose name is the other currency of the pair', async () => {
    const named = (name: string) => [...head.slice(0, 5), name];
    const inQuote = hours.bars.map((bar) => row({ ...bar, volume: Number(quote(bar)) }));
    expectMarket((await read(writeTable([named('Volume BTC'), ...inQuote]), { symbol: 'ETH/BTC' })).series, hours, {
      volume: 'quote',
    });
    expectMarket((await read(writeTable([named('Volume USDT'), ...rows()]), { symbol: 'USDT/TRY' })).series, hours);
    expectMarket((await read(writeTable([named('Volume USDT'), ...inQuote]))).series, hours, { volume: 'quote' });
  });

  it('dollars under a plain name, beyond what any market trades', async () => {
    const volume = (bar: TrueBar) => Math.round(bar.quote * 1e3);
    const large = hours.bars.map((bar) => row({ ...bar, volume: volume(bar) }));
    const truth = { ...hours, bars: hours.bars.map((bar) => ({ ...bar, quote: volume(bar) })) };
    const text = writeTable([head, ...large]);
    expectMarket((await read(text)).series, truth, { volume: 'quote' });
    await expect(read(text, { symbol: 'X' })).rejects.toThrow(
      /more than any market has in dollars.*--volume base or --volume quote/,
    );
    expectMarket((await read(text, { symbol: 'X', volume: 'quote' })).series, truth, { volume: 'quote' });
  });

  it('a trade count that is none is left out and said', async () => {
    const named = [...head, 'count'];
    const counts: [(bar: TrueBar, i: number) => string | number, RegExp][] = [
      [(_, i) => 1000 + 3 * i + (i % 2), /rises with time/],
      [(bar) => Math.round(bar.quote * 1000), /too large|volume times the price/],
      [(bar) => Math.round(bar.volume * 1000), /volume in contracts/],
      [(bar) => (bar.volume / 7).toFixed(3), /isn't whole numbers/],
      [(_, i) => i % 2, /never more than one/],
    ];
    for (const [count, why] of counts) {
      const { file, series } = await read(
        writeTable([named, ...hours.bars.map((bar, i) => [...row(bar), String(count(bar, i))])]),
      );
      expectMarket(series, hours);
      expect(file.notes.join('; ')).toMatch(why);
    }
  });

  it('prices of forty thousand are no days of a spreadsheet', async () => {
    const truth = market({ price: 41_000, decimals: 0, startMs: Date.UTC(2024, 0, 1) });
    const lines = truth.bars.map((bar) => [plain(bar.timeMs), ...prices(bar), bar.volume].map(String));
    for (const names of [['Zeit', ...head.slice(1)], null])
      expectMarket((await read(writeTable(names === null ? lines : [names, ...lines]))).series, truth);
  });

  it('no volume at all but zeros; none at all is refused', async () => {
    const silent = { ...hours, bars: hours.bars.map((bar) => ({ ...bar, volume: 0 })) };
    expectMarket((await read(writeTable(silent.bars.map((bar) => row(bar))))).series, silent);
    expectMarket((await read(writeTable([head, ...silent.bars.map((bar) => row(bar))]))).series, silent);
    for (const lines of [rows(), [head, ...rows()]])
      await expect(read(writeTable(lines.map((cells) => cells.slice(0, 5))))).rejects.toThrow(/no column for volume/);
  });
});

describe('JSON', () => {
  const rows = hours.bars.map((bar) => [bar.timeMs, ...prices(bar), bar.volume]);

  it('freqtrade: a list of lists', async () => {
    expectMarket((await read(JSON.stringify(rows))).series, hours);
    expectMarket((await read(gzipSync(JSON.stringify(rows)))).series, hours);
  });

  it('answers of venues: lists of strings under a key, objects, and columns', async () => {
    const strings = hours.bars
      .toReversed()
      .map((b) => [b.timeMs / 1000, b.open, b.close, b.high, b.low, b.volume, quote(b)].map(String));
    expectMarket((await read(JSON.stringify({ code: '200000', data: strings }))).series, hours);
    const objects = hours.bars.map((b) => ({
      id: b.timeMs / 1000,
      open: b.open,
      close: b.close,
      low: b.low,
      high: b.high,
      amount: b.volume,
      vol: b.quote,
      count: b.trades,
    }));
    expectMarket((await read(JSON.stringify({ status: 'ok', data: objects }))).series, hours, { trades: true });
    const column = (key: keyof TrueBar) => hours.bars.map((bar) => bar[key]);
    const columns = {
      s: 'ok',
      t: column('timeMs').map((ms) => ms / 1000),
      o: column('open'),
      h: column('high'),
      l: column('low'),
      c: column('close'),
      v: column('volume'),
    };
    expectMarket((await read(JSON.stringify(columns))).series, hours);
  });

  const named = hours.bars.map((b) => ({ o: b.open, h: b.high, l: b.low, c: b.close, v: b.volume }));
  const times = hours.bars.map((bar) => bar.timeMs);
  const pandas = (index: (i: number) => string | number) =>
    Object.fromEntries(
      Object.entries({
        date: 'timeMs',
        open: 'open',
        high: 'high',
        low: 'low',
        close: 'close',
        volume: 'volume',
      } as const)
        .filter(([name]) => name !== 'date' || index(0) === 0)
        .map(([name, key]) => [name, Object.fromEntries(hours.bars.map((bar, i) => [index(i), bar[key]]))]),
    );
  it.each<[string, unknown]>([
    ['one record a line', named.map((one, i) => JSON.stringify({ t: times[i], ...one })).join('\n')],
    ['one list a line', hours.bars.map((bar) => JSON.stringify([bar.timeMs, ...prices(bar), bar.volume])).join('\n')],
    [
      'Alpha Vantage',
      {
        'Meta Data': { '1. Information': 'Intraday', '2. Symbol': 'BTC', '3. Interval': '60min', '4. Zone': 'UTC' },
        'Time Series': Object.fromEntries(
          hours.bars
            .map(
              (b) =>
                [
                  plain(b.timeMs),
                  {
                    '1. open': `${b.open}`,
                    '2. high': `${b.high}`,
                    '3. low': `${b.low}`,
                    '4. close': `${b.close}`,
                    '5. volume': `${b.volume}`,
                  },
                ] as const,
            )
            .toReversed(),
        ),
      },
    ],
    ['pandas, by columns', pandas((i) => i)],
    ['pandas, by columns, the time as index', pandas((i) => times[i])],
    ['pandas, by rows', Object.fromEntries(named.map((one, i) => [times[i], one]))],
    [
      'a list within a record of a list',
      [{ ticker: 'btcusd', priceData: named.map((one, i) => ({ date: times[i], ...one })) }],
    ],
    [
      'first trades beside opens of bars',
      named.map((one, i) => ({ time_period_start: plain(times[i]), time_open: plain(times[i] + 1000), ...one })),
    ],
  ])('%s', async (_, value) => {
    expectMarket((await read(typeof value === 'string' ? value : JSON.stringify(value))).series, hours);
  });

  it.each([
    ['torn', JSON.stringify(rows).slice(0, 500), /not valid JSON/],
    ['an error of a venue', '{"code":-1121,"msg":"Invalid symbol."}', /without a list of candles/],
    ['an empty list', '[]', /without a list of candles/],
    ['a list of numbers', '[1,2,3]', /without a list of candles/],
    ['deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /JSON/],
  ])('%s is refused', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(InputError);
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe('Parquet, Feather, gzip and zip', () => {
  const fixture = (name: string) => readFileSync(new URL(`../fixtures/market/${name}`, import.meta.url));
  const columns = parse(fixture('candles.csv'), { from_line: 2, cast: true }) as unknown as number[][];
  const expectColumns = (series: CandleSeries) => {
    (['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const).forEach((key, at) => {
      expect(Array.from(series[key]), key).toEqual(columns.map((row) => row[at]));
    });
  };

  it.each([
    ...['polars-uncompressed.feather', 'polars-lz4.feather', 'polars-zstd.feather', 'polars-snappy.parquet'],
    ...['duckdb-gzip.parquet', 'duckdb-zstd.parquet', 'duckdb-lz4_raw.parquet', 'duckdb-brotli.parquet'],
  ])('%s', async (name) => {
    expectColumns((await read(fixture(name))).series);
  });

  it('a stream of Arrow, without the frame of a file', async () => {
    const stream = tableToIPC(tableFromIPC(fixture('polars-uncompressed.feather')), { format: 'stream' });
    expectColumns((await read(stream as Uint8Array)).series);
  });

  it.each(['polars-lz4.feather', 'duckdb-zstd.parquet'])(
    '%s, torn anywhere, is refused in one line or read as it is',
    SLOW,
    async (name) => {
      const bytes = fixture(name);
      const rng = new Rng(1, 1);
      for (let round = 0; round < (process.env.TRADERNET_TEST_ALL === '1' ? 200 : 16); round++) {
        const torn = round % 2 === 0 ? bytes.subarray(0, rng.integer(bytes.length)) : Uint8Array.from(bytes);
        if (round % 2 === 1) torn[rng.integer(torn.length)] ^= 1 << rng.integer(8);
        try {
          const { file, series } = await read(torn);
          if (file.problems.length === 0 && series.length === columns.length) expectColumns(series);
        } catch (error) {
          // A flipped bit within the numbers themselves is a number: no checksum covers them.
          if ((error as Error).name === 'AssertionError') continue;
          expect(error).toBeInstanceOf(InputError);
          expect((error as Error).message).not.toContain('\n');
        }
      }
    },
  );

  it('gzip of several members, zip of one file beside what an archiver adds', async () => {
    const text = new TextEncoder().encode(fixture('candles.csv').toString());
    const half = text.length >> 1;
    expectColumns((await read(gzipSync(text))).series);
    expectColumns(
      (await read(Buffer.concat([gzipSync(text.subarray(0, half)), gzipSync(text.subarray(half))]))).series,
    );
    const empty = new Uint8Array();
    for (const level of [0, 6] as const)
      expectColumns(
        (await read(zipSync({ 'data/': empty, 'data/candles.csv': text, '__MACOSX/._candles.csv': empty }, { level })))
          .series,
      );
    await expect(read(zipSync({ 'a.csv': text, 'b.csv': text }))).rejects.toThrow(
      /holds 2 files \(a.csv, b.csv\); unpack it/,
    );
    await expect(read(zipSync({ '[Content_Types].xml': text, 'xl/workbook.xml': text }))).rejects.toThrow(/Excel/);
  });

  it('an archive with a flipped bit or cut short is refused, never read wrongly', async () => {
    const text = fixture('candles.csv');
    const rng = new Rng(2, 1);
    for (const packed of [gzipSync(text), Buffer.from(zipSync({ 'a.csv': text }))])
      for (let round = 0; round < 60; round++) {
        const bad = Buffer.from(round % 2 === 0 ? packed : packed.subarray(0, rng.integer(packed.length)));
        if (round % 2 === 0) bad[rng.integer(bad.length)] ^= 1 << rng.integer(8);
        try {
          expectColumns((await read(bad)).series);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }
  });

  it.each([
    ['UTF-8 with a mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, the other way round', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['CR LF', (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['CR alone', (text: string) => Buffer.from(text.replaceAll('\n', '\r'))],
    ['no end of line at the end', (text: string) => Buffer.from(text.trimEnd())],
    ['everything quoted', (text: string) => Buffer.from(text.replaceAll(/[^,\n]+/g, '"$&"'))],
    ['blank lines', (text: string) => Buffer.from(text.replaceAll('\n', '\n\n'))],
  ])('text in %s', async (_, write) => {
    expectColumns((await read(write(fixture('candles.csv').toString()))).series);
  });
});
