/**
 * The first look at a whole table: every row is read once, of each only its time, its line and a hash of its values are
 * kept, and what is wrong between rows is found: order, repetitions, copies, holes.
 */
import { InputError } from '../../core/errors.ts';
import type { BarReader, ReadBar } from './bar-reader.ts';
import { GrowingColumn } from './growing-column.ts';
import type { Interpretation } from './interpret.ts';
import type { Problems } from './problems.ts';
import type { Table } from './rows.ts';

export interface Survey {
  readonly reader: BarReader;
  /** Rows of data, readable or not, without those of other symbols. */
  readonly rows: number;
  /** Of each readable row, in the file's order: time in ms, line, and a hash of its values (negative where they are few). */
  readonly times: GrowingColumn;
  readonly lines: GrowingColumn;
  readonly hashes: GrowingColumn;
  /** Row numbers by time; null where the file is in order, oldest or newest first. */
  readonly order: Uint32Array | null;
  readonly newestFirst: boolean;
  /** Stretches of rows whose volume columns tell which is which: the first row's number, and whether they're swapped. */
  readonly volumeRuns: readonly { readonly from: number; readonly swapped: boolean }[];
  readonly swappedRows: number;
  /** Rows between two such stretches that don't tell to which they belong. */
  readonly doubtfulRows: readonly number[];
}

/** Rows after which open and close are compared with their neighbours again. */
const BLOCK_ROWS = 5000;
const MOST_VOLUME_RUNS = 100_000;
/** Rows at prices near 1 that are held until one tells. */
const MOST_SILENT = 100_000;

/** @throws InputError where a part of the file contradicts what the beginning said. */
export function survey(
  table: Table,
  how: Interpretation,
  reader: BarReader,
  problems: Problems,
  onRows: (rows: number) => void,
): Survey {
  const times = new GrowingColumn(Float64Array);
  const [lines, hashes] = [new GrowingColumn(Int32Array), new GrowingColumn(Int32Array)];
  const doubtfulRows: number[] = [];
  const silent: number[] = [];
  const volumeRuns: { from: number; swapped: boolean }[] = [];
  const continuity = new Continuity(table.name, how);
  let [rows, swappedRows, forward, backward] = [0, 0, 0, 0];
  let last = Number.NaN;
  for (const row of table.rows()) {
    if (row.line < how.sample.firstLine) continue;
    rows++;
    if (rows % 100_000 === 0) onRows(rows);
    const bar = reader.read(row);
    if (bar === null) continue;
    if (bar.timeMs > last) forward++;
    else if (bar.timeMs < last) backward++;
    last = bar.timeMs;
    if (bar.swapped === null) {
      if (how.volumes.quoteVolume >= 0 && bar.volume > 0 && silent.length < MOST_SILENT) silent.push(times.length);
    } else {
      const before = volumeRuns[volumeRuns.length - 1];
      if (before?.swapped !== bar.swapped) {
        if (before !== undefined) doubtfulRows.push(...silent);
        if (volumeRuns.length < MOST_VOLUME_RUNS) volumeRuns.push({ from: times.length, swapped: bar.swapped });
      }
      silent.length = 0;
      if (bar.swapped) swappedRows++;
    }
    continuity.add(bar);
    times.push(bar.timeMs);
    lines.push(bar.line);
    hashes.push(hashBar(bar));
  }
  continuity.finish();
  if (times.length === 0)
    throw new InputError(
      `${table.name}: no row could be read${problems.count > 0 ? `: ${problems.describe()}` : ''}; check the file`,
    );
  const newestFirst = backward > forward;
  const disorder = newestFirst ? forward : backward;
  const order = disorder === 0 ? null : sortRows(times, lines, newestFirst, problems);
  const read = rows - reader.otherSymbols;
  return { ...{ reader, rows: read, times, lines, hashes, order, newestFirst, volumeRuns, swappedRows, doubtfulRows } };
}

/** The number of the i-th oldest of a survey's readable rows. */
export function rowAt({ order, newestFirst, times }: Survey, i: number): number {
  if (order !== null) return order[i];
  return newestFirst ? times.length - 1 - i : i;
}

function sortRows(times: GrowingColumn, lines: GrowingColumn, newestFirst: boolean, problems: Problems): Uint32Array {
  const { length } = times;
  const order = Uint32Array.from({ length }, (_, i) => (newestFirst ? length - 1 - i : i));
  let latest = Number.NEGATIVE_INFINITY;
  for (const row of order) {
    const timeMs = times.get(row);
    if (timeMs < latest)
      problems.add('order', { line: lines.get(row), text: 'its time is out of order', remedy: 'mend' });
    latest = Math.max(latest, timeMs);
  }
  return order.sort((a, b) => times.get(a) - times.get(b) || (newestFirst ? b - a : a - b));
}

/** Opens are near the closes before, everywhere: a part in which the closes are near the opens before is swapped. */
class Continuity {
  readonly #name: string;
  readonly #how: Interpretation;
  #open = Number.NaN;
  #close = Number.NaN;
  #forth = 0;
  #back = 0;
  #rows = 0;
  #firstLine = 0;

  constructor(name: string, how: Interpretation) {
    this.#name = name;
    this.#how = how;
  }

  add({ open, close, line }: ReadBar): void {
    if (this.#rows === 0) this.#firstLine = line;
    // In a file that is newest first the row before is the bar after.
    const { newestFirst } = this.#how;
    const one = Math.abs(open - this.#close) / open;
    const two = Math.abs(close - this.#open) / open;
    if (this.#rows > 0) {
      this.#forth += Math.min(0.1, newestFirst ? two : one);
      this.#back += Math.min(0.1, newestFirst ? one : two);
    }
    this.#open = open;
    this.#close = close;
    if (++this.#rows === BLOCK_ROWS) this.finish();
  }

  finish(): void {
    const [forth, back] = [this.#forth / this.#rows, this.#back / this.#rows];
    if (this.#rows >= 200 && forth > 2.5 * back && forth > 1e-4) {
      const [open, close] = [this.#how.prices.open, this.#how.prices.close].map((at) => this.#how.sample.titles[at]);
      throw new InputError(
        `${this.#name}: from line ${this.#firstLine} on ${open} and ${close} look swapped, before they don't; split the file there and import each part with its own --columns`,
      );
    }
    [this.#forth, this.#back, this.#rows] = [0, 0, 0];
  }
}

const words = new Float64Array(6);
const halves = new Uint32Array(words.buffer);

/** A hash of 31 bits of a bar's values; negative where nothing moved or traded, so that equal bars say nothing. */
function hashBar({ open, high, low, close, volume, trades }: ReadBar): number {
  words[0] = open;
  words[1] = high;
  words[2] = low;
  words[3] = close;
  words[4] = volume;
  words[5] = Number.isNaN(trades) ? -1 : trades;
  let hash = 0x9e3779b9 | 0;
  for (let i = 0; i < 12; i++) {
    hash = Math.imul(hash ^ halves[i], 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x7feb352d);
  const positive = 1 + ((hash ^ (hash >>> 16)) >>> 2);
  return volume === 0 || high === low ? -positive : positive;
}
