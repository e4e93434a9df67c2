/** What each rule says when it objects: the code and the numbers that decided, word for word. */
import { describe, expect, test } from 'vitest';
import { createShield, RULES } from '../../src/shield/index.ts';
import { ask, makeFacts } from './facts.ts';
import { CASES } from './rule-cases.ts';

const OBJECTIONS = RULES.flatMap(({ name }) => CASES[name].objections.map((objection) => [name, objection] as const));

describe('objections', () => {
  test.each(OBJECTIONS)('%s', (name, { bars, decision, overrides, kind, code, numbers }) => {
    const supervisor = { kind: 'dqn', getAction: () => 2 as const, decide: () => ask(2) };
    const shield = createShield({
      profile: 'none',
      overrides: { [name]: overrides ?? {} },
      ...(name === 'smurf' ? { supervisor } : {}),
    });
    const records = bars.map((facts) => shield.decide(decision ?? ask(1), makeFacts(facts)));
    const { final, verdicts } = records[records.length - 1];
    expect(final).toBe(2);
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0].rule).toBe(name);
    const { verdict } = verdicts[0];
    expect(verdict.kind).toBe(kind);
    if (verdict.kind === 'allow') return;
    expect(verdict.code).toBe(code);
    expect(Object.keys(verdict.numbers)).toEqual(Object.keys(numbers));
    for (const [key, value] of Object.entries(numbers)) expect(verdict.numbers[key]).toBeCloseTo(value, 9);
  });
});
