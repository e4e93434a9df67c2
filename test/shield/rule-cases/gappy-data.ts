import { guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxGapBars: [0, 1, 2] },
    states: [null],
    questions: [0, 1, 2, 3, Number.NaN].map((gapBars) => question({ gapBars })),
    expect: ({ maxGapBars }, next, { facts: { gapBars } }) =>
      guard(![0, 1, 2].slice(0, maxGapBars + 1).includes(gapBars), next),
  },
  objections: [
    { bars: [{ gapBars: 1 }], kind: 'reduce-only', code: 'gappy-data', numbers: { gapBars: 1, maxGapBars: 0 } },
  ],
  bounds: { maxGapBars: { good: [0, 1e6], bad: [-1, 0.5] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
