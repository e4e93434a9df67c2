import { cross, guard, HOUR_MS, question, type RuleCase, START_MS } from './rule-case.ts';

const at = (hours: number) => ({ timeMs: START_MS + hours * HOUR_MS });

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { losses: [1, 2, 3], coolDownBars: [1, 2, 24] },
    states: cross({
      closed: [0, 1, 5],
      streak: [0, 1, 2, 3],
      lostMs: [null, ...[0, 1, 2, 10].map((hours) => START_MS - hours * HOUR_MS)],
    }),
    questions: cross({ closedTrades: [0, 1, 2, 5, 6], lastTradeLogReturn: [Number.NaN, -0.1, 0, 0.1] }).map((facts) =>
      question({ ...facts, timeMs: START_MS }),
    ),
    expect({ losses, coolDownBars }, state, { facts: { closedTrades, lastTradeLogReturn, timeMs } }) {
      const next = { ...state, closed: closedTrades };
      if (closedTrades > state.closed) {
        const won = lastTradeLogReturn >= 0;
        next.streak = won ? 0 : state.streak + closedTrades - state.closed;
        next.lostMs = won ? null : timeMs;
      }
      if (next.streak < losses) return guard(false, next);
      if (next.lostMs !== null && timeMs < next.lostMs + coolDownBars * HOUR_MS) return guard(true, next);
      return guard(false, { ...next, streak: 0 });
    },
  },
  objections: [
    {
      bars: [
        { ...at(0), closedTrades: 4, lastTradeLogReturn: -0.1 },
        { ...at(3), closedTrades: 4, lastTradeLogReturn: -0.1 },
      ],
      kind: 'reduce-only',
      code: 'loss-streak',
      numbers: { streak: 4, losses: 4, restedBars: 3, coolDownBars: 24 },
    },
  ],
  bounds: { losses: { good: [1, 1e6], bad: [0, 1.5] }, coolDownBars: { good: [1, 1e6], bad: [0, 1.5] } },
  first: { closed: 0, streak: 0, lostMs: null },
  saved: {
    good: [{ closed: 0, streak: 0, lostMs: null }],
    bad: [
      { closed: -1, streak: 0, lostMs: 1 },
      { closed: 0, streak: -1, lostMs: 1 },
      { closed: 0, streak: 0 },
    ],
  },
};
