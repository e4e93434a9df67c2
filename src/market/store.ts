/**
 * The embedded database: candles keyed by venue, symbol, timeframe and time, Google Trends by symbol and time. Node's
 * own SQLite with a write-ahead log and full syncs; one writer at a time. An import is one transaction: after a crash
 * the next start sees all of it or nothing.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { ImportedBar } from './import/candles.ts';
import { allocateSeries, type SeriesKey } from './series.ts';
import { joinTrends, publicationMs, stitchTrends, type Trend } from './trends.ts';

/** File name of the database under the storage folder. */
export const MARKET_DATABASE = 'market.sqlite';

const SCHEMA_VERSION = 1;
/** SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN. */
const UNWRITABLE: readonly number[] = [8, 10, 13, 14];
const SCHEMA = `
CREATE TABLE series (
  id INTEGER PRIMARY KEY, venue TEXT NOT NULL, symbol TEXT NOT NULL, timeframe_ms INTEGER NOT NULL,
  UNIQUE (venue, symbol, timeframe_ms)) STRICT;
CREATE TABLE candle (
  series INTEGER NOT NULL REFERENCES series (id), time_ms INTEGER NOT NULL,
  open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL, volume REAL NOT NULL,
  trades REAL, filled INTEGER NOT NULL, PRIMARY KEY (series, time_ms)) STRICT, WITHOUT ROWID;
CREATE TABLE trend (
  symbol TEXT NOT NULL, time_ms INTEGER NOT NULL, period_ms INTEGER NOT NULL, published_ms INTEGER NOT NULL,
  value REAL NOT NULL, PRIMARY KEY (symbol, time_ms)) STRICT, WITHOUT ROWID;
`;

/** What the database holds of one series. */
export interface StoredSeries extends SeriesKey {
  readonly bars: number;
  readonly fromMs: number;
  /** Open of the last bar. */
  readonly toMs: number;
  /** Bars that are missing between the first and the last. */
  readonly missing: number;
  readonly filled: number;
  /** Whether every bar that traded has a trade count. */
  readonly trades: boolean;
  /** Number of Google Trends scores for the symbol. */
  readonly trends: number;
}

export interface ImportCounts {
  readonly inserted: number;
  /** Bars that were there already with the same values. */
  readonly unchanged: number;
  /** Bars whose values were overwritten: filled bars by real ones, or any with `replace`. */
  readonly replaced: number;
}

/** One stored row as SQLite returns it in array form. */
type Row = SQLOutputValue[];

/**
 * The database of candles and trends, SQLite in WAL mode: one writer, many readers, an import is one transaction. Close it, or
 * let `using` do so.
 * @throws InputError where the file is another's, or damaged
 * @example
 * using store = CandleStore.open(`${files.root}/market.sqlite`);
 * store.importSeries(series).inserted; // => 2000
 * store.load('synthetic', 'SYNTH', 3_600_000).length; // => 2000
 */
export class CandleStore implements Disposable {
  readonly path: string;
  readonly #db: DatabaseSync;
  /** Why nothing can be written; null where it can. */
  readonly #unwritable: unknown;

  private constructor(path: string, db: DatabaseSync, unwritable: unknown = null) {
    this.path = path;
    this.#db = db;
    this.#unwritable = unwritable;
  }

  /**
   * Opens the database, creating it where there is none; ':memory:' for one that is forgotten.
   * @throws InputError where the file isn't a database of this project or of a later version.
   */
  static open(path: string): CandleStore {
    try {
      return CandleStore.#openToWrite(path);
    } catch (error) {
      // A disk that is full or read-only holds nobody off from reading.
      if (!isReadable(error, path)) throw explain(error, path);
      return CandleStore.#openToRead(path, error);
    }
  }

  static #openToWrite(path: string): CandleStore {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    const db = new DatabaseSync(path, { timeout: 5000 });
    try {
      const store = new CandleStore(path, db);
      const version = store.#version();
      // Before anything is written: the log's mode is a part of the file.
      if (version > SCHEMA_VERSION)
        throw new InputError(
          `${path} has schema version ${version}, this program knows ${SCHEMA_VERSION}; update the program`,
        );
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
      if (version === 0) store.#transaction(() => store.#createSchema());
      return store;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Without a write, not even of the log's index; a write later is refused. `cause` is why nothing can be written. */
  static #openToRead(path: string, cause: unknown): CandleStore {
    // What a killed writer left in its log belongs to the data, and only a writer can read it back.
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (log > 0)
      throw new InputError(
        `${path}: was not closed in order, and its disk can't be written (${(cause as Error).message}); copy it with ${basename(path)}-wal to a disk that can, and use that with --storage`,
      );
    const url = pathToFileURL(resolve(path));
    url.search = '?immutable=1';
    try {
      const store = new CandleStore(path, new DatabaseSync(url, { readOnly: true }), cause);
      if (store.#version() === SCHEMA_VERSION) return store;
      store.close();
    } catch {
      // The first error says more.
    }
    throw explain(cause, path);
  }

  close(): void {
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** 0 for a new database. @throws InputError for one of another program. */
  #version(): number {
    // In this order: another process may be making the schema, and its version comes with the tables.
    const tables = this.#db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get();
    const version = Number(this.#db.prepare('PRAGMA user_version').get()?.user_version);
    if (version === 0 && Number(tables?.n) > 0)
      throw new InputError(`${this.path} is a database of another program; choose another --storage folder`);
    return version;
  }

  #createSchema(): void {
    // Another process may have made it while this one waited for the lock.
    if (this.#version() === 0) this.#db.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
  }

  #transaction<T>(work: () => T): T {
    if (this.#unwritable !== null) throw this.#unwritable;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** One writing transaction; SQLite's errors become InputErrors. */
  #write<T>(work: () => T): T {
    try {
      return this.#transaction(work);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  #rows(sql: string, ...values: SQLInputValue[]): Row[] {
    try {
      const statement = this.#db.prepare(sql);
      statement.setReturnArrays(true);
      return statement.all(...values) as unknown as Row[];
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  #seriesId(key: SeriesKey): number | null {
    const sql = 'SELECT id FROM series WHERE venue = ? AND symbol = ? AND timeframe_ms = ?';
    const [row] = this.#rows(sql, key.venue, key.symbol, key.timeframeMs);
    return row === undefined ? null : Number(row[0]);
  }

  /**
   * Writes a whole series in one transaction, beside what is there. A stored bar with other values is a conflict,
   * unless it was filled in or `replace` is set. `series.trends` isn't stored; see `importTrends`.
   * @throws InputError on a conflict; nothing is written then.
   */
  importSeries(series: CandleSeries, options: { readonly replace?: boolean } = {}): ImportCounts {
    return this.#write(() => this.#insertBars(series, options.replace === true));
  }

  /**
   * The same for bars that come one by one, in any order, each time once; they need no room but the database's.
   * @throws InputError on a conflict, or whatever `bars` throws; nothing is written then.
   */
  importBars(key: SeriesKey, bars: Iterable<ImportedBar>, options: { readonly replace?: boolean } = {}): ImportCounts {
    return this.#write(() => this.#putBars(key, bars, options.replace === true));
  }

  #insertBars(series: CandleSeries, replace: boolean): ImportCounts {
    return this.#putBars(series, barsOf(series), replace);
  }

  #putBars(key: SeriesKey, bars: Iterable<ImportedBar>, replace: boolean): ImportCounts {
    const { venue, symbol, timeframeMs } = key;
    const insertKey = 'INSERT OR IGNORE INTO series (venue, symbol, timeframe_ms) VALUES (?, ?, ?)';
    this.#db.prepare(insertKey).run(venue, symbol, timeframeMs);
    const id = this.#seriesId(key)!;
    const [[oldest, newest]] = this.#rows('SELECT min(time_ms), max(time_ms) FROM candle WHERE series = ?', id);
    const [fromMs, toMs] = oldest === null ? [Infinity, -Infinity] : [Number(oldest), Number(newest)];
    const find = this.#db.prepare(
      'SELECT open, high, low, close, volume, trades, filled FROM candle WHERE series = ? AND time_ms = ?',
    );
    find.setReturnArrays(true);
    const put = this.#db.prepare('INSERT OR REPLACE INTO candle VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    let [inserted, unchanged, replaced] = [0, 0, 0];
    for (const bar of bars) {
      const { timeMs } = bar;
      if (inserted + unchanged + replaced === 0 && (timeMs - fromMs) % timeframeMs !== 0 && fromMs < Infinity)
        throw new InputError(
          `the stored bars of ${symbol} of ${venue} open at ${new Date(fromMs).toISOString().slice(11, 16)} UTC, these at ${new Date(timeMs).toISOString().slice(11, 16)}; import them under another --venue`,
        );
      const trades = Number.isNaN(bar.trades) ? null : bar.trades;
      const isFilled = bar.filled;
      const known = timeMs >= fromMs && timeMs <= toMs;
      const stored = known ? (find.get(id, timeMs) as unknown as Row | undefined) : undefined;
      if (stored !== undefined) {
        const prices = [bar.open, bar.high, bar.low, bar.close, bar.volume];
        const same = prices.every((value, k) => value === stored[k]);
        const storedFilled = stored[6] === 1;
        // A made-up bar never overwrites a real one, and a source without trade counts doesn't erase them.
        if (
          (isFilled && !storedFilled) ||
          (same && (trades === null || trades === stored[5]) && (isFilled || !storedFilled))
        ) {
          unchanged++;
          continue;
        }
        if (!same && !storedFilled && !replace) throw conflict(symbol, timeMs, prices, stored);
        replaced++;
      } else inserted++;
      put.run(id, timeMs, bar.open, bar.high, bar.low, bar.close, bar.volume, trades, isFilled ? 1 : 0);
    }
    return { inserted, unchanged, replaced };
  }

  /** Removes what is stored of a series and of its symbol's trends, and writes the new ones, in one transaction. */
  replaceSeries(series: CandleSeries, trends: readonly Trend[]): ImportCounts {
    return this.#write(() => {
      const id = this.#seriesId(series);
      if (id !== null) this.#db.prepare('DELETE FROM candle WHERE series = ?').run(id);
      this.#db.prepare('DELETE FROM trend WHERE symbol = ?').run(series.symbol);
      this.#insertTrends(series.symbol, trends);
      return this.#insertBars(series, false);
    });
  }

  /**
   * Adds a window of Google Trends scores for a symbol, rescaled to the stored ones by their overlap; what is stored
   * never changes.
   * @throws InputError where the windows don't overlap enough.
   */
  importTrends(symbol: string, trends: readonly Trend[]): { readonly inserted: number } {
    return this.#write(() => {
      const added = stitchTrends(this.loadTrends(symbol), trends);
      this.#insertTrends(symbol, added);
      return { inserted: added.length };
    });
  }

  #insertTrends(symbol: string, trends: readonly Trend[]): void {
    const put = this.#db.prepare('INSERT INTO trend VALUES (?, ?, ?, ?, ?)');
    for (const trend of trends) put.run(symbol, trend.timeMs, trend.periodMs, publicationMs(trend), trend.value);
  }

  /** A symbol's scores, oldest first. */
  loadTrends(symbol: string): Trend[] {
    return this.#rows('SELECT time_ms, period_ms, value FROM trend WHERE symbol = ? ORDER BY time_ms', symbol).map(
      ([timeMs, periodMs, value]) => ({ timeMs: Number(timeMs), periodMs: Number(periodMs), value: Number(value) }),
    );
  }

  /**
   * The bars with fromMs <= time < toMs, trends joined. Trade counts are null unless every bar that traded has one.
   * @throws InputError where there are none.
   */
  load(venue: string, symbol: string, timeframeMs: number, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER): CandleSeries {
    const key = { venue, symbol, timeframeMs };
    const id = this.#seriesId(key);
    const rows =
      id === null
        ? []
        : this.#rows(
            'SELECT time_ms, open, high, low, close, volume, trades, filled FROM candle WHERE series = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms',
            ...[id, fromMs, toMs],
          );
    if (rows.length === 0) throw this.#nothingStored(key, id !== null);
    const hasTrades = rows.every((row) => row[6] !== null || row[7] === 1);
    const series = allocateSeries(key, rows.length, { trades: hasTrades, trends: false });
    const { timeMs, open, high, low, close, volume, trades, filled } = series;
    rows.forEach((row, i) => {
      timeMs[i] = row[0] as number;
      open[i] = row[1] as number;
      high[i] = row[2] as number;
      low[i] = row[3] as number;
      close[i] = row[4] as number;
      volume[i] = row[5] as number;
      if (trades !== null) trades[i] = (row[6] as number | null) ?? 0;
      filled[i] = row[7] as number;
    });
    return joinTrends(series, this.loadTrends(symbol));
  }

  #nothingStored(key: SeriesKey, known: boolean): InputError {
    if (known)
      return new InputError(`${key.symbol} of ${key.venue} has no bars in that time; see 'tradernet data list'`);
    const others = this.list().map((row) => `${row.symbol} of ${row.venue} (${row.timeframeMs / 60_000} min)`);
    const there = others.length === 0 ? 'the database is empty' : `there is ${others.slice(0, 5).join(', ')}`;
    return new InputError(
      `no candles of ${key.symbol} of ${key.venue} with bars of ${key.timeframeMs / 60_000} min; ${there}; 'tradernet data import' or 'data synth' adds some`,
    );
  }

  /** Every series, by venue, symbol and timeframe. */
  list(): StoredSeries[] {
    const rows = this.#rows(`
      SELECT s.venue, s.symbol, s.timeframe_ms, count(*), min(c.time_ms), max(c.time_ms), sum(c.filled),
        sum(c.trades IS NULL AND c.filled = 0), (SELECT count(*) FROM trend t WHERE t.symbol = s.symbol)
      FROM series s JOIN candle c ON c.series = s.id GROUP BY s.id ORDER BY s.venue, s.symbol, s.timeframe_ms`);
    return rows.map((row) => {
      const [timeframeMs, bars, fromMs, toMs, filled, without, trends] = row.slice(2).map(Number);
      const missing = Math.round((toMs - fromMs) / timeframeMs) + 1 - bars;
      const key = { venue: String(row[0]), symbol: String(row[1]), timeframeMs };
      return { ...key, bars, fromMs, toMs, missing, filled, trades: without === 0, trends };
    });
  }
}

/** A series' bars one by one; the same object for every bar. */
function* barsOf(series: CandleSeries): Generator<ImportedBar> {
  const bar = { timeMs: 0, open: 0, high: 0, low: 0, close: 0, volume: 0, trades: Number.NaN, filled: false };
  for (let i = 0; i < series.length; i++) {
    bar.timeMs = series.timeMs[i];
    bar.open = series.open[i];
    bar.high = series.high[i];
    bar.low = series.low[i];
    bar.close = series.close[i];
    bar.volume = series.volume[i];
    if (series.trades !== null) bar.trades = series.trades[i];
    bar.filled = series.filled[i] === 1;
    yield bar;
  }
}

function conflict(symbol: string, timeMs: number, prices: readonly number[], stored: Row): InputError {
  const time = new Date(timeMs).toISOString();
  return new InputError(
    `${symbol} at ${time}: the file has ${prices.join(' ')}, the database ${stored.slice(0, 5).join(' ')} (open high low close volume); import with --replace to overwrite`,
  );
}

/** Whether the disk refuses to be written, where there is something to read. */
function isReadable(error: unknown, path: string): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number };
  const refused =
    (code === 'ERR_SQLITE_ERROR' && UNWRITABLE.includes((errcode ?? 0) & 0xff)) ||
    ['EROFS', 'EACCES', 'ENOSPC'].includes(code ?? '');
  return refused && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** SQLite's errors that a user can mend, in one line. */
function explain(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') return error;
  const { message } = error;
  if (/database is locked|busy/.test(message))
    return new InputError(`${path} is being written by another process; wait until it has ended`);
  if (/not a database|malformed|unable to open|no such|readonly|full|disk I\/O/.test(message))
    return new InputError(
      `${path}: ${message}; check the file and whether its disk is full or read-only, or choose another --storage folder`,
    );
  return error;
}

/** SHA-256 over everything a series holds: a run's registration names it. */
export function hashSeries(series: CandleSeries): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([series.venue, series.symbol, series.timeframeMs, series.length]));
  const { timeMs, open, high, low, close, volume, trades, trends } = series;
  for (const column of [timeMs, open, high, low, close, volume, trades, trends])
    if (column === null) hash.update('none');
    else hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  return hash.update(series.filled).digest('hex');
}
