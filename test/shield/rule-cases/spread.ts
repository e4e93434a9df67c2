import { guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxSpread: [0, 0.001, 0.01] },
    states: [null],
    questions: [Number.NaN, 0, 0.0005, 0.001, 0.0011, 0.01, 1].map((spread) => question({ spread })),
    expect: ({ maxSpread }, next, { facts }) =>
      guard(!Number.isNaN(facts.spread) && facts.spread - maxSpread > 0, next),
  },
  objections: [
    { bars: [{ spread: 0.01 }], kind: 'reduce-only', code: 'spread', numbers: { spread: 0.01, maxSpread: 0.001 } },
  ],
  bounds: { maxSpread: { good: [0, 1], bad: [-0.01] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
