import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, SELL } from '../../src/core/action.ts';
import { PLAIN } from '../../src/core/agent.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { backtestBaseline, findBaseline } from '../../src/evaluate/baselines/index.ts';
import { coinFlipPolicy, randomPolicy } from '../../src/evaluate/baselines/random.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import { countTrials, judge, VERDICTS } from '../../src/evaluate/verdict.ts';
import { SLOW } from '../effort.ts';
import { ledgerOf } from './ledger-of.ts';
import { HOUR, randomWalk } from './markets.ts';

const BARS = 1000;
const ONE = { count: 1, sharpeVariance: null };

/** Right about the next bar with this chance. */
function seer(close: Float64Array, chance: number): Policy {
  const noise = randomWalk(close.length, 3).close;
  return {
    name: 'seer',
    decide: (row) => {
      const right = (noise[row] * 1e6) % 1 < chance;
      return PLAIN[close[row + 1] > close[row] === right ? BUY : SELL];
    },
  };
}

function compare(policy: Policy, options: { bars?: number; seed?: number; free?: boolean } = {}) {
  const { bars = BARS, seed = 1, free = false } = options;
  const series = randomWalk(bars, seed);
  const account = { ...DEFAULT_ACCOUNT, maxUnits: 1, ...(free ? { feeRate: 0, slippageRate: 0 } : {}) };
  const test = { from: 0, to: bars };
  const ledger = backtest({ policy, series, table: null, account, shield: null, rows: test });
  const context = { series, table: null, account, train: null, test, reference: null, seed };
  return { ledger, holding: backtestBaseline(findBaseline('buy-and-hold'), context), series };
}

describe('the verdict', () => {
  it('is one of exactly four sentences', () => {
    expect(VERDICTS).toEqual(['edge', 'no evidence of an edge', 'worse than holding', 'too little data to judge']);
  });

  it('calls a policy that is right about tomorrow an edge', () => {
    const { series } = compare(randomPolicy('r', 0, 1));
    const { ledger, holding } = compare(seer(series.close, 0.75));
    const judgement = judge(ledger, holding, ONE, 1);
    expect(judgement.verdict).toBe('edge');
    expect(judgement.meanReturn.lower).toBeGreaterThan(0);
    expect(judgement.excessReturn.lower).toBeGreaterThan(0);
    expect(judgement.deflatedSharpe).toBeGreaterThan(0.95);
    expect(judgement.minimumBars).toBeLessThan(BARS);
    expect(judgement.reason).toMatch(/better than flat .* and than buy-and-hold .*, after costs/);
  });

  it('wants more of an edge the more was tried', () => {
    const { series } = compare(randomPolicy('r', 0, 1));
    const { ledger, holding } = compare(seer(series.close, 0.56), { free: true });
    expect(judge(ledger, holding, ONE, 1)).toMatchObject({
      verdict: 'edge',
      reason: expect.stringContaining('with no fee charged'),
    });
    const deflated = judge(ledger, holding, { count: 5000, sharpeVariance: null }, 1);
    expect(deflated.verdict).toBe('no evidence of an edge');
    expect(deflated.reason).toMatch(/deflated Sharpe ratio after 5000 trials is 0\.\d+/);
  });

  it('wants money to have been made for sure, not only less lost than by holding', () => {
    const noise = randomWalk(BARS, 6).close;
    const returns = Array.from({ length: BARS - 1 }, (_, i) => noise[i + 1] / noise[i] - 1);
    const average = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    const spread = Math.sqrt(returns.reduce((sum, value) => sum + (value - average) ** 2, 0) / returns.length);
    const trade = compare(coinFlipPolicy(1)).ledger.trades;
    /** Mean return of so many standard errors, beside a market that loses 1 % a bar. */
    const verdictAt = (errors: number) => {
      const mean = (errors * spread) / Math.sqrt(returns.length);
      const grow = (values: number[]) => {
        const equity = [1];
        for (const value of values) equity.push(equity[equity.length - 1] * (1 + value));
        return equity;
      };
      const ledger = ledgerOf(grow(returns.map((value) => value - average + mean)), { trades: trade });
      return judge(ledger, ledgerOf(grow(returns.map(() => -0.01))), ONE, 1);
    };
    expect(verdictAt(3).verdict).toBe('edge');
    // Between the one-sided and the two-sided 95 %: the deflated Sharpe ratio alone would let it pass.
    const close = verdictAt(1.7);
    expect(close.deflatedSharpe).toBeGreaterThan(0.95);
    expect(close.verdict).toBe('no evidence of an edge');
    expect(close.reason).toMatch(/^its mean return may be nothing/);
  });

  it('says that it is worse only where that is sure', () => {
    let worse = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { ledger, holding } = compare(randomPolicy('random', 0.2, seed), { seed: 50 + seed, free: true });
      if (judge(ledger, holding, ONE, 1).verdict === 'worse than holding') worse++;
    }
    expect(worse).toBeLessThanOrEqual(3);
  });

  it('calls costs for nothing worse than holding', () => {
    const { ledger, holding } = compare(coinFlipPolicy(1));
    expect(judge(ledger, holding, ONE, 1).verdict).toBe('worse than holding');
  });

  it('speaks of no lead where there is none, and of no loss beyond everything', () => {
    for (let seed = 0; seed < 40; seed++) {
      const { ledger, holding } = compare(randomPolicy('random', 0.6, seed), { seed: 90 + seed, bars: 800 });
      const { reason, excessReturn } = judge(ledger, holding, ONE, 1);
      if (excessReturn.estimate <= 0) expect(reason).not.toMatch(/its lead/);
      for (const [, figure] of reason.matchAll(/(-?[\d.]+) %/g))
        expect(Number(figure), reason).toBeGreaterThanOrEqual(-100);
    }
  });

  it('draws as many samples as it is told', () => {
    const { ledger, holding } = compare(randomPolicy('random', 0.2, 1), { free: true });
    const [few, many] = [1000, 4000].map((resamples) => judge(ledger, holding, ONE, 1, resamples).meanReturn);
    expect(few.lower).not.toBe(many.lower);
    expect(few.estimate).toBe(many.estimate);
  });

  it('sees no edge in holding itself, nor in doing nothing', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { ledger, holding } = compare(randomPolicy('idle', 0, 1), { seed });
      expect(judge(holding, holding, ONE, 1).verdict).toBe('no evidence of an edge');
      const idle = judge(ledger, holding, ONE, 1);
      expect(['no evidence of an edge', 'worse than holding']).toContain(idle.verdict);
      expect(idle.sharpePerBar).toBeNull();
    }
  });

  it('sees no edge in luck: at most 5 % of free random policies on martingales', SLOW, () => {
    let edges = 0;
    const paths = 100;
    for (let seed = 0; seed < paths; seed++) {
      const { ledger, holding } = compare(randomPolicy('random', 0.2, seed), {
        seed: 400 + seed,
        free: true,
        bars: 750,
      });
      if (judge(ledger, holding, ONE, seed).verdict === 'edge') edges++;
    }
    expect(edges / paths).toBeLessThanOrEqual(0.05);
  });

  it('judges nothing on too few bars, days or trades', () => {
    const { series } = compare(randomPolicy('r', 0, 1));
    const few = compare(seer(series.close, 1), { bars: 200 });
    expect(judge(few.ledger, few.holding, ONE, 1).reason).toMatch(/200 bars over 8.3 days; at least 250 bars/);
    const short = compare(seer(series.close, 1), { bars: 300 });
    expect(judge(short.ledger, short.holding, ONE, 1).verdict).toBe('too little data to judge');
    const daily = { ...short.ledger, timeframeMs: 24 * HOUR };
    expect(judge(daily, short.holding, ONE, 1).verdict).toBe('edge');
    const thin = { ...daily, trades: daily.trades.slice(0, 19) };
    expect(judge(thin, short.holding, ONE, 1)).toMatchObject({
      verdict: 'too little data to judge',
      reason: 'it looks good, on 19 trades only; at least 20 are needed',
    });
  });

  it('takes the variance of trials from them once there are enough', () => {
    expect(countTrials([])).toEqual({ count: 1, sharpeVariance: null });
    expect(countTrials([0.1, null, 0.2])).toEqual({ count: 3, sharpeVariance: null });
    const { count, sharpeVariance } = countTrials([1, 2, 3, 4, 5, null]);
    expect(count).toBe(6);
    expect(sharpeVariance).toBeCloseTo(2.5, 12);
  });

  it('is the same for the same seed', () => {
    const { ledger, holding } = compare(randomPolicy('random', 0.2, 1));
    expect(judge(ledger, holding, ONE, 7)).toEqual(judge(ledger, holding, ONE, 7));
  });
});
