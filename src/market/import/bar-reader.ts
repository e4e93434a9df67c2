import { InputError } from '../../core/errors.ts';
import { checkBar } from '../check.ts';
import { timeCell } from './find-time.ts';
import { fitsQuote } from './find-volumes.ts';
import type { Interpretation } from './interpret.ts';
import { nameOf, PRICES } from './names.ts';
import { DECIMAL_MARKS, parseNumber } from './numbers.ts';
import type { Problems } from './problems.ts';
import type { Row } from './rows.ts';
import { fitCells } from './sample.ts';
import { isPlausible, namesZone, TIME_FORMATS, type TimeFormat } from './times.ts';
import { utcOf } from './zone.ts';

/** A row that made sense; the same object for every row. */
export interface ReadBar {
  line: number;
  /** As the file has it, in UTC: the end of the bar in files that say so. */
  timeMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  /** In base currency. */
  volume: number;
  trades: number;
  filled: boolean;
  /** Whether the volume columns told by their values which is which; null where there is one alone, or nothing traded. */
  swapped: boolean | null;
}

/** A stretch of rows whose times are written in one way. */
export interface FormatRun {
  readonly format: TimeFormat;
  readonly line: number;
  rows: number;
}

/** A symbol however it is spelt: BTC/USDT, BTC-USDT, btcusdt, XBTUSDT. */
export function symbolKey(symbol: string): string {
  return symbol
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replace(/^XBT/, 'BTC');
}

/** How many stretches of time formats are told apart; a file of more is no series. */
const MOST_RUNS = 100_000;
/** A step between two bars that no market makes and a misread decimal mark does. */
const LARGEST_STEP = 8;

/**
 * Reads a table's rows one after the other, as its interpretation says. What can't be a bar is listed and left out;
 * what the interpretation didn't foresee and can't be told any more refuses the file.
 */
export class BarReader {
  readonly formats: FormatRun[] = [];
  readonly spellings = new Set<string>();
  /** Where a price is many times the one before, or a small part of it; the first hundred. */
  readonly leaps: { readonly line: number; readonly factor: number }[] = [];
  repeatedHeaders = 0;
  /** Rows of other symbols, and bars that the file itself marks as not over. */
  otherSymbols = 0;
  unfinished = 0;
  readonly #how: Interpretation;
  readonly #nowMs: number;
  readonly #name: string;
  readonly #problems: Problems;
  readonly #wanted: string | null;
  readonly #bar: ReadBar;
  readonly #formats: readonly TimeFormat[];
  #key: string | null;
  #format: TimeFormat;
  #swapped = false;
  #lastUtcMs = Number.NaN;
  #lastClose = Number.NaN;

  /** `wanted` picks one symbol out of several; null takes the one that the file holds. */
  constructor(how: Interpretation, name: string, nowMs: number, problems: Problems, wanted: string | null) {
    this.#how = how;
    this.#name = name;
    this.#nowMs = nowMs;
    this.#problems = problems;
    this.#wanted = wanted;
    this.#key = wanted;
    this.#format = how.time.format;
    this.#swapped = how.startsSwapped;
    // Day and month are never guessed a second time.
    const rivals = ['day first', 'month first'];
    this.#formats = TIME_FORMATS.filter(
      ({ name }) => name === this.#format.name || !(rivals.includes(name) && rivals.includes(this.#format.name)),
    );
    this.#bar = {
      ...{ line: 0, timeMs: 0, open: 0, high: 0, low: 0, close: 0, volume: 0, trades: Number.NaN, filled: false },
      swapped: null,
    };
  }

  #drop(kind: string, line: number, text: string): null {
    this.#problems.add(kind, { line, text, remedy: 'drop' });
    return null;
  }

  /** The row's bar, valid until the next call; null where the row is none. */
  read(row: Row): ReadBar | null {
    const { sample, mark, time, prices, volumes } = this.#how;
    const { line } = row;
    if (line < sample.firstLine) return null;
    const cells = fitCells(row.cells, sample.width);
    if (cells === null) return this.#drop('cells', line, `has ${row.cells.length} cells instead of ${sample.width}`);
    if (!this.#isWanted(cells, line)) return null;
    if (this.#isHeader(cells, line)) return null;
    const bar = this.#bar;
    bar.line = line;
    const timeMs = this.#timeOf(timeCell(cells, time.time, time.clock), line);
    if (timeMs === null) return null;
    bar.timeMs = timeMs;
    bar.open = parseNumber(cells[prices.open], mark);
    bar.high = parseNumber(cells[prices.high], mark);
    bar.low = parseNumber(cells[prices.low], mark);
    bar.close = parseNumber(cells[prices.close], mark);
    const base = volumes.volume < 0 ? 0 : parseNumber(cells[volumes.volume], mark);
    const quote = volumes.quoteVolume < 0 ? 0 : parseNumber(cells[volumes.quoteVolume], mark);
    bar.trades = volumes.trades < 0 ? Number.NaN : parseNumber(cells[volumes.trades], mark);
    if (
      Number.isNaN(bar.open + bar.high + bar.low + bar.close + base + quote) ||
      (volumes.trades >= 0 && Number.isNaN(bar.trades))
    )
      return this.#notNumber(cells, line);
    const wrong = checkBar(bar.open, bar.high, bar.low, bar.close, volumes.volume < 0 ? quote : base);
    if (wrong !== null) return this.#drop(wrong.replaceAll(/[\d.e+-]+/g, ''), line, wrong);
    if (volumes.trades >= 0 && !(bar.trades >= 0 && Number.isInteger(bar.trades)))
      return this.#drop('trades', line, `trades is ${bar.trades}, not a count`);
    if (quote < 0) return this.#drop('quote volume', line, `quote volume is ${quote}`);
    const volume = this.#volumeOf(base, quote, line);
    if (volume === null) return null;
    bar.volume = volume;
    bar.filled = this.#how.filled >= 0 && parseNumber(cells[this.#how.filled], mark) === 1;
    this.#checkStep(cells, line);
    if (this.#how.closed >= 0 && /^\s*(0|false)\s*$/i.test(cells[this.#how.closed])) {
      this.unfinished++;
      return null;
    }
    return bar;
  }

  #isWanted(cells: readonly string[], line: number): boolean {
    const { symbol } = this.#how;
    if (symbol < 0) return true;
    const text = cells[symbol].trim();
    const key = symbolKey(text);
    if (this.#wanted !== null && key !== this.#wanted) {
      this.otherSymbols++;
      return false;
    }
    this.#key ??= key;
    if (key !== this.#key)
      throw new InputError(
        `${this.#name} holds several symbols (${[...this.spellings].slice(0, 3).join(', ')} and, in line ${line}, ${text}); choose one with --symbol ${text}`,
      );
    this.spellings.add(text);
    return true;
  }

  /** A header in the midst of the data, where files were put together: the same again is fine. */
  #isHeader(cells: readonly string[], line: number): boolean {
    const { sample, prices } = this.#how;
    // A number can't be one, and nearly all are.
    const first = cells[prices.open].charCodeAt(0);
    if (!sample.hasHeader || (first >= 48 && first <= 57)) return false;
    const names = cells.map(nameOf);
    if (PRICES.some((price) => !names.includes(sample.names[prices[price]]))) return false;
    if (names.some((name, at) => name !== sample.names[at]))
      throw new InputError(
        `${this.#name}: line ${line}: another header begins, with the columns in another order; split the file there and import each part`,
      );
    this.repeatedHeaders++;
    return true;
  }

  #timeOf(cell: string, line: number): number | null {
    let ms = this.#format.parse(cell);
    if (!isPlausible(ms, this.#nowMs)) {
      const readings = this.#formats.filter((format) => isPlausible(format.parse(cell), this.#nowMs));
      const different = new Set(readings.map((format) => format.parse(cell)));
      if (different.size !== 1) {
        if (ms > this.#nowMs)
          return this.#drop('future', line, `${new Date(Math.min(ms, 8e15)).toISOString()} lies in the future`);
        return this.#drop('time', line, `'${cell}' is not a time from 2009 to now`);
      }
      this.#format = readings[0];
      ms = this.#format.parse(cell);
    }
    const run = this.formats[this.formats.length - 1];
    if (run?.format === this.#format) run.rows++;
    else if (this.formats.length < MOST_RUNS) this.formats.push({ format: this.#format, line, rows: 1 });
    const { zone, newestFirst } = this.#how;
    if (zone === null || isEpoch(this.#format) || namesZone(cell)) return ms;
    const moments = utcOf(ms, zone);
    if (moments.length === 0)
      return this.#drop('no such hour', line, `'${cell}' doesn't exist in ${zone.name}: clocks skip it`);
    // Of an hour that comes twice, the one that goes on from the row before.
    const next = newestFirst
      ? (moments.findLast((utc) => !(utc >= this.#lastUtcMs)) ?? moments[0])
      : (moments.find((utc) => !(utc <= this.#lastUtcMs)) ?? moments[moments.length - 1]);
    this.#lastUtcMs = next;
    return next;
  }

  #notNumber(cells: readonly string[], line: number): null {
    const { mark, prices, volumes } = this.#how;
    const columns = [...Object.values(prices), volumes.volume, volumes.quoteVolume, volumes.trades].filter(
      (at) => at >= 0,
    );
    const at = columns.find((one) => Number.isNaN(parseNumber(cells[one], mark)))!;
    const other = DECIMAL_MARKS.find((one) => one !== mark)!;
    const hint = Number.isNaN(parseNumber(cells[at], other))
      ? ''
      : ` with a decimal ${mark === '.' ? 'point' : 'comma'}`;
    return this.#drop('number', line, `'${cells[at].slice(0, 40)}' in column ${at + 1} is not a number${hint}`);
  }

  /** The volume in base currency; sets whether the columns are swapped. Null where they contradict the prices. */
  #volumeOf(base: number, quote: number, line: number): number | null {
    const { volumes, halves } = this.#how;
    const bar = this.#bar;
    bar.swapped = null;
    if (volumes.quoteVolume < 0) return base;
    if (volumes.volume < 0) return (4 * quote) / (bar.open + bar.high + bar.low + bar.close);
    const named = fitsQuote(base, quote, bar.low, bar.high, halves[0], halves[1]);
    const swapped = fitsQuote(quote, base, bar.low, bar.high, halves[1], halves[0]);
    if (!named && !swapped)
      return this.#drop('volumes', line, `volume ${base} and quote volume ${quote} disagree with the price`);
    // Prices near 1 and bars without trades don't tell; they follow the row before.
    if (named !== swapped) {
      this.#swapped = swapped;
      bar.swapped = swapped;
    }
    return this.#swapped ? quote : base;
  }

  /** A step by a factor of eight that the other decimal mark would not make: the file changes its number format. */
  #checkStep(cells: readonly string[], line: number): void {
    const { mark, prices } = this.#how;
    const { open, high, low, close, line: at } = this.#bar;
    const step = open / this.#lastClose;
    const factor = [step, high / open, low / open].find((one) => one > LARGEST_STEP || one < 1 / LARGEST_STEP);
    if (factor !== undefined && this.leaps.length < 100) this.leaps.push({ line: at, factor });
    if (step > LARGEST_STEP || step < 1 / LARGEST_STEP) {
      const other = parseNumber(cells[prices.open], DECIMAL_MARKS.find((one) => one !== mark)!);
      if (other !== open && other < 2 * this.#lastClose && 2 * other > this.#lastClose)
        throw new InputError(
          `${this.#name}: line ${line}: '${cells[prices.open].trim()}' would be ${open} as in the rows before, but ${other} fits their prices; the file writes numbers in two ways, give them all one decimal mark`,
        );
    }
    this.#lastClose = close;
  }
}

export function isEpoch({ name }: TimeFormat): boolean {
  return name.endsWith('seconds');
}
