import { DAY_MS, HOUR_MS, MINUTE_MS } from '../calendar.ts';

/** A way to write a time. */
export interface TimeFormat {
  /** As messages and `--time-format` call it. */
  readonly name: string;
  /** Unix ms of a cell, taken as UTC unless it names an offset; NaN where it isn't written so. */
  readonly parse: (cell: string) => number;
}

/** `12:30:00.5 PM`, `09-AM`, `1230`; then perhaps an offset. */
const CLOCK =
  /^(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?\s*-?\s*([AP])?\.?\s?(?:M\.?)?\s*(Z|UTC|GMT|(?:UTC|GMT)[+-]\d(?::\d{2})?|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?(?:\s*UTC)?)?$/i;

/** ms since midnight, the offset taken off; NaN where it's no time of day. */
function parseClock(text: string): number {
  if (text === '') return 0;
  // JavaScript writes the zone's name behind its offset.
  const match = CLOCK.exec(text.replace(/\s*\([^)]*\)$/, ''));
  if (match === null) return Number.NaN;
  const [, hours, minutes, seconds, fraction, half, zone] = match;
  let hour = Number(hours);
  if (half !== undefined) {
    if (hour < 1 || hour > 12 || !/M/i.test(text)) return Number.NaN;
    hour = (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
  }
  if (hour > 23 || Number(minutes ?? 0) > 59 || Number(seconds ?? 0) > 59) return Number.NaN;
  const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  return hour * HOUR_MS + Number(minutes ?? 0) * MINUTE_MS + Number(seconds ?? 0) * 1000 + ms - offsetMs(zone);
}

function offsetMs(zone: string | undefined): number {
  const match = /([+-])(\d{1,2}):?(\d{2})?$/.exec((zone ?? '').replace(/\s*UTC$/i, ''));
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0)) * MINUTE_MS;
}

/** Whether a written time names its own zone. */
export function namesZone(cell: string): boolean {
  return (
    /\d\s*(?:Z|UTC|GMT|(?:UTC|GMT)[+-]\d(?::\d{2})?|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?(?:\s*UTC)?)\s*$/i.test(
      cell.replace(/\s*\([^)]*\)\s*$/, ''),
    ) && /[:T ]/.test(cell.trim())
  );
}

/** Midnight of a date in UTC; NaN for the 31st of February. Years of two digits are of this century. */
function dateMs(year: number, month: number, day: number): number {
  const full = year < 100 ? 2000 + year : year;
  const date = new Date(Date.UTC(full, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : Number.NaN;
}

/** A format whose date is matched by `pattern` (year, month and day by `order`), with a time of day behind it. */
function written(name: string, pattern: RegExp, order: readonly [number, number, number]): TimeFormat {
  return {
    name,
    parse(cell) {
      const text = cell.trim();
      const match = pattern.exec(text);
      if (match === null) return Number.NaN;
      const [year, month, day] = order.map((group) => match[group]);
      const date = dateMs(Number(year), MONTHS.get(month.slice(0, 3).toLowerCase()) ?? Number(month), Number(day ?? 1));
      return date + parseClock(text.slice(match[0].length).replace(/^(?:T|,)?\s*/i, ''));
    },
  };
}

const MONTHS = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [name, i + 1]),
);
const MONTH =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const WEEKDAY = '(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\\s+)?';

function epoch(name: string, unitsPerMs: number): TimeFormat {
  return {
    name,
    parse(cell) {
      // Fractions of a millisecond are noise of floating point.
      return /^\s*\d+(?:\.\d*)?(?:[eE]\+?\d+)?\s*$/.test(cell) ? Math.round(Number(cell) / unitsPerMs) : Number.NaN;
    },
  };
}

/** Digits run together: 20210131, and two more for each of hour, minute and second. */
function compact(name: string): TimeFormat {
  const { length } = name;
  return {
    name,
    parse(cell) {
      const text = cell.trim();
      if (text.length !== length || !/^\d+$/.test(text)) return Number.NaN;
      const part = (from: number, to: number) => Number(text.slice(from, to));
      const clock = text.slice(8);
      return dateMs(part(0, 4), part(4, 6), part(6, 8)) + (clock === '' ? 0 : parseClock(clock.padEnd(4, '0')));
    },
  };
}

/**
 * Every way that is understood. No two of the numbers' lie in one range within plausible years; of the written ones
 * only the last two can be taken for each other.
 */
export const TIME_FORMATS: readonly TimeFormat[] = [
  epoch('milliseconds', 1),
  epoch('seconds', 1e-3),
  epoch('microseconds', 1e3),
  epoch('nanoseconds', 1e6),
  ...['yyyymmdd', 'yyyymmddhh', 'yyyymmddhhmm', 'yyyymmddhhmmss'].map(compact),
  written('year first', /^(\d{4})([-/.])\s?(\d{1,2})(?:\2\s?(\d{1,2}))?(?![\d/.])/, [1, 3, 4]),
  written('year first with 年, 月, 日', /^(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]/, [1, 2, 3]),
  written('year first without dashes', /^(\d{4})(\d{2})(\d{2})(?=[T ])/i, [1, 2, 3]),
  written(
    'month by name',
    new RegExp(`^${WEEKDAY}(${MONTH})[.\\s-]+(\\d{1,2})(?:,\\s*|[\\s-]+)(\\d{4}|\\d{2}(?!\\d))`, 'i'),
    [3, 1, 2],
  ),
  written(
    'day, month by name',
    new RegExp(`^${WEEKDAY}(\\d{1,2})[.\\s-]+(${MONTH})[.,\\s-]+(\\d{4}|\\d{2}(?!\\d))`, 'i'),
    [3, 2, 1],
  ),
  written('day first', /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2}(?!\d))/, [4, 3, 1]),
  written('month first', /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2}(?!\d))/, [4, 1, 3]),
  {
    name: 'spreadsheet days',
    parse(cell) {
      if (!/^\s*\d{5}(?:[.,]\d+)?\s*$/.test(cell)) return Number.NaN;
      // Days since 1899-12-30, exact to a second.
      return Math.round((Number(cell.replace(',', '.')) - 25_569) * 86_400) * 1000;
    },
  },
];

export function timeFormat(name: string): TimeFormat {
  return TIME_FORMATS.find((format) => format.name === name)!;
}

/** Before it there was nothing to trade. */
export const EARLIEST_MS = Date.UTC(2009, 0, 3);

export function isPlausible(timeMs: number, nowMs: number): boolean {
  return timeMs >= EARLIEST_MS - DAY_MS && timeMs <= nowMs;
}

/** How a cell is written, out of those that make it a time from 2009 to now; null where none does. */
export function findTimeFormat(cell: string, nowMs: number): TimeFormat | null {
  return TIME_FORMATS.find((format) => isPlausible(format.parse(cell), nowMs)) ?? null;
}

/**
 * Digits that a spreadsheet cut off, as in 1.60946E+12: the distance between two neighbouring numbers written so, over
 * the unit in which they'd be plausible, in ms; 0 for a number that is whole.
 */
export function roundingMs(cell: string): number {
  const match = /^\s*(\d)(?:[.,](\d*))?[eE]\+?(\d{1,2})\s*$/.exec(cell);
  if (match === null) return 0;
  const exponent = Number(match[3]);
  const step = Number(`1e${exponent - (match[2] ?? '').length}`);
  return exponent <= 9 ? step * 1000 : exponent <= 12 ? step : exponent <= 15 ? step / 1e3 : step / 1e6;
}
