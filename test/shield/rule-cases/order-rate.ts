import { guard, HOUR_MS, question, type RuleCase, START_MS, sequences } from './rule-case.ts';

const at = (hours: number) => ({ timeMs: START_MS + hours * HOUR_MS });

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { perHour: [1, 2, 3], perDay: [1, 2, 4] },
    // Up to four orders, half an hour or a whole one apart, the newest of several ages.
    states: sequences(3).flatMap((steps) =>
      [0, 1, 23, 24].map((age) => {
        const times = [START_MS - age * HOUR_MS];
        for (const step of steps) if (step !== 2) times.unshift(times[0] - [0.5, 1][step] * HOUR_MS);
        return times;
      }),
    ),
    questions: [question({ timeMs: START_MS })],
    expect({ perHour, perDay }, times, { facts: { timeMs } }) {
      let hour = 0;
      let day = 0;
      for (const time of times) {
        if (timeMs - time < HOUR_MS) hour++;
        if (timeMs - time < 24 * HOUR_MS) day++;
      }
      return guard(hour >= perHour || day >= perDay, times);
    },
  },
  objections: [
    {
      bars: [at(0), at(0.25), at(0.5)],
      overrides: { perHour: 2 },
      kind: 'reduce-only',
      code: 'order-rate',
      numbers: { hour: 2, perHour: 2, day: 2, perDay: 12 },
    },
  ],
  bounds: {
    perHour: { good: [1, 10_000], bad: [0, 1.5, 10_001] },
    perDay: { good: [1, 10_000], bad: [0, 1.5, 10_001] },
  },
  first: [],
  saved: { good: [[], [1, 2]], bad: [['x'], {}] },
};
