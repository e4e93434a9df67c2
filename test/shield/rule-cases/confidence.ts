import { cross, decided, question, REQUESTS, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { maxEntropy: [0, 0.5, 0.9, 1], minQGap: [0, 1, 2] },
    states: [null],
    questions: cross({
      request: REQUESTS,
      decision: [
        null,
        decided([0, 1, 0], null),
        decided([0.5, 0.5, 0], null),
        decided([0.25, 0.5, 0.25], null),
        decided([1 / 3, 1 / 3, 1 / 3], null),
        decided([Number.NaN, 0.5, 0.5], null),
        ...[-1, 0, 0.5, 1, 2, 3, Number.NaN].map((gap) => decided(null, [5 + gap, 5 + gap, 5])),
        decided([0, 1, 0], [5, 5.5, 5]),
      ],
    }).map((row) => question({}, row)),
    expect({ maxEntropy, minQGap }, next, { request, decision }) {
      if (request === 2 || decision === null) return { kind: 'allow', next };
      // 1 for equally likely actions, however many are allowed; the mixed case is 1.5 bits of log2(3).
      const entropies = new Map([
        [1, 0],
        [2, 1 - 1e-15],
        [1.5, 1.5 / Math.log2(3)],
        [3, 1 - 1e-15],
      ]);
      const p = decision.probabilities;
      const key = p === null ? 1 : p[1] === 1 ? 1 : p[0] === 0.5 ? 2 : p[0] === 0.25 ? 1.5 : p[0] === 1 / 3 ? 3 : 0;
      const unsure = !((entropies.get(key) ?? 9) <= maxEntropy);
      const q = decision.qValues;
      const close = q !== null && !(q[request] - 5 >= minQGap);
      return { kind: unsure || close ? 'deny' : 'allow', next };
    },
  },
  objections: [
    {
      bars: [{}],
      decision: { action: 1, probabilities: [0.25, 0.5, 0.25], qValues: null },
      overrides: { maxEntropy: 0.5 },
      kind: 'deny',
      code: 'entropy',
      numbers: { entropy: 1.5 / Math.log2(3), maxEntropy: 0.5 },
    },
    {
      bars: [{}],
      decision: { action: 1, probabilities: null, qValues: [1, 2, 1.75] },
      overrides: { minQGap: 0.5 },
      kind: 'deny',
      code: 'q-gap',
      numbers: { gap: 0.25, minQGap: 0.5 },
    },
  ],
  bounds: { maxEntropy: { good: [0, 0.5, 1], bad: [-0.01, 1.01] }, minQGap: { good: [0, 1e9], bad: [-0.01] } },
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
