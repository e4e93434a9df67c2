/** What each calendar month (UTC) brought, the table that every fund prints. */
import type { Ledger } from './ledger.ts';

export interface YearOfMonths {
  readonly year: number;
  /** January to December: simple returns of the equity at closes; null where the ledger has no bar of the month. */
  readonly months: readonly (number | null)[];
  /** The months compounded. */
  readonly whole: number;
}

/** A bar belongs to the month in which it opens. Compounded, the table is the ledger's whole return. */
export function monthlyReturns({ timeMs, equity, startingEquity, bars }: Ledger): YearOfMonths[] {
  const years: { year: number; months: (number | null)[]; whole: number }[] = [];
  let start = startingEquity;
  for (let i = 0; i < bars; i++) {
    const date = new Date(timeMs[i]);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    const next = i + 1 < bars ? new Date(timeMs[i + 1]) : null;
    if (next !== null && next.getUTCFullYear() === year && next.getUTCMonth() === month) continue;
    let row = years.at(-1);
    if (row?.year !== year) {
      row = { year, months: Array.from({ length: 12 }, () => null), whole: 0 };
      years.push(row);
    }
    const made = equity[i] / start - 1;
    row.months[month] = made;
    row.whole = (1 + row.whole) * (1 + made) - 1;
    start = equity[i];
  }
  return years;
}
