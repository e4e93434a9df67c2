import type { FormatRun } from './bar-reader.ts';
import type { Problems } from './problems.ts';
import type { Survey } from './survey.ts';

/** A venue that changes its export does so a few times, for good; anything else is a file put together wrongly. */
const FEW_CHANGES = 4;
const LONG_STRETCH = 12;

/** Times that are written in another way for a stretch are noted; ones strewn in are problems to put right. */
export function describeFormats({ reader }: Survey, problems: Problems, notes: string[]): void {
  const runs: readonly FormatRun[] = reader.formats;
  if (runs.length < 2) return;
  const rows = new Map<string, number>();
  for (const run of runs) rows.set(run.format.name, (rows.get(run.format.name) ?? 0) + run.rows);
  const [usual] = [...rows].sort((a, b) => b[1] - a[1])[0];
  if (runs.length <= FEW_CHANGES && runs.every((run) => run.rows >= LONG_STRETCH)) {
    for (const run of runs.slice(1)) notes.push(`from line ${run.line} on times are written as ${run.format.name}`);
    return;
  }
  for (const run of runs) {
    if (run.format.name === usual) continue;
    const more = run.rows > 1 ? ` (and the ${run.rows - 1} rows after it)` : '';
    const text = `its time is written as ${run.format.name}, most are ${usual}${more}`;
    problems.add('time format', { line: run.line, text, remedy: 'mend' });
  }
}

/**
 * Says where the volume columns are swapped; each row tells for itself, by its price.
 * @returns times of bars between two changes that don't tell, so that nobody knows which column is their volume.
 */
export function describeVolumes(seen: Survey, problems: Problems, notes: string[]): number[] {
  const { volumeRuns: runs, swappedRows, doubtfulRows, times, newestFirst } = seen;
  if (swappedRows === 0) return [];
  const date = (row: number) => new Date(times.get(row)).toISOString();
  if (runs.length === 1) notes.push('base and quote volume are swapped throughout; put right');
  else if (runs.length === 2) {
    // The first row of the newer stretch.
    const change = newestFirst ? runs[1].from - 1 : runs[1].from;
    const olderSwapped = runs[newestFirst ? 1 : 0].swapped;
    notes.push(
      `base and quote volume are swapped ${olderSwapped ? 'up to' : 'from'} ${date(change)}${olderSwapped ? '' : ' on'}; put right`,
    );
  } else
    notes.push(
      `base and quote volume are swapped in ${swappedRows} rows, in ${runs.filter((run) => run.swapped).length} stretches; put right row by row`,
    );
  for (const row of doubtfulRows)
    problems.add('doubtful volume', {
      ...{ line: seen.lines.get(row), remedy: 'drop' },
      text: 'stands where base and quote volume change places, and its price is too near to 1 to tell which is which',
    });
  return doubtfulRows.map((row) => times.get(row));
}
