/** What a threshold may be, and what a saved state may hold: the edges of every schema. */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/shield/index.ts';
import { CASES } from './rule-cases.ts';

describe.each(RULES)('the thresholds of $name', ({ name, config, standard }) => {
  const { bounds } = CASES[name];

  test('are all there, and no other is taken', () => {
    expect(Object.keys(bounds)).toEqual(Object.keys(config.shape));
    expect(config.safeParse({ ...standard, more: 1 }).success).toBe(false);
  });

  test.each(Object.entries(bounds))('%s', (threshold, { good, bad }) => {
    const passes = (value: unknown) => config.safeParse({ ...standard, [threshold]: value }).success;
    expect(good.map(passes)).toEqual(good.map(() => true));
    expect([...bad, Number.NaN, 'x', null].map(passes)).toEqual([...bad, 0, 0, 0].map(() => false));
  });
});

test.each(RULES)(
  'the states of $name begin empty, and damaged ones are refused',
  ({ name, state, initial, standard }) => {
    const { first, saved } = CASES[name];
    expect(initial(standard)).toEqual(first);
    expect(saved.good.map((value) => state.safeParse(value).success)).toEqual(saved.good.map(() => true));
    expect(saved.bad.map((value) => state.safeParse(value).success)).toEqual(saved.bad.map(() => false));
  },
);
