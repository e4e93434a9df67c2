import { InputError } from '../../core/errors.ts';
import { HOUR_MS } from '../calendar.ts';
import { isEpoch } from './bar-reader.ts';
import type { Interpretation } from './interpret.ts';
import type { Problems } from './problems.ts';
import { rowAt, type Survey } from './survey.ts';
import { zonesThat } from './zone.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/**
 * Equal rows of one time are one; rows that disagree are all dropped, for nobody knows which is right.
 * @returns the times to drop, and those that come more than once.
 * @throws InputError where the repeated hour is that of a local clock put back in autumn.
 */
export function checkRepetitions(seen: Survey, how: Interpretation, name: string, problems: Problems, notes: string[]) {
  const { times, lines, hashes } = seen;
  const dropped = new Set<number>();
  const repeated = new Set<number>();
  let copies = 0;
  const clash: { timeMs: number; line: number }[] = [];
  for (let i = 1; i < times.length; i++) {
    const [before, row] = [rowAt(seen, i - 1), rowAt(seen, i)];
    const timeMs = times.get(row);
    if (times.get(before) !== timeMs) continue;
    repeated.add(timeMs);
    copies++;
    if (hashes.get(before) === hashes.get(row)) continue;
    dropped.add(timeMs);
    const [one, two] = [lines.get(before), lines.get(row)].sort((a, b) => a - b);
    clash.push({ timeMs, line: two });
    problems.add('repetition', { line: two, text: `disagrees with line ${one} on ${iso(timeMs)}`, remedy: 'drop' });
  }
  if (copies > clash.length) notes.push(`${copies - clash.length} rows repeat another one word for word`);
  if (how.zone === null && !isEpoch(how.time.format)) refuseLocalTime(seen, clash, name, notes);
  return { dropped, repeated };
}

function refuseLocalTime(
  seen: Survey,
  clash: readonly { readonly timeMs: number; readonly line: number }[],
  name: string,
  notes: string[],
): void {
  const { times } = seen;
  const skipped: { timeMs: number; zones: string[] }[] = [];
  for (let i = 1; i < times.length; i++) {
    const [before, now] = [times.get(rowAt(seen, i - 1)), times.get(rowAt(seen, i))];
    const startMs = Math.floor((now - 1) / HOUR_MS) * HOUR_MS;
    // Exactly the hour that clocks skip is missing, in bars of an hour or less.
    if (now - before <= HOUR_MS || now - before > 2 * HOUR_MS || now % HOUR_MS !== 0) continue;
    const zones = zonesThat('skip', startMs);
    if (zones.length > 0) skipped.push({ timeMs: startMs, zones });
  }
  const hour = (ms: number) => iso(ms).slice(0, 16).replace('T', ' ');
  for (const { timeMs, line } of clash) {
    const zones = zonesThat('repeat', Math.floor(timeMs / HOUR_MS) * HOUR_MS);
    if (zones.length === 0) continue;
    const missing = skipped.find((one) => one.zones.some((zone) => zones.includes(zone)));
    const best = zones.filter((zone) => missing === undefined || missing.zones.includes(zone));
    throw new InputError(
      `${name}: line ${line}: the hour of ${hour(timeMs)} comes twice${missing === undefined ? '' : ` and that of ${hour(missing.timeMs)} is missing`}, as on a local clock with summer time; name its zone, such as --time-zone ${best.join(' or --time-zone ')}`,
    );
  }
  if (skipped.length > 0)
    notes.push(
      `the hour of ${hour(skipped[0].timeMs)} is missing, which local clocks skip in ${skipped[0].zones[0]}; if the times are local, name their zone with --time-zone`,
    );
}

/**
 * Neighbouring bars that hold the very values of other neighbouring bars: an export's clock slipped, and nobody knows
 * which of the two stretches is real. A single repetition may be chance in a market that hardly trades.
 */
export function checkCopies(seen: Survey, timeframeMs: number, dropped: Set<number>, problems: Problems): void {
  const { times, lines, hashes } = seen;
  const { length } = times;
  // Open addressing: the slot of a hash holds the place, in time, of the first row that has it.
  let size = 16;
  while (size < 1.25 * length) size *= 2;
  const slots = new Int32Array(size);
  const pairs: { row: number; source: number }[] = [];
  for (let i = 0; i < length; i++) {
    const row = rowAt(seen, i);
    const hash = hashes.get(row);
    if (hash < 0 || dropped.has(times.get(row))) continue;
    if (i > 0 && times.get(rowAt(seen, i - 1)) === times.get(row)) continue;
    let slot = hash % size;
    while (slots[slot] !== 0 && hashes.get(rowAt(seen, slots[slot] - 1)) !== hash) slot = (slot + 1) % size;
    if (slots[slot] === 0) slots[slot] = i + 1;
    else pairs.push({ row, source: rowAt(seen, slots[slot] - 1) });
  }
  const follows = (a: (typeof pairs)[0] | undefined, b: (typeof pairs)[0] | undefined): boolean =>
    a !== undefined &&
    b !== undefined &&
    times.get(b.row) - times.get(a.row) === timeframeMs &&
    times.get(b.source) - times.get(a.source) === timeframeMs;
  pairs.forEach((pair, i) => {
    if (!follows(pairs[i - 1], pair) && !follows(pair, pairs[i + 1])) return;
    const [timeMs, sourceMs] = [times.get(pair.row), times.get(pair.source)];
    dropped.add(timeMs).add(sourceMs);
    const text = `holds the very values of line ${lines.get(pair.source)}, ${iso(sourceMs)}`;
    problems.add('copy', { line: lines.get(pair.row), text, remedy: 'drop' });
  });
}
