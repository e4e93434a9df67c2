/** Costs, delay, size; and what the published score is worth. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import { PLAIN } from '../../src/core/agent.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { studyCosts } from '../../src/evaluate/cost-study.ts';
import { renderCosts } from '../../src/evaluate/cost-text.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import { driftlessWalk, expectedScore, scoreIgnorant } from '../../src/evaluate/published.ts';
import { seriesOf } from './markets.ts';

const HOURS = 400;
/** Up by 0.5 % and down again: a policy that knows it earns that less costs every other bar. */
const close = Array.from({ length: HOURS }, (_, i) => (i % 2 === 0 ? 100 : 100.5));
const series = seriesOf(
  close.map((_, i) => close[Math.max(0, i - 1)]),
  close,
);
const account = { ...DEFAULT_ACCOUNT, maxUnits: 1 };
const knows = (): Policy => ({ name: 'knows', decide: (row) => PLAIN[row % 2 === 0 ? BUY : SELL] });
const options = {
  ...{ series, table: null, account, rows: { from: 0, to: HOURS }, makeShield: () => null },
};

describe('a cost study', () => {
  // Every round trip earns (100.5 / 100) (1 - s) (1 - f) / ((1 + s) (1 + f)): the fill is at the next open.
  const { open } = series;
  const trips = (multiple: number) => {
    const [fee, slip] = [multiple * account.feeRate, multiple * account.slippageRate];
    let growth = 1;
    for (let row = 0; row < HOURS; row += 2)
      growth *= ((open[row + 2] ?? close[row + 1]) * (1 - slip) * (1 - fee)) / (open[row + 1] * (1 + slip) * (1 + fee));
    return growth;
  };

  it('has the return at each multiple, and the break-even between two of them', () => {
    const { curve, breakEven } = studyCosts({ ...options, makePolicy: knows });
    for (const { multiple, cumulativeReturn } of curve) expect(cumulativeReturn).toBeCloseTo(trips(multiple) - 1, 6);
    expect(curve.map(({ multiple }) => multiple)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3]);
    if (breakEven === null) throw new Error('it breaks even somewhere');
    expect(Math.abs(Math.log(trips(breakEven)))).toBeLessThan(0.02 * Math.abs(Math.log(trips(0))));
  });

  it('one bar late buys what it meant to sell', () => {
    const { delayed, curve } = studyCosts({ ...options, makePolicy: knows });
    expect(delayed.logReturn).toBeLessThan(-(curve[2].logReturn ?? 0));
  });

  it('a fill takes at most its part of the volume, and a large account earns less of it', () => {
    const buys: Policy = { name: 'x', decide: (row) => PLAIN[row === 3 ? BUY : row === 6 ? SELL : HOLD] };
    const volume = new Float64Array(HOURS).fill(10);
    const thin = { ...series, volume };
    const ledger = backtest({
      policy: buys,
      series: thin,
      table: null,
      account,
      shield: null,
      rows: options.rows,
      participation: 0.01,
    });
    expect(ledger.fills.map(({ quantity }) => quantity)).toEqual([0.1, -0.1]);
    // 10,000 is about 100 base: a bar's 1 % is 100 where 10,000 are traded.
    const study = studyCosts({
      ...options,
      series: { ...series, volume: volume.fill(10_000) },
      account: { ...account, feeRate: 0, slippageRate: 0 },
      makePolicy: knows,
    });
    const returns = study.sizes.map(({ logReturn }) => logReturn ?? Number.NaN);
    for (let i = 1; i < returns.length; i++) expect(returns[i]).toBeLessThan(returns[i - 1]);
    expect(study.largestAccount).toBe(10_000);
    expect(renderCosts(study)).toContain('half of the log return is left up to an account of 10,000');
  });

  it('says so where nothing is earned without costs', () => {
    const study = studyCosts({
      ...options,
      makePolicy: () => ({ name: 'x', decide: (row) => PLAIN[row % 2 === 1 ? BUY : SELL] }),
    });
    expect(study).toMatchObject({ breakEven: null, largestAccount: null });
    expect(renderCosts(study)).toContain('Loses without any costs');
  });
});

describe('the published score', () => {
  it('is paid to policies that know nothing, as Spitzer’s identity says, while they lose their costs', () => {
    const bars = 2249;
    const walks = Array.from({ length: 30 }, (_, seed) => driftlessWalk(bars + 20, 0.009, seed));
    const scores = walks.map((walk, seed) =>
      scoreIgnorant(walk, { from: 0, to: walk.length }, 0.005, DEFAULT_ACCOUNT, seed),
    );
    const expected = expectedScore(bars, 0.009, 0.005);
    // 35.8 and 37.5 were found on one such walk.
    expect(expected).toBeGreaterThan(35);
    expect(expected).toBeLessThan(39);
    for (const p of [0, 1, 2]) {
      const of = scores.map((one) => one[p]);
      expect(new Set(of.map((one) => one.bars))).toEqual(new Set([bars]));
      const mean = of.reduce((sum, { score }) => sum + score, 0) / of.length;
      const error = Math.sqrt(
        of.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / of.length / (of.length - 1),
      );
      expect(Math.abs(mean - expected)).toBeLessThan(4 * error);
    }
    const flips = scores.map((one) => one[2].earned);
    expect(flips.reduce((sum, earned) => sum + earned, 0) / flips.length).toBeLessThan(-0.3);
  });
});
