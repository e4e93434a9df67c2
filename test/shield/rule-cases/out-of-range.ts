import { cross, guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxClippedShare: [0, 0.25, 1], maxDistance: [0.5, 1, 2] },
    states: [null],
    questions: cross({
      clippedShare: [0, 0.25, 0.26, 1, Number.NaN],
      trainingDistance: [null, 0, 0.5, 0.75, 1, 2, 3, Number.NaN],
    }).map(({ clippedShare, trainingDistance }) => question({ clippedShare }, { trainingDistance })),
    expect({ maxClippedShare, maxDistance }, next, { facts: { clippedShare }, trainingDistance }) {
      const clipped = Number.isNaN(clippedShare) || clippedShare > maxClippedShare;
      const far = trainingDistance !== null && (Number.isNaN(trainingDistance) || trainingDistance > maxDistance);
      return guard(clipped || far, next);
    },
  },
  objections: [
    {
      bars: [{ clippedShare: 0.5 }],
      kind: 'reduce-only',
      code: 'clipped',
      numbers: { clippedShare: 0.5, maxClippedShare: 0.25 },
    },
  ],
  bounds: { maxClippedShare: { good: [0, 1], bad: [-0.01, 1.01] }, maxDistance: { good: [0.001, 1e6], bad: [0] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
