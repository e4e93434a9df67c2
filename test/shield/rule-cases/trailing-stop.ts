import { cross, guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { distance: [0.0625, 0.125, 0.5] },
    states: [{ side: 0, best: null }, ...cross({ side: [-1, 1], best: [60, 100, 200] })],
    questions: cross({
      units: [-1, 0, 1],
      entryPrice: [100],
      close: [40, 50, 87.5, 88, 93.75, 94, 100, 106, 106.25, 112.5, 150, 210, 300],
      reach: [0, 20],
    }).map(({ units, entryPrice, close, reach }) =>
      question({ units, position: 25 * units, entryPrice, close, high: close + reach, low: close - reach }),
    ),
    expect({ distance }, state, { facts: { units, entryPrice, close, high, low } }) {
      if (units === 0) return guard(false, { side: 0, best: null });
      const known = state.side === units ? state.best : entryPrice;
      const extreme = units > 0 ? high : low;
      const best = units * (extreme - known) > 0 ? extreme : known;
      return guard(units * (best - close) >= distance * best, { side: units, best });
    },
  },
  objections: [
    {
      bars: [
        { units: 1, entryPrice: 100, close: 200 },
        { units: 1, entryPrice: 100, close: 140 },
      ],
      overrides: { distance: 0.25 },
      kind: 'reduce-only',
      code: 'beyond-trailing-stop',
      numbers: { close: 140, stop: 150, best: 200 },
    },
  ],
  bounds: { distance: { good: [0.001, 0.999], bad: [0, 1] } },
  first: { side: 0, best: null },
  saved: {
    good: [
      { side: -1, best: 1 },
      { side: 1, best: null },
    ],
    bad: [{ side: 2, best: 1 }, { side: -2, best: 1 }, { side: 0.5, best: 1 }, { side: 0 }],
  },
};
