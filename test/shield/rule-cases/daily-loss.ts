import { cross, guard, HOUR_MS, question, type RuleCase, START_MS } from './rule-case.ts';

const at = (hours: number) => ({ timeMs: START_MS + hours * HOUR_MS });

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxLoss: [0.05, 0.1, 0.5] },
    states: [
      { day: null, start: 0, last: 0 },
      ...cross({ day: [20453, 20454, 20455], start: [80, 100], last: [90, 100, 120] }),
    ],
    // 20454 is 2026-01-01; its last bar closes at the midnight that begins the 2nd.
    questions: cross({
      timeMs: [0, 1, 23, 24, 25, 48].flatMap((hour) => [0, 1].map((ms) => START_MS + hour * HOUR_MS + ms)),
      equity: [0, 40, 50, 76, 80, 85, 90, 95, 96, 100, 110, 114, 120],
    }).map((facts) => question(facts)),
    expect({ maxLoss }, state, { facts: { timeMs, equity } }) {
      const day = Math.ceil(timeMs / (24 * HOUR_MS)) - 1;
      const start = state.day === null ? equity : day === state.day ? state.start : state.last;
      const risky = start <= 0 || 100 * (start - equity) >= Math.round(100 * maxLoss) * start;
      return guard(risky, { day, start, last: equity });
    },
  },
  objections: [
    {
      bars: [
        { ...at(1), equity: 10_000 },
        { ...at(2), equity: 9000 },
      ],
      kind: 'reduce-only',
      code: 'daily-loss',
      numbers: { equity: 9000, start: 10_000, maxLoss: 0.03 },
    },
  ],
  bounds: { maxLoss: { good: [0.001, 0.999], bad: [0, 1] } },
  first: { day: null, start: 0, last: 0 },
  saved: {
    good: [{ day: null, start: 0, last: 0 }],
    bad: [
      { day: 0.5, start: 0, last: 0 },
      { day: 1, start: 0 },
    ],
  },
};
