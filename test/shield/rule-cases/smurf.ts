import { cross, question, REQUESTS, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: {},
    states: [null],
    questions: cross({ request: REQUESTS, advice: [null, 0, 1, 2] as const }).map((row) => question({}, row)),
    expect: (_, next, { request, advice }) => ({
      kind: request !== 2 && advice !== 0 && advice !== 1 ? 'deny' : 'allow',
      next,
    }),
  },
  objections: [{ bars: [{}], kind: 'deny', code: 'supervisor-holds', numbers: { request: 1 } }],
  bounds: {},
  first: null,
  saved: { good: [null], bad: [0, {}] },
};
