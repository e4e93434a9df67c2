/** The proof proves something: each of these broken rules is caught by the enumeration that passes the real ones. */
import { afterAll, describe, expect, test } from 'vitest';
import { RULES } from '../../src/shield/index.ts';
import { enumerate } from './enumerations.ts';
import { FAULTS } from './faults.ts';

describe('seeded faults', () => {
  let caught = 0;
  test.each(FAULTS.map(({ rule, fault, broken }) => [rule, fault, broken] as const))('%s: %s', (rule, _, broken) => {
    const { violations } = enumerate(rule, broken);
    if (violations.length > 0) caught++;
    expect(violations).not.toEqual([]);
  });
  test('at least twenty, in every rule', () => {
    expect(FAULTS.length).toBeGreaterThanOrEqual(20);
    expect(new Set(FAULTS.map(({ rule }) => rule)).size).toBe(RULES.length);
  });
  afterAll(() => console.log(`shield 1a: ${caught} of ${FAULTS.length} seeded faults caught`));
});
