/** The fuzzers find nothing on their first inputs; `npm run fuzz` tries a hundred thousand. */
import { expect, it } from 'vitest';
import { SURFACES } from '../scripts/fuzz/index.ts';
import { Rng } from '../src/core/rng.ts';
import { rounds, SLOW } from './effort.ts';

it.each(SURFACES.map((surface) => [surface.name, surface] as const))('%s', SLOW, async (name, surface) => {
  const opened = await surface.open();
  const inputs = rounds(60, 1000);
  const outcomes = new Map<unknown, number>();
  for (let index = 0; index < inputs; index++) {
    const outcome = await opened.attempt(new Rng(2, index));
    expect(outcome, `npm run fuzz -- ${name} --seed 2 --only ${index}`).toBeTypeOf('string');
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  await opened.close?.();
  // Both ways are taken, or it would say nothing.
  expect(Math.min(outcomes.get('taken') ?? 0, outcomes.get('refused') ?? 0)).toBeGreaterThan(0);
});
