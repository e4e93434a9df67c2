import { guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: {},
    states: [null],
    questions: [false, true].map((unknownState) => question({ unknownState })),
    expect: (_, next, { facts }) => guard(facts.unknownState, next),
  },
  objections: [{ bars: [{ unknownState: true }], kind: 'reduce-only', code: 'unknown-state', numbers: {} }],
  bounds: {},
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
