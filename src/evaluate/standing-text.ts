/** What an evaluation says, in sentences: what the validation had said of the agent, and what came of it beside others. */
import { describeStanding, type Standing } from '../agents/standing.ts';
import type { Evaluation } from './evaluation.ts';
import { formatShare } from './format.ts';
import { escapeHtml } from './report/html.ts';

type Figures = Pick<Evaluation, 'subject' | 'baselines'>;

/** The agent's return beside what is simpler than it. */
function compare({ subject, baselines }: Figures): string[] {
  const { trades, cumulativeReturn: own } = subject.metrics;
  const rivals = [
    ['logistic', 'logistic regression on the newest row of its columns'],
    ['buy-and-hold', 'holding'],
  ].flatMap(([name, words]) => {
    const value = baselines.find((one) => one.name === name)?.metrics.cumulativeReturn;
    return value === undefined || value === null ? [] : [{ words, value }];
  });
  if (own === null) return [];
  if (trades === 0) {
    const lost = rivals
      .filter(({ value }) => value < 0)
      .map(({ words, value }) => `${words} ended at ${formatShare(value)}`);
    return [`It made no trade here, and kept what it had${lost.length === 0 ? '' : `; ${lost.join(', ')}`}.`];
  }
  return rivals.map(({ words, value }) => {
    const place = own > value ? 'above' : own < value ? 'below' : 'where it would be with';
    return `It ended ${place} ${words}: ${formatShare(own)}, against ${formatShare(value)}.`;
  });
}

/** Sentences, one a line. @param standing of an agent that was validated; null for one that wasn't */
export function explainEvaluation(evaluation: Figures, standing: Standing | null): string[] {
  const validated = standing === null ? [] : describeStanding(standing);
  return [...validated, ...compare(evaluation)];
}

/** A section for `renderReport`. */
export function explanationSection(evaluation: Figures, standing: Standing | null): string {
  const lines = explainEvaluation(evaluation, standing).map((line) => `<p>${escapeHtml(line)}</p>`);
  return `<section><h2>In plain words</h2>${lines.join('\n')}</section>`;
}
