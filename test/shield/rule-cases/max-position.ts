import { cross, guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxShare: [0, 0.25, 0.5, 0.75, 1] },
    states: [null],
    questions: cross({ units: [-4, -3, -2, -1, 0, 1, 2, 3, 4], maxUnits: [2, 4] }).map((facts) => question(facts)),
    expect: ({ maxShare }, next, { facts: { units, maxUnits } }) =>
      guard(Math.max(units, -units) >= Math.floor(maxShare * maxUnits), next),
  },
  objections: [
    {
      bars: [{ units: 3 }],
      kind: 'reduce-only',
      code: 'max-position',
      numbers: { units: 3, maxUnits: 4, maxShare: 0.75 },
    },
  ],
  bounds: { maxShare: { good: [0, 1], bad: [-0.01, 1.01] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
