/**
 * Files of candles. Each is written from bars that are known, in one of many formats, and then some of its rows are
 * spoiled. Truth: the bars themselves. A bar whose row was not spoiled must come out as it went in, to the last digit;
 * nothing may stand at a time at which there was no row.
 */
import { InputError } from '../../src/core/errors.ts';
import type { Rng } from '../../src/core/rng.ts';
import { type ImportPolicy, inspectCandles, requireClean } from '../../src/market/import/candles.ts';
import { bytesSource } from '../../src/market/import/source.ts';
import { openTable } from '../../src/market/import/tables.ts';
import { chance, mutateBytes, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

export interface Bar {
  readonly timeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;
const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 1);

/** A walk with round prices, on one grid, with a gap or two. */
export function makeBars(rng: Rng): Bar[] {
  const timeframeMs = pick(rng, [60_000, 5 * 60_000, HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS]);
  const places = rng.integer(6);
  const unit = 10 ** places;
  const round = (value: number) => Math.round(value * unit) / unit;
  let price = pick(rng, [0.02, 0.6, 30, 1_800, 30_000]) * (1 + rng.uniform());
  if (round(price) * unit < 500) price = 500 / unit + price;
  const size = 10 ** (2 + 5 * rng.uniform());
  const step = 10 ** (2 + rng.integer(5));
  let timeMs = Date.UTC(2015 + rng.integer(9), rng.integer(12), 1 + rng.integer(28));
  return Array.from({ length: 20 + rng.integer(120) }, () => {
    const open = round(price);
    price *= 1 + 0.01 * rng.normal();
    const close = round(price);
    const high = round(Math.max(open, close) * (1 + 0.005 * rng.uniform()));
    const low = round(Math.min(open, close) * (1 - 0.005 * rng.uniform()));
    // What is worth a hundred to ten million of quote currency: no market trades more in a bar.
    const volume = Math.round((size * (0.1 + rng.uniform()) * step) / price) / step;
    timeMs += timeframeMs * (chance(rng, 0.01) ? 1 + rng.integer(5) : 1);
    return { timeMs, open, high: Math.max(high, open, close), low: Math.min(low, open, close), close, volume };
  });
}

const pad = (value: number) => String(value).padStart(2, '0');
const TIMES: readonly ((timeMs: number) => string)[] = [
  (ms) => String(ms),
  (ms) => String(ms / 1000),
  (ms) => `${ms}000`,
  (ms) => new Date(ms).toISOString(),
  (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' '),
  (ms) => `${new Date(ms).toISOString().slice(0, 19)}+00:00`,
  (ms) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  (ms) => {
    const date = new Date(ms);
    return `${date.getUTCFullYear()}/${pad(date.getUTCMonth() + 1)}/${pad(date.getUTCDate())} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  },
];
const HEADERS: readonly (readonly string[])[] = [
  ['timestamp', 'open', 'high', 'low', 'close', 'volume'],
  ['time', 'open', 'high', 'low', 'close', 'volume'],
  ['Date', 'Open', 'High', 'Low', 'Close', 'Volume'],
  ['open_time', 'open', 'high', 'low', 'close', 'volume'],
  ['Timestamp', 'Open', 'High', 'Low', 'Close', 'Volume_(BTC)'],
];
/** What a cell turns into. */
const CELLS = [
  '',
  '-',
  'NaN',
  'null',
  '-1',
  '0',
  '1e999',
  '1e5',
  '1,5',
  '1.234.567,8',
  '0x10',
  '１２',
  'abc',
  '"',
  "'",
  '=1+1',
];

interface Made {
  readonly bytes: Uint8Array;
  /** Times of the rows that were spoiled; all of them where the file was. */
  readonly spoiled: ReadonlySet<number>;
}

function writeFile(bars: readonly Bar[], rng: Rng): Made {
  const delimiter = pick(rng, [',', ',', ',', ';', '\t', '|']);
  const comma = delimiter === ';' && chance(rng, 0.5);
  const number = (value: number) => (comma ? String(value).replace('.', ',') : String(value));
  const time = pick(rng, TIMES);
  const columns = rng.integer(2) === 0 ? ['time', ...FIELDS] : ['time', 'volume', 'open', 'high', 'low', 'close'];
  const header = pick(rng, HEADERS);
  const names = columns.map((column) => header[['time', ...FIELDS].indexOf(column)]);
  const quote = chance(rng, 0.2) ? (cell: string) => `"${cell}"` : (cell: string) => cell;
  const trailing = chance(rng, 0.1) ? delimiter : '';
  let rows = bars.map((bar) => ({
    timeMs: bar.timeMs,
    cells: columns.map((column) => (column === 'time' ? time(bar.timeMs) : number(bar[column as keyof Bar]))),
  }));
  const spoiled = new Set<number>();
  const spoil = chance(rng, 0.7) ? 1 + rng.integer(3) : 0;
  for (let i = 0; i < spoil; i++) {
    const at = rng.integer(rows.length);
    const row = rows[at];
    spoiled.add(row.timeMs);
    switch (rng.integer(6)) {
      case 0:
        row.cells[rng.integer(row.cells.length)] = pick(rng, CELLS);
        break;
      case 1:
        row.cells[rng.integer(row.cells.length)] += pick(rng, ['0', ' ', 'x', '%', 'K', '.5', ',5']);
        break;
      case 2:
        row.cells.splice(rng.integer(row.cells.length), 1);
        break;
      case 3:
        row.cells.splice(rng.integer(row.cells.length), 0, pick(rng, CELLS));
        break;
      case 4:
        rows.splice(at, 0, { timeMs: row.timeMs, cells: [...row.cells] });
        break;
      default:
        rows.splice(rng.integer(rows.length), 0, ...rows.splice(at, 1));
    }
  }
  if (chance(rng, 0.2)) rows = rows.reverse();
  const end = pick(rng, ['\n', '\n', '\r\n', '\r']);
  const lines = rows.map(({ cells }) => cells.map(quote).join(delimiter) + trailing);
  const banner = chance(rng, 0.1) ? ['https://example.com', ''] : [];
  const head = chance(rng, 0.9) || columns[1] === 'volume' ? [names.map(quote).join(delimiter) + trailing] : [];
  const text = `${chance(rng, 0.1) ? '\ufeff' : ''}${[...banner, ...head, ...lines].join(end)}${chance(rng, 0.8) ? end : ''}`;
  const bytes = new TextEncoder().encode(text);
  if (!chance(rng, 0.15)) return { bytes, spoiled };
  // Which rows the bytes hit can't be told from the outside: only the shape of the outcome is looked at.
  return { bytes: mutateBytes(bytes, rng), spoiled: new Set(bars.map(({ timeMs }) => timeMs)) };
}

/** What is wrong with what came out; null where nothing is. */
export async function compare(
  bars: readonly Bar[],
  spoiled: ReadonlySet<number>,
  policy: ImportPolicy,
  bytes: Uint8Array,
): Promise<string | null> {
  const table = await openTable(bytesSource(bytes, 'x.csv'));
  const file = inspectCandles(table, { venue: 'csv', symbol: 'BTC/USDT', policy, nowMs: NOW_MS });
  requireClean(file);
  const truth = new Map(bars.map((bar) => [bar.timeMs, bar]));
  const all = spoiled.size === bars.length;
  const seen = new Set<number>();
  for (const { timeMs, open, high, low, close, volume, filled } of file.read()) {
    if (!(low > 0 && low <= open && low <= close && high >= open && high >= close && volume >= 0))
      return `no bar at ${timeMs}`;
    if (seen.has(timeMs)) return `two bars at ${timeMs}`;
    seen.add(timeMs);
    if (filled || all || spoiled.has(timeMs)) continue;
    const bar = truth.get(timeMs);
    if (bar === undefined && spoiled.size === 0) return `a bar at ${timeMs}, where the file has none`;
    if (bar === undefined) continue;
    if (bar.open !== open || bar.high !== high || bar.low !== low || bar.close !== close || bar.volume !== volume)
      return `${[open, high, low, close, volume]} at ${timeMs}, where the file has ${FIELDS.map((name) => bar[name])}`;
  }
  return null;
}

/** Bars written to a file in which some are spoiled: read, they are the file's, or refused. */
export function candleFiles(
  about: Pick<Surface, 'name' | 'about' | 'inputs'>,
  write: (bars: readonly Bar[], rng: Rng) => ReturnType<typeof writeFile>,
): Surface {
  return {
    ...about,
    open: () => ({
      async attempt(rng): Promise<Outcome> {
        const bars = makeBars(rng);
        const { bytes, spoiled } = write(bars, rng);
        const policy = pick<ImportPolicy>(rng, ['refuse', 'drop', 'fill']);
        try {
          const wrong = await compare(bars, spoiled, policy, bytes);
          return wrong === null ? 'taken' : { wrong: `${policy}: ${wrong}` };
        } catch (error) {
          if (error instanceof InputError) return 'refused';
          throw error;
        }
      },
    }),
  };
}

export const csv = candleFiles(
  {
    name: 'csv',
    about: 'files of candles in many formats, rows spoiled; wrong: a bar that the file does not hold',
    inputs: 8_000,
  },
  writeFile,
);
