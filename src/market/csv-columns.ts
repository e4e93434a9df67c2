import { InputError } from '../core/errors.ts';
import type { CsvRow } from './csv-rows.ts';
import { parseCsvTime } from './csv-time.ts';

/** Which cell of a row holds what; -1 where the file has none. */
export interface CandleColumns {
  readonly time: number;
  /** A second column that completes the time, as in `Date,Time`; -1 where `time` is whole. */
  readonly clock: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Volume in base currency, as named; and in quote currency. */
  readonly volume: number;
  readonly quoteVolume: number;
  readonly trades: number;
  readonly symbol: number;
  readonly filled: number;
  /** Cells that a row must have. */
  readonly count: number;
  /** Index of the first row of data. */
  readonly firstRow: number;
}

/** Names after `normalise`, in order of preference: a numeric time is more exact than a written one. */
const NAMES = {
  time: [
    ...[
      'opentimems',
      'timestampms',
      'unixms',
      'opentime',
      'unix',
      'unixtimestamp',
      'unixtime',
      'timestamp',
      'ts',
      'epoch',
    ],
    ...[
      'datetime',
      'dateutc',
      'date',
      'time',
      'timeutc',
      'candlebegintime',
      'starttime',
      'begintime',
      'start',
      'begin',
      't',
    ],
    ...['opentimeutc', 'timeperiodstart', 'bartime'],
  ],
  clock: ['time', 'timeutc', 'clock', 'hour'],
  open: ['open', 'openprice', 'priceopen', 'o', 'first', 'opening'],
  high: ['high', 'highprice', 'pricehigh', 'h', 'max', 'highest'],
  low: ['low', 'lowprice', 'pricelow', 'l', 'min', 'lowest'],
  close: ['close', 'closeprice', 'priceclose', 'c', 'last', 'closelast', 'closing'],
  trades: [
    ...[
      'trades',
      'tradecount',
      'tradescount',
      'numberoftrades',
      'numtrades',
      'ntrades',
      'nooftrades',
      'tradenum',
      'count',
      'n',
    ],
    'transactions',
  ],
  symbol: ['symbol', 'pair', 'ticker', 'market', 'instrument', 'tic'],
  filled: ['filled'],
} as const;

const QUOTES = /(usdt|usdc|busd|tusd|usd|eur|gbp|jpy|krw|try|dai|quote|turnover)/;

function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function isVolume(name: string): boolean {
  if (/taker|buy|sell/.test(name)) return false;
  return (
    /^(v|vol|volume|quotevolume|turnover)$|^(vol|volume)|(vol|volume)$/.test(name) || /^quoteassetvolume/.test(name)
  );
}

/** Finds the header under any banner lines, or the layout of an exchange's dump that has none. */
export function findColumns(rows: readonly CsvRow[], name: string): CandleColumns {
  for (let i = 0; i < Math.min(rows.length, 25); i++) {
    const names = rows[i].cells.map(normalise);
    const find = (wanted: readonly string[]) => {
      const hit = wanted.find((one) => names.includes(one));
      return hit === undefined ? -1 : names.indexOf(hit);
    };
    const prices = { open: find(NAMES.open), high: find(NAMES.high), low: find(NAMES.low), close: find(NAMES.close) };
    if (Object.values(prices).filter((at) => at >= 0).length < 2) continue;
    const missing = Object.entries(prices).filter(([, at]) => at < 0);
    const time = find(NAMES.time);
    const volumes = names.flatMap((one, at) => (isVolume(one) ? [at] : []));
    const absent = missing.map(([one]) => one);
    if (time < 0) absent.push('time');
    if (volumes.length === 0) absent.push('volume');
    if (absent.length > 0)
      throw new InputError(
        `${name}: line ${rows[i].line}: the header has no column for ${absent.join(', ')} (it has ${rows[i].cells.join(', ')}); rename or add it`,
      );
    const quote = volumes.find((at) => QUOTES.test(names[at]));
    // As in `volume_btc, volume`: where a currency is named, the column without one is the other currency.
    const named = volumes.find((at) => at !== quote && names[at] !== 'volume' && names[at] !== 'vol');
    const base = named ?? volumes.find((at) => at !== quote) ?? volumes[0];
    const other = volumes.find((at) => at !== base) ?? -1;
    const clock = names[time] === 'date' || names[time] === 'dateutc' ? findClock(names, rows[i + 1], time) : -1;
    const columns = {
      ...{ time, clock, ...prices, volume: base, quoteVolume: quote !== undefined && quote !== base ? quote : other },
      ...{ trades: find(NAMES.trades), symbol: find(NAMES.symbol), filled: find(NAMES.filled) },
    };
    return { ...columns, count: rows[i].cells.length, firstRow: i + 1 };
  }
  return findDumpColumns(rows, name);
}

/** The `Time` of `Date,Time`, where it holds a time of day. */
function findClock(names: readonly string[], row: CsvRow | undefined, date: number): number {
  const at = names.findIndex((one, i) => i !== date && (NAMES.clock as readonly string[]).includes(one));
  return at >= 0 && /^\d{1,2}:\d{2}/.test(row?.cells[at] ?? '') ? at : -1;
}

/** Orders of the four prices after the time: most exchanges', one that puts the close second, one the low first. */
const PRICE_ORDERS = [
  { open: 1, high: 2, low: 3, close: 4 },
  { open: 1, close: 2, high: 3, low: 4 },
  { low: 1, high: 2, open: 3, close: 4 },
];

/** Files without a header: 6 columns, 7 with a trade count, or Binance's 12. */
function findDumpColumns(rows: readonly CsvRow[], name: string): CandleColumns {
  const { cells, line } = rows[0];
  const fail = (why: string) =>
    new InputError(
      `${name}: line ${line}: ${why}; add a header line such as time,open,high,low,close,volume above the data`,
    );
  if (parseCsvTime(cells[0]) === null || cells.slice(1, 6).some((cell) => !Number.isFinite(Number(cell))))
    throw fail(`found no header with time, open, high, low, close and volume ('${cells.join(',').slice(0, 60)}')`);
  if (![6, 7, 11, 12].includes(cells.length))
    throw fail(`there is no header, and rows of ${cells.length} columns are no exchange's known layout`);
  const order = PRICE_ORDERS.find(({ open, high, low, close }) =>
    rows.every(({ cells: row }) => {
      const [o, h, l, c] = [open, high, low, close].map((at) => Number(row[at]));
      // A row that isn't all numbers is for the check of rows to report.
      return !(l > h || o > h || c > h || o < l || c < l);
    }),
  );
  const dump = cells.length >= 11;
  return {
    ...{ time: 0, clock: -1, ...(order ?? PRICE_ORDERS[0]), volume: 5, quoteVolume: dump ? 7 : -1 },
    ...{ trades: dump ? 8 : cells.length === 7 ? 6 : -1, symbol: -1, filled: -1, count: cells.length, firstRow: 0 },
  };
}
