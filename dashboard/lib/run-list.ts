/** The list of runs: rows of one run or of all seeds of one configuration, filtered and sorted. */
import type { Outcome, RunRow } from '../../src/dashboard/api.ts';

/** A row of the table: one run, or the seeds of one configuration, which its first run stands for. */
export interface ListRow {
  readonly key: string;
  readonly run: RunRow;
  readonly names: readonly string[];
  /** Of the run in the middle; null where nobody evaluated it. */
  readonly outcome: Outcome | null;
  /** Outcomes beside it: other symbols, other shields. */
  readonly more: number;
  /** Test returns, one a seed. */
  readonly seeds: readonly number[];
}

const outcomeOf = (run: RunRow): Outcome | null => run.outcomes[0] ?? null;
const returnOf = (run: RunRow): number | null => outcomeOf(run)?.cumulativeReturn ?? null;

function rowOf(runs: readonly RunRow[], key: string): ListRow {
  const seeds = runs.map(returnOf).filter((value) => value !== null);
  const sorted = [...seeds].sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const run = runs.find((one) => returnOf(one) === middle) ?? runs[0];
  const more = run.outcomes.length - 1;
  return { key, run, names: runs.map(({ name }) => name), outcome: outcomeOf(run), more: Math.max(0, more), seeds };
}

/** @param bySeed each run on a row of its own */
export function listRows(runs: readonly RunRow[], bySeed: boolean): ListRow[] {
  if (bySeed) return runs.map((run) => rowOf([run], run.name));
  const groups = Map.groupBy(runs, (run) =>
    run.fault === null ? `${run.kind} ${run.config} ${run.symbols.join()} ${outcomeOf(run)?.foldKey}` : run.name,
  );
  return [...groups].map(([key, group]) => rowOf(group, key));
}

export interface Filter {
  readonly text: string;
  /** null for all. */
  readonly verdict: string | null;
}

export const VERDICT_GROUPS = [
  ['◆ Edge', ['edge']],
  ['○ No evidence', ['no evidence of an edge']],
  ['▼ Worse', ['worse than holding', 'suspicious: look for a leak']],
  ['… Too little', ['too little data to judge', "can't be judged"]],
] as const;

export function matches({ run, names, outcome }: ListRow, { text, verdict }: Filter): boolean {
  const group = VERDICT_GROUPS.find(([label]) => label === verdict);
  if (group !== undefined && !(outcome !== null && (group[1] as readonly string[]).includes(outcome.verdict)))
    return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const said = [...names, run.agent, run.kind, ...run.symbols, run.timeframe, outcome?.verdict ?? '']
    .join(' ')
    .toLowerCase();
  return words.every((word) => said.includes(word));
}

const KEYS: Readonly<Record<string, (row: ListRow) => number | string | null>> = {
  run: ({ run }) => run.name,
  symbol: ({ run }) => run.symbols.join(),
  verdict: ({ outcome }) => outcome?.verdict ?? null,
  return: ({ outcome }) => outcome?.cumulativeReturn ?? null,
  sharpe: ({ outcome }) => outcome?.sharpe ?? null,
  drawdown: ({ outcome }) => outcome?.maxDrawdown ?? null,
  when: ({ run }) => run.registeredAtMs,
};

/** What has no value comes last, whichever way. */
export function sortRows(
  rows: readonly ListRow[],
  { by, down }: { readonly by: string; readonly down: boolean },
): ListRow[] {
  const key = KEYS[by] ?? KEYS.when;
  return [...rows].sort((left, right) => {
    const [a, b] = [key(left), key(right)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const order = typeof a === 'number' ? a - Number(b) : a.localeCompare(String(b), 'en', { numeric: true });
    return (down ? -order : order) || left.run.name.localeCompare(right.run.name);
  });
}
