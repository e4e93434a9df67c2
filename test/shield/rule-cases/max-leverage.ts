import { cross, guard, question, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxLeverage: [0, 0.5, 1, 2] },
    states: [null],
    questions: cross({
      units: [-4, -1, 0, 1, 4],
      close: [50, 100, 200],
      mode: ['spot', 'margin'] as const,
      unitQuote: [0.25, 1000, 2500],
      cash: [-100, 0, 2500, 10_000],
      equity: [-1, 0, 0.5, 2500, 10_000],
    }).map((facts) => question(facts)),
    expect({ maxLeverage }, next, { facts: { units, close, mode, unitQuote, cash, equity } }) {
      const shorts = mode === 'margin' && units <= 0;
      const unit = shorts ? unitQuote : Math.max(0, Math.min(cash, unitQuote));
      return guard(equity <= 0 || Math.abs(units) * 25 * close + unit > maxLeverage * equity, next);
    },
  },
  objections: [
    {
      bars: [{ units: 1, mode: 'margin', cash: 10_000, equity: 4000 }],
      kind: 'reduce-only',
      code: 'max-leverage',
      numbers: { notional: 5000, equity: 4000, limit: 1 },
    },
  ],
  bounds: { maxLeverage: { good: [0, 1e6], bad: [-0.01] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
