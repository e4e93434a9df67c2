import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VERDICTS } from '../../src/evaluate/verdict.ts';

const text = readFileSync(new URL('../../docs/evaluation.md', import.meta.url), 'utf8');
const calibration = JSON.parse(
  readFileSync(new URL('../../bench/results/verdict-calibration.json', import.meta.url), 'utf8'),
) as { summary: { falseEdgeShare: number; worstFalseEdgeShare: number } };

it('the page on evaluation names every verdict', () => {
  for (const verdict of VERDICTS) expect(text).toContain(`**${verdict}**`);
});

it('quotes the calibration that is committed, which is below 5 %', () => {
  const { falseEdgeShare, worstFalseEdgeShare } = calibration.summary;
  expect(worstFalseEdgeShare).toBeLessThanOrEqual(0.05);
  expect(text.replaceAll('\n', ' ')).toContain(
    `${(100 * falseEdgeShare).toFixed(2)} % were called an edge, and ${(100 * worstFalseEdgeShare).toFixed(1)} % in the worst cell`,
  );
});
