import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { boundPolicy, solveLaw } from '../../src/evaluate/bound.ts';
import { findWorld, type Law, WORLDS } from '../../src/market/worlds/index.ts';

const ONE_UNIT = { ...DEFAULT_ACCOUNT, maxUnits: 1 };

/** Long-run growth of a policy (inside[z][u]: in the market next, when in state z with u units) that starts flat. */
function growthOf(law: Law, inside: readonly (readonly boolean[])[], cost: number): number {
  const { states, transition } = law;
  let share = Array.from({ length: states }, () => [1 / states, 0]);
  let growth = 0;
  for (let k = 0; k < 3000; k++) {
    const next = Array.from({ length: states }, () => [0, 0]);
    growth = 0;
    for (let z = 0; z < states; z++) {
      for (const u of [0, 1]) {
        const n = inside[z][u] ? 1 : 0;
        growth += share[z][u] * (law.growth(z, n) + (n === u ? 0 : Math.log(1 - cost)));
        for (let to = 0; to < states; to++) next[to][n] += share[z][u] * transition[z * states + to];
      }
    }
    share = next;
  }
  return growth;
}

describe('the bound', () => {
  it('is the best of all policies, tried one by one, where states are few', () => {
    const cost = 1 - (1 - ONE_UNIT.feeRate) * (1 - ONE_UNIT.slippageRate);
    for (const scale of [0.0002, 0.001, 0.004]) {
      const drifts = [2, 0.4, -0.3, -1.5].map((one) => one * scale);
      const stay = 0.9;
      const transition = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? stay : (1 - stay) / 3));
      const law: Law = { states: 4, transition, growth: (z, share) => share * drifts[z] };
      let best = 0;
      for (let bits = 0; bits < 256; bits++) {
        const inside = [0, 1, 2, 3].map((z) => [0, 1].map((u) => (bits >> (2 * z + u)) % 2 === 1));
        best = Math.max(best, growthOf(law, inside, cost));
      }
      expect(solveLaw(law, ONE_UNIT).growth, `drifts of ${scale}`).toBeCloseTo(best, 8);
    }
  });

  it('trades nothing where nothing can be earned, and holds where holding is right', () => {
    for (const name of ['fair', 'clustered-volatility']) {
      const { law } = findWorld(name).make(1, 500);
      const { actions, growth } = solveLaw(law, DEFAULT_ACCOUNT);
      // Flat it holds; whatever else it might hold it sells, sooner or later.
      expect(actions[0], name).toBe(2);
      expect(growth).toBe(0);
    }
    const { law } = findWorld('crashes').make(1, 500);
    const { actions } = solveLaw(law, DEFAULT_ACCOUNT);
    expect(Array.from(actions)).toEqual([1, 1, 1, 1, 2]);
  });

  it.each(WORLDS.map((world) => [world.name, world] as const))(
    '%s: a backtest earns what the programme expects',
    (_, world) => {
      const bars = 100_000;
      const { series, law, states } = world.make(3, bars);
      const bound = solveLaw(law, DEFAULT_ACCOUNT);
      const policy = boundPolicy(bound, states, DEFAULT_ACCOUNT);
      const rows = { from: 0, to: bars };
      const { equity } = backtest({ policy, series, table: null, account: DEFAULT_ACCOUNT, shield: null, rows });
      const size = 2000;
      const growths = Array.from({ length: bars / size }, (_, b) => {
        return Math.log(equity[(b + 1) * size - 1] / equity[b * size]) / (size - 1);
      });
      const mean = growths.reduce((sum, x) => sum + x, 0) / growths.length;
      const variance = growths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (growths.length - 1);
      const error = Math.sqrt(variance / growths.length);
      // The canonical account and the real one drift apart by a little.
      expect(Math.abs(mean - bound.growth), `${mean} for ${bound.growth}`).toBeLessThanOrEqual(
        4 * error + 0.03 * bound.growth,
      );
    },
  );

  it('beats every simple use of the same filter', () => {
    const bars = 100_000;
    const { series, law, states } = findWorld('two-regimes').make(3, bars);
    const options = { series, table: null, account: DEFAULT_ACCOUNT, shield: null, rows: { from: 0, to: bars } };
    const earned = (policy: Parameters<typeof backtest>[0]['policy']) =>
      Math.log(backtest({ ...options, policy }).equity[bars - 1] / DEFAULT_ACCOUNT.startingEquity);
    const best = earned(boundPolicy(solveLaw(law, DEFAULT_ACCOUNT), states, DEFAULT_ACCOUNT));
    for (const buyAbove of [50, 60, 70, 80]) {
      for (const sellBelow of [20, 30, 40, 50]) {
        const plain = { action: 2 as 0 | 1 | 2, probabilities: null, qValues: null };
        const simple = earned({
          name: 'threshold',
          decide: (row, { mask }) => {
            const wish = states[row] > buyAbove ? 1 : states[row] < sellBelow ? 0 : 2;
            return { ...plain, action: mask[wish] === 1 ? wish : 2 };
          },
        });
        expect(simple, `buys above ${buyAbove}, sells below ${sellBelow}`).toBeLessThan(best * 1.01);
      }
    }
  });
});
