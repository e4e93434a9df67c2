import { cross, guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { distance: [0.0625, 0.125, 0.5] },
    states: [null],
    questions: cross({
      units: [-1, 0, 1],
      entryPrice: [100, 200],
      close: [40, 50, 87.5, 88, 93.75, 94, 100, 106, 106.25, 112.5, 150, 210, 300],
    }).map((facts) => question({ ...facts, position: 25 * facts.units })),
    expect({ distance }, next, { facts: { units, entryPrice, close } }) {
      const gain = units * (close - entryPrice);
      return guard(units !== 0 && gain >= distance * entryPrice, next);
    },
  },
  objections: [
    {
      bars: [{ units: 1, entryPrice: 100, close: 126 }],
      overrides: { distance: 0.25 },
      kind: 'reduce-only',
      code: 'beyond-target',
      numbers: { close: 126, target: 125 },
    },
  ],
  bounds: { distance: { good: [0.001, 0.999], bad: [0, 1] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
