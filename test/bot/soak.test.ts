import { expect, it } from 'vitest';
import { faultKinds } from '../../src/rehearsal/faults.ts';
import { SLOW } from '../effort.ts';
import { runSchedule } from './schedule.ts';

it('keeps every promise through 200 schedules of faults, crashes and halts', SLOW, async () => {
  const failed: string[] = [];
  const kinds = new Set<string>();
  let crashes = 0;
  for (let seed = 0; seed < 200; seed++) {
    const result = await runSchedule(seed);
    crashes += result.crashes;
    for (const kind of Object.keys(result.injected)) kinds.add(kind);
    if (result.violations.length > 0) failed.push(`seed ${seed}: ${result.violations.join('; ')}`);
  }
  expect(failed).toEqual([]);
  expect(crashes).toBeGreaterThan(100);
  expect([...kinds].sort()).toEqual(Object.keys(faultKinds).sort());
});

it('replays: a seed gives the same schedule and the same outcome', async () => {
  expect(await runSchedule(7)).toEqual(await runSchedule(7));
});
