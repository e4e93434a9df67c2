/** Days on the venue that tells its clients less than the truth; `audit.ts` judges them by the venue's own ledger. */
import { describe, expect, it } from 'vitest';
import { rounds, SLOW } from '../effort.ts';
import { runHostile } from './hostile-schedule.ts';

const SEEDS = rounds(40, 400);
const EACH = 5;

describe(`${SEEDS} days of late lists, late fills, stale balances, purged orders, stalls and crashes`, () => {
  const firsts = Array.from({ length: SEEDS / EACH }, (_, i) => 1 + i * EACH);
  it.each(firsts)('break no promise from seed %i on', SLOW, async (first) => {
    const broken: string[] = [];
    for (let seed = first; seed < first + EACH; seed++)
      for (const violation of (await runHostile(seed)).violations) broken.push(`seed ${seed}: ${violation}`);
    expect(broken).toEqual([]);
  });
});
