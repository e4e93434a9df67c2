import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, SELL } from '../../src/core/action.ts';
import { PLAIN } from '../../src/core/agent.ts';
import { Rng } from '../../src/core/rng.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { backtestBaseline, findBaseline } from '../../src/evaluate/baselines/index.ts';
import { coinFlipPolicy, randomPolicy } from '../../src/evaluate/baselines/random.ts';
import { NO_LOOKS } from '../../src/evaluate/looks.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import { type Circumstances, countTrials, judge, VERDICTS } from '../../src/evaluate/verdict.ts';
import { SLOW } from '../effort.ts';
import { ledgerOf } from './ledger-of.ts';
import { HOUR, randomWalk } from './markets.ts';

const BARS = 1000;
const ONE = { seed: 1 };

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
  it('is one of exactly six sentences', () => {
    expect(VERDICTS).toEqual([
      ...['edge', 'no evidence of an edge', 'worse than holding', 'too little data to judge'],
      ...['suspicious: look for a leak', "can't be judged"],
    ]);
  });

  /** Bars of made-up returns: the market's, and a policy's with this alpha and noise a bar. */
  function made(
    seed: number,
    options: { alpha: number; beta?: number; noise?: number; drift?: number; bars?: number },
  ) {
    const { alpha, beta = 0, noise = 0.004, drift = 0, bars = 3000 } = options;
    const rng = new Rng(seed);
    const held = Array.from({ length: bars }, () => drift + 0.006 * rng.normal());
    const own = held.map((h) => alpha + beta * h + noise * rng.normal());
    const grow = (values: readonly number[]) => {
      const equity = [1];
      for (const value of values) equity.push(equity[equity.length - 1] * (1 + value));
      return equity;
    };
    return { held, own, grow };
  }
  const trades = compare(coinFlipPolicy(1)).ledger.trades;
  const judged = ({ held, own, grow }: ReturnType<typeof made>, size = 1, more: Partial<Circumstances> = {}) =>
    judge(ledgerOf(grow(own.map((r) => size * r)), { trades }), ledgerOf(grow(held)), { seed: 1, ...more });

  it('is an edge where it is there, whatever the size of the bets', () => {
    // Sharpe 0.0375 a bar is 3.5 a year.
    const world = made(1, { alpha: 0.00015, beta: 0.3 });
    for (const size of [0.25, 0.5, 1, 2]) {
      const { verdict, reason } = judged(world, size);
      expect([size, verdict]).toEqual([size, 'edge']);
      expect(reason).toMatch(
        /more than its share of the market .*; luck alone is this good in .* of cases, with one configuration looked at; this is one seed of 5$/,
      );
    }
  });

  it('is not fooled by a share of a rising market, nor by holding less of a falling one', () => {
    for (const drift of [0.0005, -0.0005])
      for (const beta of [0.2, 0.5, 1]) {
        const { verdict } = judged(made(3, { alpha: 0, beta, drift, noise: 0.001 }));
        expect(verdict).toBe('no evidence of an edge');
      }
  });

  it('does not call a low-volatility strategy worse than holding because the market rose', SLOW, () => {
    let worse = 0;
    for (let seed = 0; seed < 20; seed++) {
      const world = made(100 + seed, { alpha: 0.00003, noise: 0.001, drift: 0.0002, bars: 4000 });
      if (judged(world).verdict === 'worse than holding') worse++;
    }
    expect(worse).toBe(0);
  });

  it('knows what luck can do among all who looked', SLOW, () => {
    const world = made(5, { alpha: 0.0002 });
    expect(judged(world).verdict).toBe('edge');
    const rng = new Rng(9);
    const others = Array.from({ length: 400 }, () => Float64Array.from(world.own, () => 0.004 * rng.normal()));
    const crowd = judged(world, 1, { looks: { ...NO_LOOKS, others, sharpes: others.map(() => null) } });
    expect(crowd.verdict).toBe('no evidence of an edge');
    expect(crowd.reason).toMatch(/luck alone is this good in [\d.]+ % of cases, with 401 configurations looked at/);
    // Clones of it and hopeless company are no reason for doubt.
    const clones = Array.from({ length: 400 }, () => Float64Array.from(world.own));
    const hopeless = Array.from({ length: 6 }, () => Float64Array.from(world.own, () => 0.004 * rng.normal() - 0.001));
    const company = { ...NO_LOOKS, others: [...clones, ...hopeless] };
    expect(judged(world, 1, { looks: company }).verdict).toBe('edge');
  });

  it('is that of the configuration over its seeds: the best of them alone proves nothing', () => {
    const rng = new Rng(12);
    const world = made(6, { alpha: 0, bars: 6000 });
    const seeds = Array.from({ length: 200 }, () => Float64Array.from(world.own, () => 0.004 * rng.normal()));
    const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, one) => sum + one, 0);
    seeds.sort((x, y) => total(y) - total(x));
    const [best, ...rest] = seeds;
    const lucky = { ...world, own: Array.from(best) };
    expect(judged(lucky).verdict).toBe('edge');
    const over = judged(lucky, 1, { looks: { ...NO_LOOKS, seeds: rest } });
    expect(over.verdict).toBe('no evidence of an edge');
    expect(over.seeds).toEqual({ own: 1, seen: 200, asked: 5 });
  });

  it('is that of the folds where a strategy was trained anew for each, and of the bars where there is one fold', () => {
    const world = made(1, { alpha: 0.00015 });
    const n = world.own.length;
    expect(judged(world).verdict).toBe('edge');
    expect(judged(world, 1, { folds: [n] })).toEqual(judged(world));
    // All of it earned in one of four folds is one good observation, and three of nothing.
    const lump = { ...world, own: world.own.map((r, i) => r - 0.00015 + (i < n / 4 ? 0.0006 : 0)) };
    expect(judged(lump).verdict).toBe('edge');
    expect(judged(lump, 1, { folds: [n / 4, n / 4, n / 4, n / 4] }).verdict).toBe('no evidence of an edge');
  });

  it('suspects what is too good, and what one bar of delay takes away', () => {
    expect(judged(made(7, { alpha: 0.0004 }))).toMatchObject({
      verdict: 'suspicious: look for a leak',
      reason: expect.stringMatching(/Sharpe ratio of \d+\.\d with no fee charged is too good/),
    });
    const world = made(1, { alpha: 0.00015 });
    expect(judged(world, 1, { keptWhenLate: 0.8 }).verdict).toBe('edge');
    expect(judged(world, 1, { keptWhenLate: 0.1 })).toMatchObject({
      verdict: 'suspicious: look for a leak',
      reason: 'one bar of delay leaves 10.0 % of its Sharpe ratio',
    });
  });

  it('is none on bars that somebody has seen', () => {
    const world = made(1, { alpha: 0.00015 });
    expect(judged(world, 1, { obstacle: 'it was trained on them' })).toMatchObject({
      verdict: "can't be judged",
      reason: 'it was trained on them',
    });
  });

  it('says that it is worse only where that is sure', () => {
    let worse = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { ledger, holding } = compare(randomPolicy('random', 0.2, seed), { seed: 50 + seed, free: true });
      if (judge(ledger, holding, ONE).verdict === 'worse than holding') worse++;
    }
    expect(worse).toBeLessThanOrEqual(3);
  });

  it('calls costs for nothing worse than holding', () => {
    const { ledger, holding } = compare(coinFlipPolicy(1));
    expect(judge(ledger, holding, ONE).verdict).toBe('worse than holding');
  });

  it('speaks of no lead where there is none, and of no loss beyond everything', () => {
    for (let seed = 0; seed < 40; seed++) {
      const { ledger, holding } = compare(randomPolicy('random', 0.6, seed), { seed: 90 + seed, bars: 800 });
      const { reason, excessReturn } = judge(ledger, holding, ONE);
      if (excessReturn.estimate <= 0) expect(reason).not.toMatch(/its lead/);
      for (const [, figure] of reason.matchAll(/(-?[\d.]+) %/g))
        expect(Number(figure), reason).toBeGreaterThanOrEqual(-100);
    }
  });

  it('draws as many samples as it is told', () => {
    const { ledger, holding } = compare(randomPolicy('random', 0.2, 1), { free: true });
    const [few, many] = [1000, 4000].map((resamples) => judge(ledger, holding, { seed: 1, resamples }).meanReturn);
    expect(few.lower).not.toBe(many.lower);
    expect(few.estimate).toBe(many.estimate);
  });

  it('sees no edge in holding itself, nor in doing nothing', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { ledger, holding } = compare(randomPolicy('idle', 0, 1), { seed });
      expect(judge(holding, holding, ONE).verdict).toBe('no evidence of an edge');
      const idle = judge(ledger, holding, ONE);
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
      if (judge(ledger, holding, { seed }).verdict === 'edge') edges++;
    }
    expect(edges / paths).toBeLessThanOrEqual(0.05);
  });

  it('judges nothing on too few bars, days or trades', () => {
    const { series } = compare(randomPolicy('r', 0, 1));
    const few = compare(seer(series.close, 1), { bars: 200 });
    expect(judge(few.ledger, few.holding, ONE).reason).toMatch(/200 bars over 8.3 days; at least 250 bars/);
    const short = compare(seer(series.close, 1), { bars: 300 });
    expect(judge(short.ledger, short.holding, ONE).verdict).toBe('too little data to judge');
    const daily = made(4, { alpha: 0.0007, bars: 400 });
    const long = ledgerOf(daily.grow(daily.own), { trades, timeframeMs: 24 * HOUR });
    expect(judge(long, ledgerOf(daily.grow(daily.held)), ONE).verdict).toBe('edge');
    const thin = { ...long, trades: long.trades.slice(0, 19) };
    expect(judge(thin, ledgerOf(daily.grow(daily.held)), ONE)).toMatchObject({
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
    expect(judge(ledger, holding, { seed: 7 })).toEqual(judge(ledger, holding, { seed: 7 }));
  });
});
