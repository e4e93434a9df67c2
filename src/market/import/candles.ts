/**
 * A file of candles as people have it, understood as a whole or refused. A first pass finds out what its columns,
 * numbers and times mean and lists whatever is wrong, with its line; a second one hands out the bars. A policy decides
 * what happens to what is wrong. Gaps stay gaps.
 */
import { InputError } from '../../core/errors.ts';
import { requireMarketName } from '../../core/symbol.ts';
import { sinceOpenMs } from '../calendar.ts';
import type { Gap } from '../check.ts';
import type { SeriesKey } from '../series.ts';
import { BarReader, symbolKey } from './bar-reader.ts';
import { checkCopies, checkRepetitions } from './between-rows.ts';
import { describeFormats, describeVolumes } from './changes.ts';
import { findGrid, findTimeframe, refuseOtherLengths } from './grid.ts';
import { type FormatOptions, type Interpretation, interpret } from './interpret.ts';
import { type Problem, Problems } from './problems.ts';
import type { Table } from './rows.ts';
import { rowAt, survey } from './survey.ts';

/**
 * `refuse`: anything wrong refuses the file. `drop`: impossible rows become gaps, and rows in another order or time
 * format are put right. `fill`: as `drop`, then missing bars become flat ones, marked as filled.
 */
export type ImportPolicy = 'refuse' | 'drop' | 'fill';
export const IMPORT_POLICIES: readonly ImportPolicy[] = ['refuse', 'drop', 'fill'];

export interface ImportOptions extends FormatOptions {
  readonly venue: string;
  /** Needed where the file has no symbol column; chooses one where it holds several. */
  readonly symbol?: string | undefined;
  /** Found out from the times where it isn't given. */
  readonly timeframeMs?: number | undefined;
  /** Default 'refuse'. */
  readonly policy?: ImportPolicy | undefined;
  /** Longest gap that 'fill' fills, in bars; default 24. */
  readonly longestFill?: number | undefined;
  /** Called now and then with the number of rows read so far, over both passes. */
  readonly onRows?: (rows: number) => void;
}

/** One bar as it is stored; the same object for every bar of a pass. */
export interface ImportedBar {
  timeMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  /** In base currency. */
  volume: number;
  /** NaN where the file has none. */
  trades: number;
  filled: boolean;
}

/** A file that was looked at as a whole; nothing is written yet. */
export interface CandleFile extends SeriesKey {
  readonly name: string;
  readonly bars: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly trades: boolean;
  /** By line; at most the first thousand. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** All problems in one line of text. */
  readonly summary: string;
  /** What was found out, noticed and is no fault, in words. */
  readonly notes: readonly string[];
  /** Missing bars, after any filling. */
  readonly gaps: readonly Gap[];
  readonly filled: number;
  readonly policy: ImportPolicy;
  /** The bars in the file's order, each time once. */
  read(): Generator<ImportedBar>;
}

/**
 * Understands a whole table without writing anything. With the policy 'refuse' problems are returned, not thrown, so
 * that a caller can show them all; `requireClean` throws.
 * @throws InputError where no series can be made of it, or more than one.
 */
export function inspectCandles(table: Table, options: ImportOptions): CandleFile {
  const { name } = table;
  const { nowMs, policy = 'refuse', onRows = () => {} } = options;
  const how = interpret(table, options);
  const problems = new Problems();
  const notes = [...how.notes];
  const { wanted, symbol } = chooseSymbol(how, options, name);
  const seen = survey(table, how, new BarReader(how, name, nowMs, problems, wanted), problems, onRows);
  if (seen.reader.spellings.size > 1) notes.push(`the symbol is spelt ${[...seen.reader.spellings].join(' and ')}`);
  if (seen.reader.repeatedHeaders > 0) notes.push(`the header comes ${seen.reader.repeatedHeaders + 1} times`);
  if (seen.reader.otherSymbols > 0) notes.push(`${seen.reader.otherSymbols} rows of other symbols are left out`);
  if (seen.newestFirst) notes.push('the file is newest first');
  describeFormats(seen, problems, notes);
  const [leap] = seen.reader.leaps;
  if (leap !== undefined)
    notes.push(
      `line ${leap.line}: the price is ${leap.factor.toPrecision(2)} times the one before${seen.reader.leaps.length > 1 ? `, and ${seen.reader.leaps.length - 1} more such leaps` : ''}; look whether that is so`,
    );
  const doubtful = describeVolumes(seen, problems, notes);

  const { dropped, repeated } = checkRepetitions(seen, how, name, problems, notes);
  const timeframeMs = options.timeframeMs ?? findTimeframe(seen, name, problems);
  const grid = findGrid(seen, how, { timeframeMs, dayStartMs: options.dayStartMs ?? 0 }, name, problems, notes);
  refuseOtherLengths(seen, timeframeMs, name);
  checkCopies(seen, timeframeMs, dropped, problems);
  for (const timeMs of doubtful) dropped.add(timeMs);

  // What is left, oldest first, as opens of bars in ms.
  const longest = policy === 'fill' ? (options.longestFill ?? 24) : 0;
  const gaps: Gap[] = [];
  const fills = new Map<number, number>();
  let [kept, filled, fromMs, toMs] = [0, 0, Number.NaN, Number.NaN];
  let unclosed = seen.reader.unfinished;
  for (let i = 0; i < seen.times.length; i++) {
    const fileMs = seen.times.get(rowAt(seen, i));
    const timeMs = fileMs + grid.shiftMs;
    if (dropped.has(fileMs) || sinceOpenMs(timeMs, timeframeMs, grid.offsetMs) !== 0 || timeMs === toMs) continue;
    if (timeMs + timeframeMs > nowMs) {
      unclosed++;
      continue;
    }
    const missing = kept === 0 ? 0 : (timeMs - toMs) / timeframeMs - 1;
    if (missing > longest) gaps.push({ fromMs: toMs + timeframeMs, toMs: timeMs, bars: missing });
    else if (missing > 0) {
      fills.set(toMs, missing);
      filled += missing;
    }
    if (kept++ === 0) fromMs = timeMs;
    toMs = timeMs;
  }
  if (unclosed > 0)
    notes.push(`${unclosed === 1 ? 'the last bar has' : `${unclosed} bars have`} not closed yet; left out`);
  const { rows } = seen;
  if (2 * kept < rows - unclosed - seen.reader.repeatedHeaders)
    throw new InputError(`${name}: more than half of the rows are unusable: ${problems.describe()}; check the file`);
  if (kept === 0) throw new InputError(`${name}: no bar has closed yet; import it later`);
  const bars = kept + filled;
  const closedBefore = nowMs - timeframeMs;
  return {
    ...{ name, venue: options.venue, symbol, timeframeMs, bars, fromMs, toMs },
    ...{ trades: how.volumes.trades >= 0, problems: problems.list(), problemCount: problems.count },
    ...{ summary: problems.describe(), notes, gaps, filled, policy },
    *read() {
      const reader = new BarReader(how, name, nowMs, new Problems(), wanted);
      const done = new Set<number>();
      let [read, given] = [0, 0];
      const out: ImportedBar = { timeMs: 0, open: 0, high: 0, low: 0, close: 0, volume: 0, trades: 0, filled: false };
      for (const row of table.rows()) {
        if (++read % 100_000 === 0) onRows(rows + read);
        const bar = reader.read(row);
        if (bar === null || dropped.has(bar.timeMs)) continue;
        const timeMs = bar.timeMs + grid.shiftMs;
        if (sinceOpenMs(timeMs, timeframeMs, grid.offsetMs) !== 0 || timeMs > closedBefore) continue;
        if (repeated.has(bar.timeMs)) {
          if (done.has(timeMs)) continue;
          done.add(timeMs);
        }
        const { open, high, low, close, volume, trades } = bar;
        Object.assign(out, { timeMs, open, high, low, close, volume, trades, filled: bar.filled });
        yield out;
        given++;
        const missing = fills.get(timeMs) ?? 0;
        for (let i = 1; i <= missing; i++) {
          const flat = { open: close, high: close, low: close, close, volume: 0, trades: 0, filled: true };
          yield Object.assign(out, flat, { timeMs: timeMs + i * timeframeMs });
          given++;
        }
      }
      if (given !== bars) throw new InputError(`${name} changed while it was read; import it again`);
    },
  };
}

/** @throws InputError, in one line, where the policy is 'refuse' and anything is wrong. */
export function requireClean({ name, policy, problemCount, summary }: CandleFile): void {
  if (problemCount > 0 && policy === 'refuse')
    throw new InputError(`${name}: ${summary}; mend the file, or import it with --policy drop`);
}

/** The symbol's name, and the one to take out of several; null where there is one alone. */
function chooseSymbol(how: Interpretation, options: ImportOptions, name: string) {
  const { symbol: at, sample, headerSymbol } = how;
  const inside = new Map<string, string>();
  if (at >= 0)
    for (const { cells } of sample.rows)
      if (!inside.has(symbolKey(cells[at]))) inside.set(symbolKey(cells[at]), cells[at].trim());
  const symbol = options.symbol ?? [...inside.values()][0] ?? headerSymbol ?? '';
  if (symbol === '') throw new InputError(`${name} doesn't name its symbol; add --symbol, such as --symbol BTC/USDT`);
  const key = symbolKey(symbol);
  if (inside.size > 1 && (options.symbol === undefined || !inside.has(key)))
    throw new InputError(
      `${name} holds ${inside.size} symbols (${[...inside.values()].slice(0, 4).join(', ')}); choose one of them with --symbol`,
    );
  requireMarketName(symbol, name);
  return { symbol, wanted: inside.has(key) && options.symbol !== undefined ? key : null };
}
