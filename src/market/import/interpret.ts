/**
 * What the columns, numbers and times of a table mean. Each guess is made from the names and tested on the values of a
 * long sample; what can be read in two ways is refused, with both readings and the flag that decides.
 */
import { InputError } from '../../core/errors.ts';
import { DAY_MS } from '../calendar.ts';
import { findMark } from './find-mark.ts';
import { findPrices, type PriceColumns, spellColumns, type Values } from './find-prices.ts';
import { type Found, findTime, type TimeColumn, timeCell } from './find-time.ts';
import { findVolumes, fitsQuote, type VolumeColumns } from './find-volumes.ts';
import { columnsNamed, PRICES, ROLES, type Role } from './names.ts';
import { type DecimalMark, parseNumber, roundingOf } from './numbers.ts';
import type { Table } from './rows.ts';
import { type Sample, takeSample } from './sample.ts';
import { type TimeZone, timeZone } from './zone.ts';

/** What a user may say about a file where its values don't. */
export interface FormatOptions {
  /** Milliseconds now: what lies after it is no candle. */
  readonly nowMs: number;
  readonly decimal?: DecimalMark | undefined;
  /** What each column holds, from the first on: a role, or `-`. */
  readonly columns?: readonly string[] | undefined;
  /** A name out of TIME_FORMATS. */
  readonly timeFormat?: string | undefined;
  /** Zone of written times that name none; default UTC. */
  readonly timeZone?: string | undefined;
  /** When days begin, in ms after midnight UTC; default 0. Shorter bars stand on a grid from then on. */
  readonly dayStartMs?: number | undefined;
  /** Currency of the one volume that the file has. */
  readonly volume?: 'base' | 'quote' | undefined;
}

export interface Interpretation {
  readonly sample: Sample;
  readonly mark: DecimalMark;
  readonly time: TimeColumn;
  readonly prices: PriceColumns;
  readonly volumes: VolumeColumns;
  /** Half of the last decimals of volume and quote volume. */
  readonly halves: readonly [number, number];
  /** Whether the volume columns are swapped in the first row that tells. */
  readonly startsSwapped: boolean;
  readonly symbol: number;
  /** The symbol that stands in the header, as yfinance writes it; null where none does. */
  readonly headerSymbol: string | null;
  /** A column that says whether the bar has ended; -1 where there is none. */
  readonly closed: number;
  readonly filled: number;
  readonly newestFirst: boolean;
  readonly zone: TimeZone | null;
  readonly notes: readonly string[];
}

/** @throws InputError with everything that can't be told, in one line. */
export function interpret(
  table: Table,
  options: FormatOptions & { readonly symbol?: string | undefined },
): Interpretation {
  const sample = takeSample(table);
  const issues: string[] = [];
  const notes: string[] = [];
  const settle = <T>(found: Found<T>): T | null => {
    issues.push(...found.issues);
    if (found.issues.length === 0) notes.push(...found.notes);
    return found.value;
  };
  const given = readColumns(options.columns, sample, table.name);
  const at = (role: Role): number => given?.get(role) ?? -1;
  const zone = options.timeZone === undefined ? null : timeZone(options.timeZone);
  if (options.timeZone !== undefined && zone === null)
    issues.push(`'${options.timeZone}' is no time zone; write +02:00 or Europe/Berlin`);

  const time = settle(findTime(sample, options, given === null ? null : { time: at('time'), clock: at('clock') }));
  const marked = (role: 'symbol' | 'closed' | 'filled') =>
    given === null ? (columnsNamed(role, sample.names)[0] ?? -1) : at(role);
  const symbol = marked('symbol');
  const filled = marked('filled');
  const timeColumns = columnsNamed('time', sample.names);
  const notPrices = [...(time === null ? timeColumns : [time.time, time.clock]), symbol, filled].filter(
    (one) => one >= 0,
  );

  const order = orderByTime(sample, time);
  const readings = new Map<DecimalMark, Values>();
  const valuesOf = (mark: DecimalMark): Values => {
    const known = readings.get(mark) ?? readValues(sample, order, mark);
    readings.set(mark, known);
    return known;
  };
  const spell = (prices: PriceColumns) =>
    spellColumns(sample, time?.time ?? -1, prices, lastAmount(sample, prices, notPrices));
  const pricesOf = (values: Values): Found<PriceColumns> =>
    given === null
      ? findPrices(sample, values, notPrices, spell)
      : { value: { open: at('open'), high: at('high'), low: at('low'), close: at('close') }, notes: [], issues: [] };

  const mark =
    options.decimal ??
    settle(
      findMark(sample, table.delimiter(), notPrices, (one) => ({
        values: valuesOf(one),
        prices: pricesOf(valuesOf(one)).value,
      })),
    );
  const values = valuesOf(mark ?? '.');
  const prices = mark === null ? null : settle(pricesOf(values));
  const rounding = new Map<number, number>([[-1, 0]]);
  const half = (column: number): number => {
    const known =
      rounding.get(column) ??
      roundingOf(
        sample.rows.map(({ cells }) => cells[column]),
        mark ?? '.',
      );
    rounding.set(column, known);
    return known;
  };
  const headerSymbols = findHeaderSymbols(sample);
  const headerSymbol = headerSymbols[0] ?? null;
  if (headerSymbols.length > 1)
    issues.push(
      `the columns belong to ${headerSymbols.length} symbols (${headerSymbols.slice(0, 3).join(', ')}); export one at a time`,
    );
  const closed = given === null ? findClosed(sample, prices, notPrices, order) : at('closed');
  let volumes: VolumeColumns | null = null;
  if (prices !== null)
    volumes =
      given !== null
        ? givenVolumes(at, options.volume, notes)
        : settle(
            findVolumes(sample, values, [...notPrices, closed, ...PRICES.map((price) => prices[price])], {
              ...{ prices, half, unit: options.volume, timeframeMs: typicalStep(sample, time) },
              spell: (volume, quote) => spellColumns(sample, time?.time ?? -1, prices, volume, quote),
              symbols: [options.symbol, headerSymbol, symbol < 0 ? null : sample.rows[0].cells[symbol]]
                .filter((one) => typeof one === 'string')
                .map((one) => one.trim()),
            }),
          );
  if (issues.length > 0 || time === null || prices === null || volumes === null || mark === null)
    throw new InputError(
      `${table.name}: ${issues.length > 1 ? `${issues.length} problems: ` : ''}${issues.join('; ')}`,
    );
  if (sample.banner) notes.push(`what stands above line ${sample.firstLine} is no data and left out`);
  const halves = [half(volumes.volume), half(volumes.quoteVolume)] as const;
  return {
    startsSwapped: startsSwapped(sample, mark, prices, volumes, halves),
    ...{ sample, mark, time, prices, volumes, symbol, headerSymbol, closed, filled, zone, notes },
    halves,
    newestFirst: order.length > 1 && order[0] > order[order.length - 1],
  };
}

function startsSwapped(
  sample: Sample,
  mark: DecimalMark,
  prices: PriceColumns,
  { volume, quoteVolume }: VolumeColumns,
  [half, quoteHalf]: readonly [number, number],
): boolean {
  if (volume < 0 || quoteVolume < 0) return false;
  for (const { cells } of sample.rows) {
    const [v, q, low, high] = [volume, quoteVolume, prices.low, prices.high].map((at) => parseNumber(cells[at], mark));
    const named = fitsQuote(v, q, low, high, half, quoteHalf);
    const swapped = fitsQuote(q, v, low, high, quoteHalf, half);
    if (named !== swapped) return swapped;
  }
  return false;
}

function readColumns(columns: readonly string[] | undefined, sample: Sample, name: string): Map<Role, number> | null {
  if (columns === undefined) return null;
  const roles = new Map<Role, number>();
  columns.forEach((word, at) => {
    if (word === '-' || word === '') return;
    if (!(ROLES as readonly string[]).includes(word))
      throw new InputError(`--columns: '${word}' is none of ${ROLES.join(', ')} and - (for a column that is left out)`);
    if (roles.has(word as Role)) throw new InputError(`--columns names ${word} twice; name it once`);
    roles.set(word as Role, at);
  });
  const missing = ['time', ...PRICES].filter((role) => !roles.has(role as Role));
  if (!roles.has('volume') && !roles.has('quote_volume')) missing.push('volume');
  if (missing.length > 0) throw new InputError(`--columns names no ${missing.join(', ')}; a candle needs each`);
  if (columns.length > sample.width)
    throw new InputError(`--columns names ${columns.length} columns, ${name} has ${sample.width}; name those`);
  return roles;
}

function givenVolumes(at: (role: Role) => number, unit: 'base' | 'quote' | undefined, notes: string[]): VolumeColumns {
  const [volume, quoteVolume, trades] = [at('volume'), at('quote_volume'), at('trades')];
  if (volume >= 0 && !(unit === 'quote' && quoteVolume < 0)) return { volume, quoteVolume, trades };
  notes.push('the volume is in quote currency; divided by the mean of open, high, low and close to get base volume');
  return { volume: -1, quoteVolume: Math.max(volume, quoteVolume), trades };
}

/** Row numbers of the sample, oldest first; in the file's order where there are no times. */
function orderByTime(sample: Sample, time: TimeColumn | null): number[] {
  const order = sample.rows.map((_, i) => i);
  if (time === null) return order;
  const times = sample.rows.map(({ cells }) => time.format.parse(timeCell(cells, time.time, time.clock)));
  const [first, last] = [times.find((ms) => !Number.isNaN(ms)), times.findLast((ms) => !Number.isNaN(ms))];
  if (first !== undefined && last !== undefined && first > last) order.reverse();
  return order;
}

function typicalStep(sample: Sample, time: TimeColumn | null): number {
  if (time === null) return DAY_MS;
  const times = sample.rows.slice(0, 500).map(({ cells }) => time.format.parse(timeCell(cells, time.time, time.clock)));
  const steps = times
    .slice(1)
    .map((ms, i) => Math.abs(ms - times[i]))
    .filter((step) => step > 0);
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? DAY_MS;
}

function readValues(sample: Sample, order: readonly number[], mark: DecimalMark): Values {
  const columns = new Map<number, Float64Array>();
  return {
    length: order.length,
    column(at) {
      let column = columns.get(at);
      if (column === undefined) {
        column = Float64Array.from(order, (row) => parseNumber(sample.rows[row].cells[at], mark));
        columns.set(at, column);
      }
      return column;
    },
  };
}

/** The first column behind the prices that no other role has, for spelling `--columns`. */
function lastAmount(sample: Sample, prices: PriceColumns, taken: readonly number[]): number {
  const used = new Set([...taken, ...PRICES.map((price) => prices[price])]);
  return sample.titles.findIndex((_, at) => !used.has(at));
}

/** A column of ones, but for the newest bar's: OKX's `confirm`. */
function findClosed(
  sample: Sample,
  prices: PriceColumns | null,
  taken: readonly number[],
  order: readonly number[],
): number {
  const [named] = columnsNamed('closed', sample.names);
  const isFlag = (at: number) =>
    sample.rows.filter(({ cells }, i) => i === order[order.length - 1] || /^\s*(1|true)\s*$/i.test(cells[at]))
      .length === sample.rows.length &&
    /^\s*([01]|true|false)\s*$/i.test(sample.rows[order[order.length - 1]].cells[at]);
  if (named !== undefined)
    return sample.rows.every(({ cells }) => /^\s*([01]|true|false)\s*$/i.test(cells[named])) ? named : -1;
  if (sample.hasHeader || sample.rows.length < 8) return -1;
  const used = [...taken, ...(prices === null ? [] : PRICES.map((price) => prices[price]))];
  return sample.titles.findIndex((_, at) => !used.includes(at) && isFlag(at));
}

/** The tickers under yfinance's column names. */
function findHeaderSymbols(sample: Sample): string[] {
  const row = sample.headerCells.find((cells, i) => i > 0 && /^\s*ticker\s*$/i.test(cells[0]));
  return [...new Set((row ?? []).slice(1).map((cell) => cell.trim()))].filter((cell) => cell !== '');
}
