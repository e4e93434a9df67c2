import { guard, HOUR_MS, question, type RuleCase, START_MS } from './rule-case.ts';

const at = (hours: number) => ({ timeMs: START_MS + hours * HOUR_MS });

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { hours: [[], [9], [9, 10], [0, 9, 10, 23]], days: [[], [1], [1, 4], [0, 1, 2, 3, 4, 5, 6]] },
    states: [null],
    questions: Array.from({ length: 24 * 8 }, (_, hour) => question({ timeMs: START_MS + hour * HOUR_MS + 59_999 })),
    expect({ hours, days }, next, { facts: { timeMs } }) {
      const date = new Date(timeMs);
      return guard(!hours.includes(date.getUTCHours()) || !days.includes(date.getUTCDay()), next);
    },
  },
  objections: [
    {
      bars: [at(26)],
      overrides: { hours: [1] },
      kind: 'reduce-only',
      code: 'trading-hours',
      numbers: { hour: 2, day: 5 },
    },
  ],
  bounds: {
    hours: { good: [[], [0, 23]], bad: [[-1], [24], [1.5], 9] },
    days: { good: [[], [0, 6]], bad: [[-1], [7], [1.5], 1] },
  },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
