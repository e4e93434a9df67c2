/** What each action leads to, against a ledger written out by hand, and the expected return against sampled episodes. */
import { describe, expect, it } from 'vitest';
import { valuePath } from '../../src/agents/known-path.ts';
import { type AccountConfig, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import { Rng } from '../../src/core/rng.ts';
import { ENDED, FORBIDDEN, stateOf } from '../../src/env/outcomes.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv, type TradingMarket } from '../../src/env/trading-env.ts';
import { HOUR_MS, makeMarket } from './made-market.ts';

function makeEnv(market: TradingMarket, account: Partial<AccountConfig> = {}, reward = 'market-order'): TradingEnv {
  return new TradingEnv({
    markets: [market],
    count: 1,
    account: { ...DEFAULT_ACCOUNT, ...account },
    reward: rewardNamed(reward),
    rewardScale: 100,
    starts: 'sequential',
    maxEpisodeSteps: 0,
  });
}

/**
 * The log growth of an account that holds `share` of its equity at the close c0, by the next close c1, over the open o:
 * BUY spends a `unit` share of the equity at c0, costs included, as far as the cash goes; SELL of a long position or BUY
 * of a short one closes it; borrowing is paid on what is short.
 */
function growth(share: number, action: number, unit: number, prices: [number, number, number], config: AccountConfig) {
  const [c0, o, c1] = prices;
  const { feeRate: fee, slippageRate: slip, borrowRatePerYear } = config;
  let cash = 1 - share;
  let quantity = share / c0;
  if (quantity < 0) cash += quantity * c0 * borrowRatePerYear * (HOUR_MS / (365.25 * 24 * HOUR_MS));
  const costs = (1 + slip) * (1 + fee);
  const size = unit / (c0 * costs);
  if (action === BUY && share >= 0) {
    const bought = Math.min(size, cash / (o * costs));
    cash -= bought * o * costs;
    quantity += bought;
  } else if (action === BUY) {
    cash += quantity * o * costs;
    quantity = 0;
  } else if (action === SELL && share > 0) {
    cash += quantity * o * (1 - slip) * (1 - fee);
    quantity = 0;
  } else if (action === SELL) {
    cash += size * o * (1 - slip) * (1 - fee);
    quantity -= size;
  }
  return Math.log(cash + quantity * c1);
}

describe.each(['spot', 'margin'] as const)('outcomes of a %s account', (mode) => {
  const market = makeMarket({ rows: 300, window: 4, gaps: [100] });
  const { open, close } = market.series;
  const maxUnits = 3;
  const config = { ...DEFAULT_ACCOUNT, mode, maxUnits };
  const { states, next, rewards, playable } = makeEnv(market, { mode, maxUnits }).outcomes();

  it('are those of a ledger by hand, at every bar, number of units and action', () => {
    expect(states).toBe(mode === 'spot' ? 4 : 7);
    let checked = 0;
    for (let row = 0; row < playable.length; row++) {
      for (let state = 0; state < states; state++) {
        const units = mode === 'spot' ? state : state - maxUnits;
        for (const action of [SELL, BUY, HOLD]) {
          const at = (row * states + state) * 3 + action;
          const forbidden =
            (action === BUY && units === maxUnits) ||
            (action === SELL && units === (mode === 'spot' ? 0 : -maxUnits)) ||
            playable[row] === 0;
          if (forbidden) {
            expect(next[at]).toBe(FORBIDDEN);
            expect(rewards[at]).toBe(0);
            continue;
          }
          const closes = (action === SELL && units > 0) || (action === BUY && units < 0);
          const after = action === HOLD ? units : closes ? 0 : units + (action === BUY ? 1 : -1);
          expect(next[at]).toBe(stateOf(after, config));
          const prices: [number, number, number] = [close[row], open[row + 1], close[row + 1]];
          const expected = 100 * growth(units / maxUnits, action, 1 / maxUnits, prices, config);
          expect(Math.abs(rewards[at] - expected)).toBeLessThan(1e-9);
          checked++;
        }
      }
    }
    expect(checked).toBeGreaterThan(2000);
  });

  it('are known only where a decision can be made, filled and paid', () => {
    // The window is not whole before row 4, and after the gap before row 104; the last bar pays nobody.
    for (const row of [0, 3, 99, 100, 103, 299]) expect(playable[row]).toBe(0);
    for (const row of [4, 98, 104, 298]) expect(playable[row]).toBe(1);
  });
});

it('a crash ends a margin account, and nothing follows', () => {
  const market = makeMarket({ rows: 40, window: 4 });
  const { series } = market;
  for (let i = 20; i < 40; i++)
    for (const column of [series.open, series.high, series.low, series.close]) column[i] *= 3;
  const { next, rewards, states } = makeEnv(market, { mode: 'margin', maxUnits: 1 }).outcomes();
  const [short, flat] = [0, 1];
  expect(next[(19 * states + short) * 3 + HOLD]).toBe(ENDED);
  expect(rewards[(19 * states + short) * 3 + HOLD]).toBeLessThan(-300);
  expect(next[(19 * states + flat) * 3 + HOLD]).toBe(flat);
});

it('a reward of the bar is paid whatever is held, and the bonus for HOLD too', () => {
  const market = makeMarket({ rows: 80, window: 4 });
  const table = rewardNamed('horizon');
  const pays = table.kind === 'table' ? table.table(market.series, DEFAULT_ACCOUNT) : new Float64Array(0);
  const of = (reward: string) => makeEnv(market, {}, reward).outcomes();
  const [bare, bonus, step, both] = ['horizon', 'smurf(horizon)', 'market-order', 'smurf(market-order)'].map(of);
  for (let units = 1; units < 4; units++) {
    const at = (20 * 5 + units) * 3;
    for (const action of [SELL, BUY, HOLD]) {
      expect(bare.rewards[at + action]).toBeCloseTo(100 * pays[60 + action], 12);
      const extra = action === HOLD ? 100 * 0.55 * DEFAULT_ACCOUNT.feeRate : 0;
      expect(bonus.rewards[at + action] - bare.rewards[at + action]).toBeCloseTo(extra, 12);
      expect(both.rewards[at + action] - step.rewards[at + action]).toBeCloseTo(extra, 12);
    }
  }
});

it('refuses what depends on the path, in one line', () => {
  const market = makeMarket({ rows: 80, window: 4 });
  for (const name of ['realized', 'smurf(realized)'])
    expect(() => makeEnv(market, {}, name).outcomes()).toThrow(
      `the reward ${name} depends on how a position was reached`,
    );
});

/** Deviation of what the account earns over an episode from what the account of its units would. */
const LARGEST = { spot: 0.004, margin: 0.02 };

describe.each([
  { mode: 'spot', maxUnits: 4 },
  { mode: 'margin', maxUnits: 2 },
] as const)('10,000 episodes of TradingEnv ($mode)', ({ mode, maxUnits }) => {
  it('earn on average what the recursion says', { timeout: 60_000 }, () => {
    const [bars, first, episodes] = [60, 10, 10_000];
    const market = { ...makeMarket({ rows: 90, window: 4 }), from: first, to: first + bars + 1 };
    const env = makeEnv(market, { mode, maxUnits });
    const outcomes = env.outcomes();
    const { states } = outcomes;
    const rng = new Rng(3);
    const policy = new Float64Array(bars * states * 3);
    for (let at = 0; at < policy.length; at += 3) {
      const weights = [0, 1, 2].map((a) =>
        outcomes.next[first * states * 3 + at + a] === FORBIDDEN ? 0 : rng.uniform(),
      );
      const sum = weights[0] + weights[1] + weights[2];
      for (let a = 0; a < 3; a++) policy[at + a] = weights[a] / sum;
    }
    const values = new Float64Array(states);
    valuePath({ outcomes, row: first, bars, policy, policyAt: 0 }, 1, 0, new Float64Array(0), 0, values);
    const expected = values[stateOf(0, { mode, maxUnits })] / 100;

    env.reset(1);
    const [real, canonical] = [new Float64Array(episodes), new Float64Array(episodes)];
    for (let n = 0; n < episodes; n++) {
      let state = stateOf(0, { mode, maxUnits });
      for (let t = 0; t < bars; t++) {
        const at = ((first + t) * states + state) * 3;
        const chosen = (t * states + state) * 3;
        let draw = rng.uniform();
        let action = 0;
        while (action < 2 && draw >= policy[chosen + action]) draw -= policy[chosen + action++];
        env.step(new Uint8Array([action]));
        real[n] += env.rewards[0] / 100;
        canonical[n] += outcomes.rewards[at + action] / 100;
        state = outcomes.next[at + action];
      }
      if (env.truncated[0] !== 1) throw new Error('an episode is as long as the path');
    }
    const mean = (x: Float64Array) => x.reduce((sum, value) => sum + value, 0) / episodes;
    const error = (x: Float64Array) => {
      const m = mean(x);
      return Math.sqrt(x.reduce((sum, value) => sum + (value - m) ** 2, 0) / (episodes - 1) / episodes);
    };
    expect(env.bars[0]).toBe(first);
    expect(Math.abs(mean(canonical) - expected)).toBeLessThan(3 * error(canonical));
    expect(Math.abs(mean(real) - expected)).toBeLessThan(3 * error(real));
    // What it costs to call an account by its units alone: -0.00005 (spot) and +0.0005 (margin) of a log return of -0.03
    // over 60 bars of random orders, with a volatility of 1 % a bar.
    expect(Math.abs(mean(real) - mean(canonical))).toBeLessThan(0.001);
    expect(Math.sqrt(real.reduce((sum, r, n) => sum + (r - canonical[n]) ** 2, 0) / episodes)).toBeLessThan(
      LARGEST[mode],
    );
  });
});
