import { cross, guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxRatio: [1, 2, 3], fastBars: [1, 3], slowBars: [2, 7] },
    states: [
      { close: null, fast: 0, slow: 0, seen: 0 },
      // With three fast bars and no move, exactly twice the long volatility.
      { close: 100, fast: 8, slow: 1, seen: 7 },
      ...cross({ close: [100], fast: [0, 1e-4, 4e-4], slow: [0, 1e-4, 4e-4], seen: [0, 1, 2, 6, 7] }),
    ],
    questions: [80, 99, 100, 101, 110].map((close) => question({ close })),
    expect({ maxRatio, fastBars, slowBars }, state, { facts: { close } }) {
      if (state.close === null) return guard(false, { close, fast: 0, slow: 0, seen: 0 });
      const squared = (Math.log(close) - Math.log(state.close)) ** 2;
      const weight = (bars: number) => (state.seen === 0 ? 1 : 2 / (1 + bars));
      const fast = state.fast * (1 - weight(fastBars)) + squared * weight(fastBars);
      const slow = state.slow * (1 - weight(slowBars)) + squared * weight(slowBars);
      const spike = state.seen >= slowBars && state.slow > 0 && fast > maxRatio ** 2 * state.slow * (1 + 1e-12);
      return guard(spike, { close, fast, slow, seen: state.seen >= slowBars ? slowBars : state.seen + 1 });
    },
  },
  objections: [
    {
      bars: [{ close: 100 }, { close: 200 }, { close: 100 }, { close: 400 }],
      overrides: { fastBars: 1, slowBars: 2, maxRatio: 1.5 },
      kind: 'reduce-only',
      code: 'volatility-spike',
      numbers: { ratio: 2, maxRatio: 1.5 },
    },
  ],
  bounds: {
    maxRatio: { good: [0.001, 1e6], bad: [0] },
    fastBars: { good: [1, 1e6], bad: [0, 1.5] },
    slowBars: { good: [2, 1e6], bad: [1, 2.5] },
  },
  first: { close: null, fast: 0, slow: 0, seen: 0 },
  saved: {
    good: [{ close: null, fast: 0, slow: 0, seen: 0 }],
    bad: [
      { close: 1, fast: 0, slow: 0, seen: -1 },
      { close: 1, fast: 0, slow: null, seen: 0 },
      { close: 1, fast: 0, slow: 0 },
    ],
  },
};
