import { describe, expect, it } from 'vitest';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { InputError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import type { AccountReward, TableReward } from '../../src/env/rewards/reward.ts';
import { HOUR_MS, makeSeries } from './made-market.ts';

const NOTHING = new Float64Array(0);
const COSTS = { feeRate: 0.001, slippageRate: 0.0005 };

const tableOf = (name: string, series: CandleSeries, costs = COSTS) =>
  (rewardNamed(name) as TableReward).table(series, costs);

describe('horizon', () => {
  const series = makeSeries(3, 100, [60]);
  const table = tableOf('horizon', series);

  it('enters at the next open, leaves at the horizon, pays both sides, and is mirrored', () => {
    const cost = Math.log((1 - 0.0015) / (1 + 0.0015));
    for (const row of [0, 17, 39, 60, 79]) {
      const move = Math.log(series.close[row + 20] / series.open[row + 1]);
      expect(table[row * 3 + BUY]).toBeCloseTo(move + cost, 12);
      expect(table[row * 3 + SELL]).toBeCloseTo(-move + cost, 12);
      expect(table[row * 3 + HOLD]).toBe(0);
    }
  });

  it('pays nothing across a gap or beyond the end', () => {
    for (const row of [40, 59, 80, 99]) expect(table[row * 3]).toBeNaN();
  });

  it('sees nothing before the decision and nothing beyond its horizon', () => {
    const changed = makeSeries(3, 100, [60]);
    for (let i = 0; i < 100; i++) {
      if (i <= 10 || i > 30)
        for (const column of [changed.open, changed.high, changed.low, changed.close]) column[i] *= 2;
    }
    expect(tableOf('horizon', changed).slice(30, 33)).toEqual(table.slice(30, 33));
  });
});

describe('smurf', () => {
  it('adds the bonus to HOLD alone, of a table', () => {
    const series = makeSeries(1, 60);
    const base = tableOf('horizon', series);
    const table = tableOf('smurf(horizon)', series);
    for (let row = 0; row < 40; row++) {
      expect(table[row * 3 + BUY]).toBe(base[row * 3 + BUY]);
      expect(table[row * 3 + SELL]).toBe(base[row * 3 + SELL]);
      expect(table[row * 3 + HOLD]).toBeCloseTo(0.00055, 15);
    }
  });

  it('adds the bonus to HOLD alone, of an account', () => {
    const reward = rewardNamed('smurf(market-order)') as AccountReward;
    const account = new Account({ ...DEFAULT_ACCOUNT, feeRate: 0.01 });
    account.reset(100);
    expect(reward.pay(account, HOLD, 0.1, NOTHING)).toBeCloseTo(0.1055, 15);
    expect(reward.pay(account, BUY, 0.1, NOTHING)).toBe(0.1);
  });
});

describe.each(['spot', 'margin'] as const)('what a trade earned (%s)', (mode) => {
  it('market-order sums to ln(exit / entry) over every trade, and realized pays just that at its end', () => {
    const series = makeSeries(8, 4000, [], 0.03);
    const account = new Account({ ...DEFAULT_ACCOUNT, mode });
    account.reset(series.close[0]);
    const [marketOrder, realized] = ['market-order', 'realized'].map((name) => rewardNamed(name) as AccountReward);
    const rng = new Rng(3);
    let trade = 0;
    let entry = account.equity;
    let closed = 0;
    for (let t = 1; t < series.length && !account.ended; t++) {
      const action = rng.integer(3) as Action;
      const before = account.logEquity;
      const equity = account.equity;
      if (account.units === 0) [trade, entry] = [0, equity];
      account.stepBar(account.request(action), HOUR_MS, series.open[t], series.high[t], series.low[t], series.close[t]);
      const change = account.logEquity - before;
      trade += marketOrder.pay(account, action, change, NOTHING);
      const paid = realized.pay(account, action, change, NOTHING);
      if (!account.tradeClosed) expect(paid).toBe(0);
      else {
        closed++;
        expect(trade).toBeCloseTo(Math.log(account.equity / entry), 12);
        expect(paid).toBeCloseTo(trade, 12);
      }
    }
    expect(closed).toBeGreaterThan(100);
  });
});

describe('the list of rewards', () => {
  it('refuses an unknown name in one line', () => {
    expect(() => rewardNamed('smurf(profit)')).toThrow(InputError);
    expect(() => rewardNamed('profit')).toThrow(/^unknown reward "profit": use one of market-order, realized, /);
  });
});
