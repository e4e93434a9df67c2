import { cross, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { reduceAt: [0.1, 0.2], haltAt: [0.15, 0.25, 0.5], restBars: [1, 2, 3] },
    states: cross({ peak: [null, 80, 100, 120], reference: [null, 80, 100], rested: [0, 1, 2, 3] }),
    questions: cross({
      equity: [-10, 0, 40, 50, 60, 72, 75, 79, 80, 85, 90, 91, 100, 102, 108, 120, 130],
      units: [-1, 0, 1],
    }).map((facts) => question(facts)),
    expect({ reduceAt, haltAt, restBars }, state, { facts: { equity, units } }) {
      const peak = Math.max(...(state.peak === null ? [equity] : [equity, state.peak]));
      const reference = Math.max(...(state.reference === null ? [equity] : [equity, state.reference]));
      // In hundredths, so that no rounding of a share decides.
      const lost = (from: number, share: number) =>
        from <= 0 || 100 * (from - equity) >= Math.round(100 * share) * from;
      if (lost(peak, haltAt)) return { kind: 'halt', next: { peak, reference, rested: 0 } };
      if (!lost(reference, reduceAt)) return { kind: 'allow', next: { peak, reference, rested: 0 } };
      if (units !== 0) return { kind: 'reduce-only', next: { peak, reference, rested: 0 } };
      return state.rested < restBars
        ? { kind: 'reduce-only', next: { peak, reference, rested: state.rested + 1 } }
        : { kind: 'allow', next: { peak, reference: equity, rested: 0 } };
    },
  },
  objections: [
    {
      bars: [{ equity: 8000 }, { equity: 7000 }],
      kind: 'reduce-only',
      code: 'drawdown',
      numbers: { equity: 7000, reference: 8000, drawdown: 0.125, reduceAt: 0.1 },
    },
    {
      bars: [{ equity: 8000 }, { equity: 6000 }],
      kind: 'halt',
      code: 'drawdown',
      numbers: { equity: 6000, peak: 8000, drawdown: 0.25, haltAt: 0.2 },
    },
  ],
  bounds: {
    reduceAt: { good: [0.001, 0.999], bad: [0, 1] },
    haltAt: { good: [0.001, 0.999], bad: [0, 1] },
    restBars: { good: [1, 1e6], bad: [0, 1.5] },
  },
  first: { peak: null, reference: null, rested: 0 },
  saved: {
    good: [{ peak: null, reference: 1, rested: 0 }],
    bad: [
      { peak: 1, reference: 1, rested: -1 },
      { peak: 1, rested: 0 },
      { peak: 'x', reference: 1, rested: 0 },
    ],
  },
};
