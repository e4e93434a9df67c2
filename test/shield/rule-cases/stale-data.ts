import { cross, guard, HOUR_MS, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxAgeBars: [0, 0.5, 1, 2] },
    states: [null],
    questions: cross({
      dataAgeMs: [0, 1, 0.5 * HOUR_MS, 0.5 * HOUR_MS + 1, HOUR_MS, 2 * HOUR_MS, 9 * HOUR_MS, Number.NaN],
      timeframeMs: [HOUR_MS, 60_000],
    }).map((facts) => question(facts)),
    expect: ({ maxAgeBars }, next, { facts: { dataAgeMs, timeframeMs } }) =>
      guard(Number.isNaN(dataAgeMs) || dataAgeMs / timeframeMs > maxAgeBars, next),
  },
  objections: [
    {
      bars: [{ dataAgeMs: HOUR_MS }],
      kind: 'reduce-only',
      code: 'stale-data',
      numbers: { dataAgeMs: HOUR_MS, maxAgeBars: 0.25 },
    },
  ],
  bounds: { maxAgeBars: { good: [0, 1e6], bad: [-0.01] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
