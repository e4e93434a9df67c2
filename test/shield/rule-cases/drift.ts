import { cross, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { promised: [-0.001, 0, 0.002], lambda: [1, 5], stopAt: [2, 20] },
    states: cross({ last: [null, -5, 0, 80, 100], evidence: [0, 0.3, 1, 1.9, 15, 21] }),
    questions: cross({ equity: [-10, 0, 50, 79, 80, 99, 100, 101, 130, 250] }).map((facts) => question(facts)),
    expect({ promised, lambda, stopAt }, { last, evidence }, { facts: { equity } }) {
      const next = { last: equity, evidence };
      if (last !== null) {
        // What a bettor has who puts `lambda` of each unit on the shortfall; nobody owes more than he has.
        const shortfall = last > 0 ? promised + 1 - equity / last : promised + 1;
        next.evidence = Math.max(0, evidence + evidence * lambda * shortfall);
      }
      return { kind: next.evidence >= stopAt ? 'halt' : 'allow', next };
    },
  },
  objections: [
    {
      bars: [{ equity: 8000 }, { equity: 4000 }, { equity: 2000 }],
      overrides: { promised: 0, lambda: 8, stopAt: 20 },
      kind: 'halt',
      code: 'drift',
      numbers: { evidence: 25, promised: 0, stopAt: 20 },
    },
  ],
  bounds: {
    promised: { good: [-0.1, 0.1], bad: [-0.2, 0.2] },
    lambda: { good: [0.001, 100], bad: [0, 101] },
    stopAt: { good: [1.001, 1e9], bad: [1, 1e10] },
  },
  first: { last: null, evidence: 1 },
  saved: {
    good: [
      { last: null, evidence: 0 },
      { last: -3, evidence: 25 },
    ],
    bad: [{ last: null }, { last: 1, evidence: -1 }, { last: 'x', evidence: 1 }],
  },
};
