import { expect } from 'vitest';
import { backtestRandom, matchTurnover } from '../../../src/evaluate/baselines/random.ts';
import { measure } from '../../../src/evaluate/metrics/index.ts';
import type { BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'drawn at random: what forty of them turn over is compared with the agent' },
  check(ledger, context) {
    const { reference } = context;
    if (reference === null) throw new Error('no reference');
    expect(ledger.noOps).toBe(0);
    const rate = matchTurnover(context, reference);
    const turnovers = Array.from(
      { length: 40 },
      (_, seed) => measure(backtestRandom(context, rate, 500 + seed)).turnover ?? 0,
    );
    const mean = turnovers.reduce((sum, value) => sum + value, 0) / turnovers.length;
    const share = mean / (measure(reference).turnover ?? 0);
    expect(share).toBeGreaterThan(0.85);
    expect(share).toBeLessThan(1.15);
  },
};
