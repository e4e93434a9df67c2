import { DAY_MS } from '../calendar.ts';
import { columnsNamed, isCloseTime } from './names.ts';
import type { Row } from './rows.ts';
import { listTitles, type Sample } from './sample.ts';
import { EARLIEST_MS, isPlausible, roundingMs, TIME_FORMATS, type TimeFormat, timeFormat } from './times.ts';

/** Where the times stand, and how they are written. */
export interface TimeColumn {
  readonly time: number;
  /** A second column that completes the time, as in `Date,Time`; -1 where `time` is whole. */
  readonly clock: number;
  readonly format: TimeFormat;
  /** Why the column holds the ends of bars, in words; null where it holds their opens. */
  readonly ends: string | null;
}

export interface Found<T> {
  readonly value: T | null;
  readonly notes: readonly string[];
  /** Why nothing was found, and how to mend it. */
  readonly issues: readonly string[];
}

export function timeCell(cells: readonly string[], time: number, clock: number): string {
  return clock < 0 ? cells[time] : `${cells[time].trim()} ${cells[clock].trim()}`;
}

/** Rows that are looked at closely: enough to tell formats apart. */
function spread(rows: readonly Row[], count: number): Row[] {
  const step = Math.max(1, Math.floor(rows.length / count));
  return rows.filter((_, i) => i % step === 0);
}

const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Missing bars for each that is there, were the times of `format`: 0 for a series without gaps. */
function holes(times: readonly number[]): number {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const steps = sorted.slice(1).map((ms, i) => ms - sorted[i]);
  const step = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  return steps.length === 0 ? 0 : (sorted[sorted.length - 1] - sorted[0]) / step / steps.length - 1;
}

/**
 * The column of times, by name and by value: nearly all of its cells are times from 2009 to now, written in one way (or
 * a few, as exports change over the years).
 */
export function findTime(
  sample: Sample,
  options: { readonly nowMs: number; readonly timeFormat?: string | undefined },
  given: { readonly time: number; readonly clock: number } | null,
): Found<TimeColumn> {
  const { nowMs } = options;
  const rows = spread(sample.rows, 400);
  const named = columnsNamed('time', sample.names);
  const others = sample.titles.map((_, at) => at).filter((at) => !named.includes(at));
  const order = given !== null ? [given.time] : [...named, ...others];
  const wanted = options.timeFormat === undefined ? TIME_FORMATS : [timeFormat(options.timeFormat)];
  const notes: string[] = [];
  const issues: string[] = [];
  const found: { column: TimeColumn; share: number }[] = [];
  for (const at of order) {
    const clock = given?.clock ?? findClock(sample, at);
    const cells = rows.map((row) => timeCell(row.cells, at, clock));
    const rounded = cells.find((cell) => roundingMs(cell) > 1000);
    if (rounded !== undefined && (named.includes(at) || at === 0)) {
      const text = `the times of ${sample.titles[at]} are rounded ('${rounded}': a spreadsheet cut the digits); export them again as whole numbers`;
      (found.length > 0 ? notes : issues).push(text);
      continue;
    }
    const fits = (format: TimeFormat) =>
      cells.reduce((sum, cell) => sum + (isPlausible(format.parse(cell), nowMs) ? 1 : 0), 0) / cells.length;
    const shares = wanted.map((format) => ({ format, share: fits(format) }));
    const total = cells.filter((cell) => wanted.some((format) => isPlausible(format.parse(cell), nowMs))).length;
    if (2 * total < cells.length) continue;
    const best = shares.toSorted((a, b) => b.share - a.share);
    const format = settleOrder(best, cells, sample.titles[at], nowMs, issues);
    const ends = isCloseTime(sample.names[at] ?? '') ? `as ${sample.titles[at]} says` : null;
    // Prices of 40,000 could be days of a spreadsheet; but times go on.
    if (format !== null && given === null && !named.includes(at) && !goesOn(sample, at, clock, format)) continue;
    if (format !== null) found.push({ column: { time: at, clock, format, ends }, share: total / cells.length });
    else if (named.includes(at)) return { value: null, notes, issues };
  }
  const opens = found.filter(({ column }) => column.ends === null);
  const candidates = opens.length > 0 ? opens : found;
  if (candidates.length === 0) {
    if (issues.length === 0) issues.push(explain(sample, order, rows, nowMs, options.timeFormat));
    return { value: null, notes, issues: [issues.join('; ')] };
  }
  // Of two columns of numbers that a header doesn't name, the open of the bar comes before its end.
  const unnamed = candidates.filter(({ column }) => !named.includes(column.time));
  const choice =
    given === null && named.length === 0 && unnamed.length > 1
      ? unnamed.toSorted((a, b) => meanTime(rows, a.column) - meanTime(rows, b.column))[0]
      : candidates[0];
  const { names } = sample;
  const bitmex = ['homenotional', 'foreignnotional', 'lastsize'].every((name) => names.includes(name));
  const value = bitmex ? { ...choice.column, ends: 'as BitMEX stamps them' } : choice.column;
  return { value, notes: [...notes, ...issues], issues: [] };
}

/** Whether nearly all neighbours among the first rows are in one order. */
function goesOn(sample: Sample, at: number, clock: number, format: TimeFormat): boolean {
  const times = sample.rows.slice(0, 500).map(({ cells }) => format.parse(timeCell(cells, at, clock)));
  const known = times.filter((ms) => !Number.isNaN(ms));
  let [up, down] = [0, 0];
  for (let i = 1; i < known.length; i++) {
    if (known[i] > known[i - 1]) up++;
    if (known[i] < known[i - 1]) down++;
  }
  return Math.min(up, down) <= 0.1 * (up + down);
}

function meanTime(rows: readonly Row[], { time, clock, format }: TimeColumn): number {
  const times = rows.map(({ cells }) => format.parse(timeCell(cells, time, clock))).filter((ms) => !Number.isNaN(ms));
  return times.reduce((sum, ms) => sum + ms, 0) / times.length;
}

/** Day first or month first, where the cells could be both: the right one makes a series, the wrong one has holes. */
function settleOrder(
  best: readonly { readonly format: TimeFormat; readonly share: number }[],
  cells: readonly string[],
  title: string,
  nowMs: number,
  issues: string[],
): TimeFormat | null {
  const may = (format: TimeFormat, cell: string) => isPlausible(format.parse(cell), nowMs);
  // Formats of different rows, as where a file changes halfway, are no rivals.
  const rivals = best.filter(
    ({ format, share }) =>
      format === best[0].format ||
      (share >= best[0].share - 1e-9 && cells.some((cell) => may(best[0].format, cell) && may(format, cell))),
  );
  if (rivals.length === 1) return rivals[0].format;
  const scored = rivals.map(({ format }) => {
    const times = cells.map((cell) => format.parse(cell)).filter((ms) => !Number.isNaN(ms));
    return { format, holes: holes(times), times };
  });
  scored.sort((a, b) => a.holes - b.holes);
  const [one, two] = scored;
  if (two.holes > 4 * one.holes + 1) return one.format;
  if (one.times.every((ms, i) => ms === two.times[i])) return one.format;
  const at = one.times.findIndex((ms, i) => ms !== two.times[i]);
  issues.push(
    `'${cells[at]}' in ${title} is ${isoDay(one.times[at])} or ${isoDay(two.times[at])}; say which with --time-format '${one.format.name}' or --time-format '${two.format.name}'`,
  );
  return null;
}

/** Why no column holds times: what the likeliest one would say. */
function explain(
  sample: Sample,
  order: readonly number[],
  rows: readonly Row[],
  nowMs: number,
  asked?: string,
): string {
  if (asked !== undefined)
    return `no column holds times written as '${asked}' from 2009 to now; leave --time-format out, or give the right one`;
  const named = columnsNamed('time', sample.names);
  for (const at of named.length > 0 ? named : order) {
    const cell = timeCell(rows[0].cells, at, findClock(sample, at));
    const zone = /^(.*\d(?:\s*[ap]m)?)\s*\b([a-z]{2,5})\s*$/i.exec(cell);
    if (zone !== null && TIME_FORMATS.some(({ parse }) => isPlausible(parse(zone[1]), nowMs)))
      return `'${cell}' in ${sample.titles[at]}: '${zone[2]}' names no one zone; write an offset, such as -05:00, in its place, or leave it out and give --time-zone`;
    const readings = TIME_FORMATS.map(({ name, parse }) => ({ name, ms: parse(cell) })).filter(
      ({ ms }) => !Number.isNaN(ms) && ms > 0 && ms < 8e15,
    );
    const future = readings.find(({ ms }) => ms > nowMs && ms < nowMs + 20 * 365 * DAY_MS);
    if (future !== undefined)
      return `the times of ${sample.titles[at]} lie in the future ('${cell}' as ${future.name} is ${isoDay(future.ms)}); check their unit and this machine's clock`;
    const past = readings.find(({ ms }) => ms > 0 && ms < EARLIEST_MS);
    if (past !== undefined && named.includes(at))
      return `'${cell}' in ${sample.titles[at]} is no time from 2009 to now (as ${past.name} it is ${isoDay(past.ms)}); give the times in one of the ways of --time-format`;
  }
  const titles = named.map((at) => `${sample.titles[at]} ('${rows[0].cells[at]}')`);
  return titles.length > 0
    ? `'${rows[0].cells[named[0]]}' is not a time, nor are the others of ${titles.join(', ')}; write them as 2021-01-31 13:00 in UTC`
    : `there is no column for time (it has ${listTitles(sample)}); add one, such as 2021-01-31 13:00 in UTC`;
}

/** The `Time` of `Date,Time`, where it holds a time of day. */
function findClock(sample: Sample, date: number): number {
  const isClock = (cell: string | undefined) => /^\s*\d{1,2}:\d{2}(:\d{2})?(\s*[AP]M)?\s*$/i.test(cell ?? '');
  const isBareClock = (cell: string | undefined) => /^\s*([01]\d|2[0-3])([0-5]\d){1,2}\s*$/.test(cell ?? '');
  const { cells } = sample.rows[0];
  if (/[:T]/.test(cells[date])) return -1;
  const named = columnsNamed('clock', sample.names).filter((at) => at !== date);
  const all = (at: number, test: (cell: string | undefined) => boolean) =>
    sample.rows.slice(0, 50).every((row) => test(row.cells[at]));
  const isHour = (cell: string | undefined) => /^\s*([01]?\d|2[0-3])\s*$/.test(cell ?? '');
  const hours = named.filter(
    (one) => sample.names[one] === 'hour' && sample.rows.every(({ cells }) => isHour(cells[one])),
  );
  const at =
    [...named, date + 1].find((one) => all(one, isClock)) ?? named.find((one) => all(one, isBareClock)) ?? hours[0];
  // Bare digits are a clock only beside a date.
  return at !== undefined &&
    (all(at, isClock) || /^\s*(\d{4}[-/.]?\d{2}[-/.]?\d{2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\s*$/.test(cells[date]))
    ? at
    : -1;
}
