/** What any evaluation must pass before its figures mean anything. */
import { describe, expect, it } from 'vitest';
import { type AccountConfig, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { constantPolicy } from '../../src/evaluate/baselines/constant.ts';
import { coinFlipPolicy } from '../../src/evaluate/baselines/random.ts';
import { evaluateBaseline } from '../../src/evaluate/evaluation.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import { embargoRows, splitChronologically } from '../../src/evaluate/split.ts';
import { scaleTable } from '../../src/features/observation.ts';
import { fitScaler } from '../../src/features/scaler.ts';
import { featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { type SyntheticOptions, synthesize } from '../../src/market/synthetic.ts';
import { randomWalk } from './markets.ts';

const PATHS = 200;
const BARS = 500;

type Market = (seed: number) => CandleSeries;
const martingale: Market = (seed) => synthesize({ bars: BARS, seed, martingale: true, trends: false }).series;

/** Mean and standard error over paths of final - starting equity + costs paid. */
function score(make: (seed: number) => Policy, account: AccountConfig, market = martingale) {
  const scores = Array.from({ length: PATHS }, (_, seed) => {
    const series = market(1000 + seed);
    const rows = { from: 0, to: BARS };
    const ledger = backtest({ policy: make(seed), series, table: null, account, shield: null, rows });
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
    const { mean, error } = score(policies[name], account);
    expect(Math.abs(mean)).toBeLessThanOrEqual(3 * error);
    if (name === 'a coin flip') expect(error).toBeGreaterThan(0);
  });
});

describe('the gate itself', () => {
  it('catches a market that drifts', () => {
    const { mean, error } = score(policies['always BUY'], DEFAULT_ACCOUNT, (seed) =>
      randomWalk(BARS, seed, { drift: 0.0002 }),
    );
    expect(mean).toBeGreaterThan(3 * error);
  });

  it('catches a policy that peeks', () => {
    const peek = (seed: number): Policy => {
      const { close } = martingale(1000 + seed);
      return constantlyRight(close);
    };
    const { mean, error } = score(peek, DEFAULT_ACCOUNT);
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

describe('the whole path, from candles to the verdict', () => {
  /** Logistic regression on the features, fitted on the training fold and judged on the test fold. */
  const examine = (options: Partial<SyntheticOptions>) => {
    const { series } = synthesize({ bars: 9000, seed: 21, trends: false, ...options });
    const set = featureSet('tradernet20');
    const features = computeFeatures(series, set);
    const embargo = embargoRows({ window: 12, memory: set.memory, horizon: 0 });
    const split = splitChronologically(series.timeMs, { trainShare: 0.6, validationShare: 0.1 }, embargo);
    const table = scaleTable(features, fitScaler(features, split.train.from, split.train.to, 'min-max'));
    const common = { series, table, split, account: DEFAULT_ACCOUNT, shield: null, seed: 1 };
    return evaluateBaseline({ ...common, name: 'logistic' });
  };

  it('finds the planted signal, which is too good for a market', () => {
    const { judgement, subject } = examine({ signal: 0.3 });
    expect(judgement.verdict).toBe('suspicious: look for a leak');
    expect(subject.metrics.cumulativeReturn).toBeGreaterThan(0.2);
  });

  it('finds none where the same returns follow a signal that nothing shows, nor on a martingale', () => {
    for (const options of [{ signal: 0.3, shuffled: true }, { martingale: true }])
      expect(['no evidence of an edge', 'worse than holding']).toContain(examine(options).judgement.verdict);
  });
});
