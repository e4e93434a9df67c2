/**
 * A file of candles as people have it, understood as a whole or refused. Whatever is wrong is listed with its line;
 * a policy decides what happens then. Gaps stay gaps.
 */
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { requireMarketName } from '../core/symbol.ts';
import { checkBar, findGaps, type Gap } from './check.ts';
import { type CandleColumns, findColumns } from './csv-columns.ts';
import { type CsvRow, parseCell, readCsv } from './csv-rows.ts';
import { parseCsvTime, type TimeFormat } from './csv-time.ts';
import { judgeVolumes, roundingOf } from './csv-volumes.ts';
import { allocateSeries } from './series.ts';

/**
 * `refuse`: anything wrong refuses the file. `drop`: impossible rows become gaps, and rows in another order or time
 * format are put right. `fill`: as `drop`, then missing bars become flat ones, marked as filled.
 */
export type ImportPolicy = 'refuse' | 'drop' | 'fill';
export const IMPORT_POLICIES: readonly ImportPolicy[] = ['refuse', 'drop', 'fill'];

export interface CsvImportOptions {
  /** How messages call the file. */
  readonly name: string;
  readonly venue: string;
  /** Needed where the file has no symbol column. */
  readonly symbol?: string;
  /** Found out from the times where it isn't given. */
  readonly timeframeMs?: number;
  /** Default 'refuse'. */
  readonly policy?: ImportPolicy;
  /** Longest gap that 'fill' fills, in bars; default 24. */
  readonly longestFill?: number;
}

/** Something wrong, and where: line 0 concerns the whole file. */
export interface Problem {
  readonly line: number;
  readonly text: string;
  /** What `drop` and `fill` do: leave the row out, or put it right. */
  readonly remedy: 'drop' | 'mend';
}

export interface CsvImport {
  readonly series: CandleSeries;
  readonly problems: readonly Problem[];
  /** What was noticed and is no fault, in words. */
  readonly notes: readonly string[];
  /** Missing bars, after any filling. */
  readonly gaps: readonly Gap[];
  readonly filled: number;
}

/** A row that made sense. */
interface Bar {
  readonly line: number;
  readonly timeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  volume: number;
  quoteVolume: number;
  readonly trades: number;
  readonly filled: boolean;
}

/** How many lines a message names before it counts the rest. */
const NAMED_PROBLEMS = 3;

/**
 * Understands a whole file without writing anything. With the policy 'refuse' problems are returned, not thrown, so
 * that a caller can show them all; `requireClean` throws.
 * @throws InputError where no series can be made of it.
 */
export function readCandleCsv(bytes: Uint8Array, options: CsvImportOptions): CsvImport {
  const { name } = options;
  const { rows, delimiter } = readCsv(bytes, name);
  const columns = findColumns(rows, name);
  const problems: Problem[] = [];
  const notes: string[] = [];
  const symbol = findSymbol(rows, columns, options);

  const bars = readBars(rows, columns, delimiter === ';', problems);
  if (bars.length === 0) throw new InputError(`${name}: no row could be read${listProblems(problems)}; check the file`);
  const ordered = sortBars(bars, problems, notes);
  const unique = mergeDuplicates(ordered, problems, notes);
  const timeframeMs = options.timeframeMs ?? findTimeframe(unique, name);
  const onGrid = dropCopies(dropOffGrid(unique, timeframeMs, name, problems), timeframeMs, problems);
  const sound = columns.quoteVolume >= 0 ? settleVolumes(onGrid, rows, columns, name, problems, notes) : onGrid;
  if (2 * sound.length < rows.length - columns.firstRow)
    throw new InputError(`${name}: more than half of the rows are unusable${listProblems(problems)}; check the file`);

  const wanted = options.policy === 'fill' ? fillGaps(sound, timeframeMs, options.longestFill ?? 24) : sound;
  const series = toSeries(wanted, { venue: options.venue, symbol, timeframeMs }, columns.trades >= 0);
  problems.sort((a, b) => a.line - b.line);
  return { series, problems, notes, gaps: findGaps(series.timeMs, timeframeMs), filled: wanted.length - sound.length };
}

/** @throws InputError, in one line, where the policy is 'refuse' and anything is wrong. */
export function requireClean(result: CsvImport, options: CsvImportOptions): void {
  if (result.problems.length === 0 || (options.policy ?? 'refuse') !== 'refuse') return;
  const count = result.problems.length === 1 ? '1 problem' : `${result.problems.length} problems`;
  throw new InputError(
    `${options.name}: ${count}${listProblems(result.problems)}; mend the file, or import it with --policy drop`,
  );
}

function listProblems(problems: readonly Problem[]): string {
  if (problems.length === 0) return '';
  const named = problems.slice(0, NAMED_PROBLEMS).map(({ line, text }) => (line > 0 ? `line ${line}: ${text}` : text));
  const rest = problems.length - named.length;
  return `: ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}

function findSymbol(rows: readonly CsvRow[], columns: CandleColumns, options: CsvImportOptions): string {
  const found = new Set<string>();
  if (columns.symbol >= 0) for (const row of rows.slice(columns.firstRow)) found.add(row.cells[columns.symbol] ?? '');
  found.delete('');
  if (found.size > 1)
    throw new InputError(
      `${options.name} holds ${found.size} symbols (${[...found].slice(0, 4).join(', ')}); split it into one file each`,
    );
  const symbol = options.symbol ?? [...found][0];
  if (symbol === undefined)
    throw new InputError(`${options.name} doesn't name its symbol; add --symbol, such as --symbol BTC/USDT`);
  return requireMarketName(symbol, options.name);
}

/** Rows to bars; what can't be one is listed and left out. */
function readBars(rows: readonly CsvRow[], columns: CandleColumns, decimalComma: boolean, problems: Problem[]): Bar[] {
  const formats = new Map<TimeFormat, number>();
  const read: { bar: Bar; format: TimeFormat }[] = [];
  const { trades: tradesAt, quoteVolume: quoteAt } = columns;
  for (const { line, cells } of rows.slice(columns.firstRow)) {
    const drop = (text: string) => problems.push({ line, text, remedy: 'drop' });
    if (cells.length !== columns.count) {
      drop(`has ${cells.length} cells instead of ${columns.count}`);
      continue;
    }
    const timeCell = columns.clock < 0 ? cells[columns.time] : `${cells[columns.time]} ${cells[columns.clock]}`;
    const time = parseCsvTime(timeCell);
    if (time === null) {
      drop(`'${timeCell}' is not a time`);
      continue;
    }
    const number = (at: number) => parseCell(cells[at], decimalComma);
    const [open, high, low, close] = [columns.open, columns.high, columns.low, columns.close].map(number);
    const volume = number(columns.volume);
    const bad = [columns.open, columns.high, columns.low, columns.close, columns.volume]
      .concat(tradesAt >= 0 ? [tradesAt] : [], quoteAt >= 0 ? [quoteAt] : [])
      .find((at) => Number.isNaN(number(at)));
    if (bad !== undefined) {
      drop(`'${cells[bad]}' in column ${bad + 1} is not a number`);
      continue;
    }
    const trades = tradesAt < 0 ? Number.NaN : number(tradesAt);
    const quoteVolume = quoteAt < 0 ? Number.NaN : number(quoteAt);
    const wrong = checkBar(open, high, low, close, volume) ?? checkCounts(trades, quoteVolume);
    if (wrong !== null) {
      drop(wrong);
      continue;
    }
    const filled = columns.filled >= 0 && number(columns.filled) === 1;
    const bar = { line, timeMs: time.timeMs, open, high, low, close, volume, quoteVolume, trades, filled };
    formats.set(time.format, (formats.get(time.format) ?? 0) + 1);
    read.push({ bar, format: time.format });
  }
  const [usual] = [...formats].sort((a, b) => b[1] - a[1]).map(([format]) => format);
  for (const { bar, format } of read)
    if (format !== usual)
      problems.push({ line: bar.line, text: `its time is written as ${format}, most are ${usual}`, remedy: 'mend' });
  return read.map(({ bar }) => bar);
}

function checkCounts(trades: number, quoteVolume: number): string | null {
  if (trades < 0 || (!Number.isNaN(trades) && !Number.isInteger(trades))) return `trades is ${trades}, not a count`;
  return quoteVolume < 0 ? `quote volume is ${quoteVolume}` : null;
}

/** Oldest first. A file that is newest first throughout is fine; a row against the file's own direction is not. */
function sortBars(bars: readonly Bar[], problems: Problem[], notes: string[]): Bar[] {
  let forward = 0;
  let backward = 0;
  for (let i = 1; i < bars.length; i++) {
    if (bars[i].timeMs > bars[i - 1].timeMs) forward++;
    if (bars[i].timeMs < bars[i - 1].timeMs) backward++;
  }
  const newestFirst = backward > forward;
  if (newestFirst) notes.push('the file is newest first');
  const ordered = newestFirst ? bars.toReversed() : [...bars];
  let latest = Number.NEGATIVE_INFINITY;
  for (const bar of ordered) {
    if (bar.timeMs < latest) problems.push({ line: bar.line, text: 'its time is out of order', remedy: 'mend' });
    latest = Math.max(latest, bar.timeMs);
  }
  return ordered.sort((a, b) => a.timeMs - b.timeMs);
}

/** Equal rows of one time are one; rows that disagree are all dropped, for nobody knows which is right. */
function mergeDuplicates(bars: readonly Bar[], problems: Problem[], notes: string[]): Bar[] {
  const unique: Bar[] = [];
  let repeated = 0;
  for (let from = 0; from < bars.length; ) {
    let to = from + 1;
    while (to < bars.length && bars[to].timeMs === bars[from].timeMs) to++;
    const group = bars.slice(from, to);
    const other = group.find((bar) => !sameValues(bar, group[0]));
    if (other === undefined) {
      unique.push(group[0]);
      repeated += group.length - 1;
    } else {
      const time = new Date(other.timeMs).toISOString();
      const lines = [group[0].line, other.line].sort((a, b) => a - b);
      problems.push({ line: lines[1], text: `disagrees with line ${lines[0]} on ${time}`, remedy: 'drop' });
    }
    from = to;
  }
  if (repeated > 0) notes.push(`${repeated} rows repeat another one word for word`);
  return unique;
}

function sameValues(a: Bar, b: Bar): boolean {
  const pairs = [a.open - b.open, a.high - b.high, a.low - b.low, a.close - b.close, a.volume - b.volume];
  return pairs.every((difference) => difference === 0) && Object.is(a.trades, b.trades);
}

/** The most frequent distance between neighbours, where it is that of most. */
function findTimeframe(bars: readonly Bar[], name: string): number {
  const counts = new Map<number, number>();
  for (let i = 1; i < bars.length; i++) {
    const distance = bars[i].timeMs - bars[i - 1].timeMs;
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  const [usual] = [...counts].sort((a, b) => b[1] - a[1]);
  if (usual === undefined || 2 * usual[1] < bars.length - 1)
    throw new InputError(`${name}: the rows' times have no usual distance; say how long a bar is with --timeframe 1h`);
  if (usual[0] % 1000 !== 0)
    throw new InputError(`${name}: bars of ${usual[0]} ms are no timeframe; say how long a bar is with --timeframe 1h`);
  return usual[0];
}

function dropOffGrid(bars: readonly Bar[], timeframeMs: number, name: string, problems: Problem[]): Bar[] {
  const onGrid = bars.filter((bar) => bar.timeMs % timeframeMs === 0);
  const off = bars.filter((bar) => bar.timeMs % timeframeMs !== 0);
  if (off.length > onGrid.length) {
    const first = off[0];
    throw new InputError(
      `${name}: line ${first.line}: ${new Date(first.timeMs).toISOString()} is no open of a bar of ${timeframeMs / 60_000} min in UTC, nor are ${off.length - 1} other rows; give each bar the time of its open in UTC, or the right --timeframe`,
    );
  }
  for (const bar of off)
    problems.push({ line: bar.line, text: `${new Date(bar.timeMs).toISOString()} is off the grid`, remedy: 'drop' });
  return onGrid;
}

/**
 * Neighbouring bars that hold the very values of other neighbouring bars: an export's clock slipped, and nobody knows
 * which of the two stretches is real. A single repetition may be chance in a market that hardly trades.
 */
function dropCopies(bars: readonly Bar[], timeframeMs: number, problems: Problem[]): Bar[] {
  const seen = new Map<string, Bar>();
  const pairs: { bar: Bar; source: Bar }[] = [];
  for (const bar of bars) {
    if (bar.volume === 0 || bar.high === bar.low) continue;
    const values = `${bar.open},${bar.high},${bar.low},${bar.close},${bar.volume}`;
    const source = seen.get(values);
    if (source === undefined) seen.set(values, bar);
    else pairs.push({ bar, source });
  }
  const follows = (a: (typeof pairs)[0] | undefined, b: (typeof pairs)[0] | undefined): boolean =>
    a !== undefined &&
    b !== undefined &&
    b.bar.timeMs - a.bar.timeMs === timeframeMs &&
    b.source.timeMs - a.source.timeMs === timeframeMs;
  const copies = new Set<Bar>();
  pairs.forEach((pair, i) => {
    if (!follows(pairs[i - 1], pair) && !follows(pair, pairs[i + 1])) return;
    const { bar, source } = pair;
    copies.add(source).add(bar);
    const text = `holds the very values of line ${source.line}, ${new Date(source.timeMs).toISOString()}`;
    problems.push({ line: bar.line, text, remedy: 'drop' });
  });
  return bars.filter((bar) => !copies.has(bar));
}

/** Base and quote volume by their values; swapped columns are put right and said. */
function settleVolumes(
  bars: readonly Bar[],
  rows: readonly CsvRow[],
  columns: CandleColumns,
  name: string,
  problems: Problem[],
  notes: string[],
): Bar[] {
  const cells = (at: number) => rows.slice(columns.firstRow).map((row) => row.cells[at] ?? '');
  const view = bars.map(({ volume, quoteVolume, low, high }) => ({ base: volume, quote: quoteVolume, low, high }));
  const halves = [roundingOf(cells(columns.volume)), roundingOf(cells(columns.quoteVolume))] as const;
  const { wrong, runs } = judgeVolumes(view, ...halves);
  if (runs.length > 2)
    throw new InputError(
      `${name}: line ${bars[runs[2].from].line}: base and quote volume swap back and forth; remove one of the two columns`,
    );
  for (const i of wrong) {
    const { line, volume, quoteVolume } = bars[i];
    problems.push({
      line,
      text: `volume ${volume} and quote volume ${quoteVolume} disagree with the price`,
      remedy: 'drop',
    });
  }
  runs.forEach(({ from, swapped }, k) => {
    if (!swapped) return;
    const start = k === 0 ? 0 : from;
    const end = runs[k + 1]?.from ?? bars.length;
    for (const bar of bars.slice(start, end)) [bar.volume, bar.quoteVolume] = [bar.quoteVolume, bar.volume];
    const date = (i: number) => new Date(bars[i].timeMs).toISOString();
    const span = k === 0 ? (end === bars.length ? 'throughout' : `up to ${date(end)}`) : `from ${date(from)} on`;
    notes.push(`base and quote volume are swapped ${span}; put right`);
  });
  const leave = new Set(wrong);
  return bars.filter((_, i) => !leave.has(i));
}

/** Flat bars at the last close for gaps of up to `longest` bars; longer ones stay gaps. */
function fillGaps(bars: readonly Bar[], timeframeMs: number, longest: number): Bar[] {
  const filled: Bar[] = [];
  for (const bar of bars) {
    const before = filled.at(-1);
    const missing = before === undefined ? 0 : (bar.timeMs - before.timeMs) / timeframeMs - 1;
    if (before !== undefined && missing <= longest) {
      const { close } = before;
      const flat = { line: 0, open: close, high: close, low: close, close, volume: 0, quoteVolume: 0, trades: 0 };
      for (let i = 1; i <= missing; i++)
        filled.push({ ...flat, timeMs: before.timeMs + i * timeframeMs, filled: true });
    }
    filled.push(bar);
  }
  return filled;
}

function toSeries(
  bars: readonly Bar[],
  key: { venue: string; symbol: string; timeframeMs: number },
  trades: boolean,
): CandleSeries {
  const series = allocateSeries(key, bars.length, { trades, trends: false });
  bars.forEach((bar, i) => {
    series.timeMs[i] = bar.timeMs;
    series.open[i] = bar.open;
    series.high[i] = bar.high;
    series.low[i] = bar.low;
    series.close[i] = bar.close;
    series.volume[i] = bar.volume;
    if (series.trades !== null) series.trades[i] = bar.trades;
    series.filled[i] = bar.filled ? 1 : 0;
  });
  return series;
}
