/** What any evaluation must pass before its figures mean anything. */
import { describe, expect, it } from 'vitest';
import { type AccountConfig, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { constantPolicy } from '../../src/evaluate/baselines/constant.ts';
import { coinFlipPolicy } from '../../src/evaluate/baselines/random.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import { randomWalk } from './markets.ts';

const PATHS = 200;
const BARS = 500;

/** Mean and standard error over paths of final - starting equity + costs paid. */
function scoreOnMartingales(make: (seed: number) => Policy, account: AccountConfig, drift = 0) {
  const scores = Array.from({ length: PATHS }, (_, seed) => {
    const series = randomWalk(BARS, 1000 + seed, { drift });
    const rows = { from: 0, to: BARS };
    const ledger = backtest({ policy: make(seed), series, table: null, account, safety: null, rows });
    const costs = ledger.feesPaid + ledger.slippagePaid + ledger.borrowPaid;
    return ledger.equity[BARS - 1] - ledger.startingEquity + costs;
  });
  const mean = scores.reduce((sum, score) => sum + score, 0) / PATHS;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (PATHS - 1);
  return { mean, error: Math.sqrt(variance / PATHS) };
}

const policies: Record<string, (seed: number) => Policy> = {
  'always SELL': () => constantPolicy('sell', SELL),
  'always BUY': () => constantPolicy('buy', BUY),
  'always HOLD': () => constantPolicy('hold', HOLD),
  'a coin flip': coinFlipPolicy,
};

describe.each(['spot', 'margin'] as const)('the martingale gate, %s', (mode) => {
  const account = { ...DEFAULT_ACCOUNT, mode };

  it.each(Object.keys(policies))('%s scores minus its costs', (name) => {
    const { mean, error } = scoreOnMartingales(policies[name], account);
    expect(Math.abs(mean)).toBeLessThanOrEqual(3 * error);
    if (name === 'a coin flip') expect(error).toBeGreaterThan(0);
  });
});

describe('the gate itself', () => {
  it('catches a market that drifts', () => {
    const { mean, error } = scoreOnMartingales(policies['always BUY'], DEFAULT_ACCOUNT, 0.0002);
    expect(mean).toBeGreaterThan(3 * error);
  });

  it('catches a policy that peeks', () => {
    const peek = (seed: number): Policy => {
      const { close } = randomWalk(BARS, 1000 + seed);
      return constantlyRight(close);
    };
    const { mean, error } = scoreOnMartingales(peek, DEFAULT_ACCOUNT);
    expect(mean).toBeGreaterThan(3 * error);
  });
});

/** Knows the next close. */
function constantlyRight(close: Float64Array): Policy {
  return {
    name: 'peeks',
    decide: (row) => ({ action: close[row + 1] > close[row] ? BUY : SELL, probabilities: null, qValues: null }),
  };
}
