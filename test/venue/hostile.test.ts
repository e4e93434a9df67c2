/** Days on the venue that tells its clients less than the truth; `audit.ts` judges them by the venue's own ledger. */
import { expect, it } from 'vitest';
import { rounds, SLOW } from '../effort.ts';
import { runHostile } from './hostile-schedule.ts';

const SEEDS = rounds(40, 400);

it(
  `${SEEDS} days of late lists, late fills, stale balances, purged orders, stalls and crashes break no promise`,
  SLOW,
  async () => {
    const broken: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++)
      for (const violation of (await runHostile(seed)).violations) broken.push(`seed ${seed}: ${violation}`);
    expect(broken).toEqual([]);
  },
);
