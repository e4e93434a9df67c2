import { cross, guard, HOUR_MS, question, type RuleCase, START_MS } from './rule-case.ts';

const at = (hours: number) => ({ timeMs: START_MS + hours * HOUR_MS });

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxSlippage: [0, 0.002, 0.01], coolDownBars: [1, 2, 6] },
    states: cross({
      position: [0, 25],
      slippage: [null, 0.001, 0.002, 0.02],
      seenMs: [0, 1, 2, 5, 6].map((hours) => START_MS - hours * HOUR_MS),
    }),
    questions: cross({ units: [0, 1], lastSlippage: [Number.NaN, -0.001, 0, 0.001, 0.002, 0.02] }).map((facts) =>
      question({ ...facts, timeMs: START_MS }),
    ),
    expect({ maxSlippage, coolDownBars }, state, { facts: { position, lastSlippage, timeMs } }) {
      const known = Number.isNaN(lastSlippage) ? null : lastSlippage;
      const seenMs = known === state.slippage && position === state.position ? state.seenMs : timeMs;
      const risky = known !== null && known > maxSlippage && timeMs < seenMs + coolDownBars * HOUR_MS;
      return guard(risky, { position, slippage: known, seenMs });
    },
  },
  objections: [
    {
      bars: [
        { ...at(0), lastSlippage: 0.01 },
        { ...at(2), lastSlippage: 0.01 },
      ],
      kind: 'reduce-only',
      code: 'slippage',
      numbers: { slippage: 0.01, maxSlippage: 0.003, restedBars: 2, coolDownBars: 6 },
    },
  ],
  bounds: { maxSlippage: { good: [0, 1], bad: [-0.01] }, coolDownBars: { good: [1, 1e6], bad: [0, 1.5] } },
  first: { position: 0, slippage: null, seenMs: 0 },
  saved: {
    good: [{ position: 0, slippage: null, seenMs: 0 }],
    bad: [
      { position: 0, slippage: 0 },
      { position: null, slippage: 0, seenMs: 0 },
    ],
  },
};
