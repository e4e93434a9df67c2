const DAY_MS = 86_400_000;
const MONTHS = /^(\d{4})-(\d{2})$/;
const DATE = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/;
const DATE_TIME =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ]+(\d{1,2})(?::?(\d{2}))?(?::?(\d{2})(?:\.(\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
const TWELVE_HOURS = /^(\d{4})-(\d{1,2})-(\d{1,2})\s+(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*-?\s*([AP])M$/i;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;

/** How a cell writes its time; a file that mixes two is suspect. */
export type TimeFormat =
  | 'seconds'
  | 'milliseconds'
  | 'microseconds'
  | 'nanoseconds'
  | 'date'
  | 'date and time'
  | '12-hour clock';

export interface ParsedTime {
  readonly timeMs: number;
  readonly format: TimeFormat;
}

/** The date as Unix ms; NaN for the 31st of February. */
function utc(year: number, month: number, day: number, ms: number): number {
  const date = new Date(Date.UTC(year, month - 1, day));
  const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real && ms <= DAY_MS ? date.getTime() + ms : Number.NaN;
}

function epoch(value: number): ParsedTime | null {
  // 1973 to 2286 in each unit; the magnitudes don't overlap.
  if (value >= 1e8 && value < 1e10) return { timeMs: value * 1000, format: 'seconds' };
  if (value >= 1e11 && value < 1e13) return { timeMs: value, format: 'milliseconds' };
  if (value >= 1e14 && value < 1e16) return { timeMs: value / 1000, format: 'microseconds' };
  if (value >= 1e17 && value < 1e19) return { timeMs: value / 1e6, format: 'nanoseconds' };
  return null;
}

/** A time as exports write it, UTC unless it names an offset; null where it isn't one. Never guesses day or month. */
export function parseCsvTime(cell: string): ParsedTime | null {
  const compact = COMPACT.exec(cell);
  if (compact !== null) {
    const timeMs = utc(Number(compact[1]), Number(compact[2]), Number(compact[3]), 0);
    return Number.isNaN(timeMs) ? null : { timeMs, format: 'date' };
  }
  if (/^\d+(\.\d*)?(e\+?\d+)?$/i.test(cell)) {
    const parsed = epoch(Number(cell));
    return parsed === null ? null : { ...parsed, timeMs: Math.round(parsed.timeMs) };
  }
  const month = MONTHS.exec(cell);
  const date = month === null ? DATE.exec(cell) : [...month, '1'];
  if (date !== null) {
    const timeMs = utc(Number(date[1]), Number(date[2]), Number(date[3]), 0);
    return Number.isNaN(timeMs) ? null : { timeMs, format: 'date' };
  }
  const clock = TWELVE_HOURS.exec(cell);
  if (clock !== null) {
    const hour = Number(clock[4]);
    if (hour < 1 || hour > 12) return null;
    const hours = (hour % 12) + (clock[7].toUpperCase() === 'P' ? 12 : 0);
    const ms = hours * 3_600_000 + Number(clock[5] ?? 0) * 60_000 + Number(clock[6] ?? 0) * 1000;
    const timeMs = utc(Number(clock[1]), Number(clock[2]), Number(clock[3]), ms);
    return Number.isNaN(timeMs) ? null : { timeMs, format: '12-hour clock' };
  }
  const full = DATE_TIME.exec(cell);
  if (full === null) return null;
  const [hour, minute, second] = [Number(full[4]), Number(full[5] ?? 0), Number(full[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const fraction = full[7] === undefined ? 0 : Math.floor(Number(`0.${full[7]}`) * 1000);
  const ms = hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
  const timeMs = utc(Number(full[1]), Number(full[2]), Number(full[3]), ms) - offsetMs(full[8]);
  return Number.isNaN(timeMs) ? null : { timeMs, format: 'date and time' };
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || /^[A-Z]/i.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone[0] === '-' ? -1 : 1) * minutes * 60_000;
}
