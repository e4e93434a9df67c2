import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCalibration } from '../../scripts/tables.ts';
import { VERDICTS } from '../../src/evaluate/verdict.ts';

const text = readFileSync(new URL('../../docs/evaluation.md', import.meta.url), 'utf8');
it('the page on evaluation names every verdict', () => {
  for (const verdict of VERDICTS) expect(text).toContain(`**${verdict}**`);
});

describe('the calibration that is committed', () => {
  const { done, summary } = readCalibration();

  it('was made to the end', () => expect(done).toBe(true));

  it.each(summary.map((one) => [one.scenario, one] as const))('%s', (scenario, { ok, atMost, rounds, shares }) => {
    expect(ok).toBe(true);
    if (!scenario.startsWith('fair')) return;
    expect(atMost).toBe(0.05);
    expect(rounds).toBeGreaterThanOrEqual(500);
    expect(shares[0].upper95).toBeLessThanOrEqual(0.075);
  });
});
