/** Proof 1a: every rule over its own discretised state. */
import { afterAll, describe, expect, test } from 'vitest';
import { RULES } from '../../src/shield/index.ts';
import { enumerate } from './enumerations.ts';

describe('each rule over its own discretised state', () => {
  let cases = 0;
  test.each(RULES.map((rule) => rule.name))('%s', (name) => {
    const findings = enumerate(name);
    cases += findings.cases;
    expect(findings.violations).toEqual([]);
    expect(findings.cases).toBeGreaterThan(0);
  });
  afterAll(() => console.log(`shield 1a: ${RULES.length} rules, ${cases} judgements, none breaks a law`));
});
