import { cross, guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxMultiple: [0, 0.5, 1, 2] },
    states: [null],
    questions: cross({
      units: [-4, -1, 0, 1, 4],
      close: [50, 100, 200],
      mode: ['spot', 'margin'] as const,
      unitQuote: [1000, 2500],
      cash: [-100, 0, 2500, 10_000],
    }).map((facts) => question(facts)),
    expect({ maxMultiple }, next, { facts: { units, close, mode, unitQuote, cash } }) {
      const shorts = mode === 'margin' && units <= 0;
      const unit = shorts ? unitQuote : Math.max(0, Math.min(cash, unitQuote));
      return guard(Math.abs(units) * 25 * close + unit > maxMultiple * 10_000, next);
    },
  },
  objections: [
    {
      bars: [{ units: 1, close: 800 }],
      kind: 'reduce-only',
      code: 'max-notional',
      numbers: { notional: 20_000, limit: 10_000 },
      overrides: { maxMultiple: 1 },
    },
  ],
  bounds: { maxMultiple: { good: [0, 1e6], bad: [-0.01] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
