import { expect, it } from 'vitest';
import type { Standing } from '../../src/agents/index.ts';
import { explainEvaluation, explanationSection } from '../../src/evaluate/standing-text.ts';

const scored = (name: string, cumulativeReturn: number, trades = 3) =>
  ({ name, metrics: { cumulativeReturn, trades } }) as never;
const standing: Standing = {
  updates: 9,
  candidates: { agent: 0.1, flat: 0, 'buy-and-hold': -0.2 },
  best: 'agent',
  gate: { t: 3.21, bars: 24, sums: 50, needed: 2, open: true },
};

it('says how an agent that traded stands beside what is simpler', () => {
  const baselines = [scored('logistic', 0.5), scored('buy-and-hold', -0.25), scored('flat', 0)];
  expect(explainEvaluation({ subject: scored('agent', 0.4), baselines }, standing)).toEqual([
    'the agent was the best on the validation fold (log return after costs: agent 10.00 %, doing nothing 0.00 %, holding -20.00 %)',
    'gate open: t of its validation return is 3.21 over 50 sums of 24 bars, 2 is needed',
    'It ended below logistic regression on the newest row of its columns: 40.00 %, against 50.00 %.',
    'It ended above holding: 40.00 %, against -25.00 %.',
  ]);
});

it('says what an agent that did nothing was spared', () => {
  const baselines = [scored('logistic', 0.5), scored('buy-and-hold', -0.25)];
  expect(explainEvaluation({ subject: scored('agent', 0, 0), baselines }, null)).toEqual([
    'It made no trade here, and kept what it had; holding ended at -25.00 %.',
  ]);
  expect(explanationSection({ subject: scored('agent', 0, 0), baselines: [] }, null)).toBe(
    '<section><h2>In plain words</h2><p>It made no trade here, and kept what it had.</p></section>',
  );
});
