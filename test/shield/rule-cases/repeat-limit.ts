import { question, queues, REQUESTS, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { n: [1, 2, 3] },
    states: queues,
    questions: REQUESTS.map((request) => question({}, { request })),
    expect({ n }, queue, { request }) {
      // Counted from the newest backwards until one differs.
      let run = 0;
      while (run < queue.length && queue[queue.length - 1 - run] === request) run++;
      return {
        kind: request !== 2 && run >= n ? 'deny' : 'allow',
        next: [...queue, request].reverse().slice(0, n).reverse(),
      };
    },
  },
  objections: [{ bars: [{}, {}, {}], kind: 'deny', code: 'repeated', numbers: { n: 2, request: 1 } }],
  bounds: { n: { good: [1, 100], bad: [0, 1.5, 101] } },
  first: [],
  saved: { good: [[], [0, 1, 2]], bad: [[3], [-1], [0.5], {}] },
};
