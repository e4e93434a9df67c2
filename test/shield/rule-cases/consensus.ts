import { question, queues, REQUESTS, type RuleCase } from './rule-case.ts';

export const ruleCase: RuleCase = {
  enumeration: {
    thresholds: { n: [1, 2, 3], publishedWarmup: [0, 1] },
    states: queues.flatMap((queue) => [queue.length, queue.length + 1, 4].map((seen) => ({ queue, seen }))),
    questions: REQUESTS.map((request) => question({}, { request })),
    expect({ n, publishedWarmup }, { queue, seen }, { request }) {
      let run = 1;
      while (run <= queue.length && queue[queue.length - run] === request) run++;
      const acts = run >= n && (publishedWarmup === 0 || seen >= n);
      const all = [...queue, request];
      return {
        kind: request === 2 || acts ? 'allow' : 'deny',
        next: {
          queue: all.slice(Math.max(0, all.length - (n - 1)), n === 1 ? 0 : undefined),
          seen: seen >= n ? n : seen + 1,
        },
      };
    },
  },
  objections: [{ bars: [{}], kind: 'deny', code: 'no-consensus', numbers: { n: 2, request: 1, seen: 0 } }],
  bounds: { n: { good: [1, 100], bad: [0, 1.5, 101] }, publishedWarmup: { good: [0, 1], bad: [-1, 0.5, 2] } },
  first: { queue: [], seen: 0 },
  saved: {
    good: [{ queue: [0, 2], seen: 0 }],
    bad: [
      { queue: [3], seen: 0 },
      { queue: [-1], seen: 0 },
      { queue: [], seen: -1 },
      { queue: [] },
      { queue: [], seen: 0, more: 1 },
    ],
  },
};
