import { InputError } from '../../core/errors.ts';
import { DAY_MS, gridOffsetMs, HOUR_MS, MINUTE_MS, sinceOpenMs, WEEK_MS } from '../calendar.ts';
import { isEpoch } from './bar-reader.ts';
import type { Interpretation } from './interpret.ts';
import type { Problems } from './problems.ts';
import { rowAt, type Survey } from './survey.ts';

/** What to add to the file's times to get the opens of bars, and where the grid of those begins. */
export interface Grid {
  readonly shiftMs: number;
  readonly offsetMs: number;
}

const iso = (ms: number) => new Date(ms).toISOString();

function describeLength(timeframeMs: number): string {
  for (const [unit, name] of [
    [WEEK_MS, 'w'],
    [DAY_MS, 'd'],
    [HOUR_MS, 'h'],
    [MINUTE_MS, 'm'],
    [1000, 's'],
  ] as const)
    if (timeframeMs % unit === 0) return `${timeframeMs / unit}${name}`;
  return `${timeframeMs} ms`;
}

/** The most frequent distance between neighbours, where it is that of most. */
export function findTimeframe(seen: Survey, name: string, problems: Problems): number {
  const counts = new Map<number, number>();
  const { times } = seen;
  let all = 0;
  for (let i = 1; i < times.length; i++) {
    const distance = times.get(rowAt(seen, i)) - times.get(rowAt(seen, i - 1));
    if (distance === 0) continue;
    all++;
    // More distances than any series has: those seen so far decide.
    if (counts.size < 100_000 || counts.has(distance)) counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  const wrong = problems.count > 0 ? ` (${problems.describe()})` : '';
  const months = [...counts].reduce(
    (sum, [ms, count]) => sum + (ms >= 28 * DAY_MS && ms <= 31 * DAY_MS ? count : 0),
    0,
  );
  if (months > 0.9 * all && counts.size > 1)
    throw new InputError(`${name}: the bars are months, which aren't of one length; take daily bars`);
  const [usual] = [...counts].sort((a, b) => b[1] - a[1]);
  if (usual === undefined || 2 * usual[1] < all)
    throw new InputError(
      `${name}: the rows' times have no usual distance${wrong}; say how long a bar is with --timeframe 1h`,
    );
  if (usual[0] % 1000 !== 0)
    throw new InputError(`${name}: bars of ${usual[0]} ms are no timeframe; say how long a bar is with --timeframe 1h`);
  return usual[0];
}

/** So many bars in a row at one distance that isn't the others' are bars of another length, and no gaps. */
const FEWEST_OF_ANOTHER_LENGTH = 12;

/** @throws InputError where a part of the file holds bars of another length, as where two files were joined. */
export function refuseOtherLengths({ times, lines }: Survey, timeframeMs: number, name: string): void {
  let from = 0;
  for (let i = 2; i <= times.length; i++) {
    const distance = Math.abs(times.get(from + 1) - times.get(from));
    const goesOn =
      i < times.length &&
      Math.abs(times.get(i) - times.get(i - 1)) === distance &&
      // Between neighbouring lines: what lies between others was left out for what is wrong with it.
      lines.get(i) - lines.get(i - 1) === 1;
    if (goesOn) continue;
    if (i - from > FEWEST_OF_ANOTHER_LENGTH && distance !== timeframeMs && distance % 1000 === 0 && distance > 0)
      throw new InputError(
        `${name}: lines ${lines.get(from)} to ${lines.get(i - 1)} hold bars of ${describeLength(distance)}, the others of ${describeLength(timeframeMs)}; split the file there and import each part`,
      );
    from = i - 1;
  }
}

/**
 * The grid on which most bars stand: UTC's, weeks from Monday, or that of the zone which the user named. Times that are
 * the ends of bars become their opens.
 * @throws InputError where most bars stand on neither.
 */
export function findGrid(
  seen: Survey,
  how: Interpretation,
  { timeframeMs, dayStartMs }: { readonly timeframeMs: number; readonly dayStartMs: number },
  name: string,
  problems: Problems,
  notes: string[],
): Grid {
  const { times, lines } = seen;
  const offsetMs = gridOffsetMs(timeframeMs) + dayStartMs;
  const counts = new Map<number, number>();
  for (let i = 0; i < times.length; i++) {
    const since = sinceOpenMs(times.get(i), timeframeMs, offsetMs);
    if (counts.size < 100_000 || counts.has(since)) counts.set(since, (counts.get(since) ?? 0) + 1);
  }
  const [[usual, count]] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  let shiftMs = 0;
  const length = describeLength(timeframeMs);
  refuseSeasons(counts, timeframeMs, times.length, name);
  const toEnd = timeframeMs - usual;
  if (toEnd <= 1000 && timeframeMs >= MINUTE_MS) {
    shiftMs = -usual;
    notes.push(`times are the ends of bars (${iso(times.get(0))}); each bar opens ${length} before`);
  } else if (how.time.ends !== null && usual === 0) {
    shiftMs = -timeframeMs;
    notes.push(`times are the ends of bars, ${how.time.ends}; each bar opens ${length} before`);
  } else if (usual !== 0 || 2 * count < times.length)
    refuseGrid(seen, how, timeframeMs, sinceOpenMs(usual, timeframeMs, -dayStartMs), name);
  if (dayStartMs !== 0) notes.push(`days begin at ${iso(dayStartMs).slice(11, 16)} UTC`);
  for (let i = 0; i < times.length; i++) {
    const timeMs = times.get(i);
    if (sinceOpenMs(timeMs + shiftMs, timeframeMs, offsetMs) !== 0)
      problems.add('grid', { line: lines.get(i), text: `${iso(timeMs)} is off the grid of ${length}`, remedy: 'drop' });
  }
  return { shiftMs, offsetMs };
}

const clock = (ms: number) => iso(ms % DAY_MS).slice(11, 16);

/** Days from midnight to midnight of a clock that is put forward and back: no grid of UTC holds them. */
function refuseSeasons(counts: ReadonlyMap<number, number>, timeframeMs: number, rows: number, name: string): void {
  if (timeframeMs !== DAY_MS) return;
  const [one, two] = [...counts].sort((a, b) => b[1] - a[1]);
  if (two === undefined || one[1] + two[1] < 0.9 * rows || two[1] < 0.05 * rows) return;
  const apart = Math.abs(one[0] - two[0]);
  if (apart !== HOUR_MS && apart !== DAY_MS - HOUR_MS) return;
  throw new InputError(
    `${name}: days begin at ${clock(one[0])} UTC and at ${clock(two[0])} UTC, by the season: they are those of a local clock; import hourly bars and make days of them with 'data export --resample 1d'`,
  );
}

/** `sinceMs`: how far most times lie behind the opens of UTC's own grid. */
function refuseGrid(seen: Survey, how: Interpretation, timeframeMs: number, sinceMs: number, name: string): never {
  const { times, lines } = seen;
  let row = 0;
  while (row < times.length - 1 && sinceOpenMs(times.get(row), timeframeMs) === 0) row++;
  const first = times.get(row);
  const length = describeLength(timeframeMs);
  const where = `${name}: line ${lines.get(row)}: ${iso(first)} is no open of a bar of ${length} in UTC, nor are most others`;
  if (timeframeMs % WEEK_MS !== 0 && sinceMs >= DAY_MS)
    throw new InputError(
      `${where}: days are counted from 1970-01-01; import daily bars and make longer ones with 'data export --resample ${length}'`,
    );
  if (sinceMs >= DAY_MS) {
    const day = ['Sun', 'Mon', 'Tues', 'Wednes', 'Thurs', 'Fri', 'Satur'][new Date(first).getUTCDay()];
    throw new InputError(
      `${where}: weeks begin on Mondays, these on ${day}days; import daily bars and make weeks of them with 'data export --resample 1w'`,
    );
  }
  if (sinceMs === 0 || sinceMs % (15 * MINUTE_MS) !== 0 || timeframeMs < HOUR_MS)
    throw new InputError(`${where}; give each bar the time of its open in UTC, or the right --timeframe`);
  const asUtc = `--day-start ${clock(sinceMs)}`;
  const length24 =
    timeframeMs >= DAY_MS ? `days that begin at ${clock(sinceMs)} UTC need` : 'a grid that begins then needs';
  // A written time may be a local clock's, of which midnight UTC is the open.
  if (isEpoch(how.time.format) || how.zone !== null || sinceMs > 14 * HOUR_MS)
    throw new InputError(`${where}: ${length24} ${asUtc}`);
  throw new InputError(
    `${where}: if the times are UTC, ${length24} ${asUtc}; if they are local, name their zone, such as --time-zone +${clock(sinceMs)}`,
  );
}
