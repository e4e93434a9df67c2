import { InputError } from '../core/errors.ts';
import { textTable } from './import/rows.ts';
import { bytesSource } from './import/source.ts';
import { timeFormat } from './import/times.ts';
import type { Trend } from './trends.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Period lengths of Google's exports; a month is as long as it is. */
const PERIODS = [HOUR_MS, DAY_MS, 7 * DAY_MS];
const MONTH_MS = 28 * DAY_MS;

export interface TrendsImport {
  /** Oldest first. */
  readonly trends: readonly Trend[];
  readonly notes: readonly string[];
}

const LESS_THAN_ONE = /^(?:(?:[<＜﹤‹]|&lt;|\p{L}[\p{L}\p{M}'’\s]+)\s*1|1\s*\p{L}[\p{L}\p{M}'’\s]+)$/u;

/**
 * A score, or 0 where the cell says 'less than one': a sign or words around the digit 1, as Google's languages have it
 * ('<1', '< 1', '1 未満'). NaN for anything else.
 */
function parseScore(cell: string): number {
  if (/^\d+(\.\d+)?$/.test(cell)) return Number(cell);
  return LESS_THAN_ONE.test(cell) ? 0 : Number.NaN;
}

/** The longest period that fits into `distance`; a month or more counts as it is, up to 31 days. */
function periodOf(distance: number): number {
  if (distance >= MONTH_MS && distance <= 31 * DAY_MS) return distance;
  return PERIODS.findLast((period) => period <= distance) ?? HOUR_MS;
}

/**
 * The CSV that Google Trends exports: banner lines, then a time column and one column of scores, 0-100 or '<1'.
 * A row that Google marks as partial is left out. A row's period is the longer of the distances to its neighbours, so
 * that a value is never held to be published too early.
 * @throws InputError for anything that isn't such a file, with the line.
 */
export function readTrendsCsv(bytes: Uint8Array, name: string): TrendsImport {
  const rows = [...textTable(bytesSource(bytes, name)).rows()].map(({ line, cells }) => ({
    line,
    cells: cells.map((cell) => cell.trim()),
  }));
  if (rows.length === 0) throw new InputError(`${name} is empty; export it again`);
  const { parse } = timeFormat('year first');
  const first = rows.findIndex(({ cells }) => cells.length >= 2 && !Number.isNaN(parse(cells[0])));
  if (first < 0)
    throw new InputError(
      `${name}: no row begins with a date; export it from Google Trends as CSV ('Interest over time')`,
    );
  const header = first > 0 ? rows[first - 1].cells : [];
  const partial = header.findIndex((cell) => /partial/i.test(cell));
  const terms = header.filter((cell, i) => i > 0 && i !== partial && cell !== '');
  if (rows[first].cells.length - (partial < 0 ? 0 : 1) > 2)
    throw new InputError(`${name} compares several terms (${terms.join(', ')}); export one term alone`);

  const spellings = new Set<string>();
  const values = new Map<number, { value: number; line: number }>();
  for (const { line, cells } of rows.slice(first)) {
    const fail = (text: string) => new InputError(`${name}: line ${line}: ${text}; export it again from Google Trends`);
    const timeMs = parse(cells[0]);
    if (Number.isNaN(timeMs)) throw fail(`'${cells[0]}' is not a date`);
    if (partial >= 0 && /^true$/i.test(cells[partial] ?? '')) continue;
    const cell = cells[1] ?? '';
    const value = parseScore(cell);
    if (!/^(\d|<1$)/.test(cell) || /\p{L}/u.test(cell)) spellings.add(cell);
    if (!(value >= 0 && value <= 100)) throw fail(`'${cell}' is not a score from 0 to 100`);
    const known = values.get(timeMs);
    if (known !== undefined && known.value !== value) throw fail(`disagrees with line ${known.line} on ${cells[0]}`);
    values.set(timeMs, { value, line });
  }
  const times = [...values.keys()].sort((a, b) => a - b);
  if (times.length < 2) throw new InputError(`${name} has ${times.length} scores; export a longer time`);
  const trends = times.map((timeMs, i) => {
    const before = i > 0 ? timeMs - times[i - 1] : 0;
    const after = i + 1 < times.length ? times[i + 1] - timeMs : 0;
    return { timeMs, periodMs: periodOf(Math.max(before, after)), value: values.get(timeMs)!.value };
  });
  const notes = [...spellings].map((cell) => `a score written '${cell}' is less than 1, taken as 0`);
  return { trends, notes: [...notes, ...describePeriods(trends)] };
}

function describePeriods(trends: readonly Trend[]): string[] {
  const notes: string[] = [];
  for (let i = 1; i < trends.length; i++) {
    const [before, now] = [trends[i - 1], trends[i]];
    const bothMonths = before.periodMs >= MONTH_MS && now.periodMs >= MONTH_MS;
    if (before.periodMs !== now.periodMs && !bothMonths)
      notes.push(
        `from ${new Date(now.timeMs).toISOString().slice(0, 10)} on the periods are ${now.periodMs / DAY_MS} days long, before ${before.periodMs / DAY_MS}; their scores may be on different scales`,
      );
  }
  return notes;
}
