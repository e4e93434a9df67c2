import { describe, expect, it } from 'vitest';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import { Rng } from '../../src/core/rng.ts';
import { alwaysUpMarket, plantedWorld, playThrough, sineBest, sineMarket } from './market-worlds.ts';
import { delayedWorld, identityWorld, ToyEnv } from './toy-worlds.ts';

/** Mean reward of an episode under a policy that sees the window's last row. */
function meanEpisode(env: ToyEnv, policy: (features: Float32Array) => Action, steps = 2000): number {
  env.reset(1);
  let total = 0;
  let episodes = 0;
  for (let n = 0; n < steps; n++) {
    const last = env.obs.subarray(env.obs.length - env.features);
    env.step(Uint8Array.of(policy(last)));
    total += env.rewards[0];
    episodes += env.terminated[0] + env.truncated[0];
  }
  return total / episodes;
}

describe('toy worlds', () => {
  it('pay the best policy what they say, and less to a wrong one', () => {
    const identity = new ToyEnv(identityWorld(), 1);
    const named = (features: Float32Array) => features.indexOf(1) as Action;
    expect(meanEpisode(identity, named)).toBe(identityWorld().best);
    expect(meanEpisode(identity, () => HOLD)).toBeLessThan(10);
    const delayed = new ToyEnv(delayedWorld(), 1);
    const answer = (features: Float32Array) => (features[0] === 1 ? SELL : BUY);
    expect(meanEpisode(delayed, answer)).toBe(1);
    expect(meanEpisode(delayed, () => BUY)).toBeCloseTo(0.5, 1);
  });

  it('go on from a saved state as if undisturbed', () => {
    const env = new ToyEnv(identityWorld(), 3);
    const other = new ToyEnv(identityWorld(), 3);
    env.reset(4);
    const rng = new Rng(1);
    for (let n = 0; n < 100; n++) {
      other.restoreState(JSON.parse(JSON.stringify(env.saveState())));
      expect(other.obs).toEqual(env.obs);
      const actions = Uint8Array.of(rng.integer(3), rng.integer(3), rng.integer(3));
      env.step(actions);
      other.step(actions);
      expect([other.rewards, other.truncated, other.bars]).toEqual([env.rewards, env.truncated, env.bars]);
    }
  });
});

describe('market worlds', () => {
  it('rise for who holds, swing for who times', () => {
    const hold = playThrough(alwaysUpMarket(), () => BUY);
    expect(hold.realised).toBeCloseTo(0.005 * 396 - 0.0015, 3);
    const { close } = sineMarket().series;
    const timed = playThrough(sineMarket(), (row, units) => {
      const rises = close[row + 1] > close[row];
      return rises === units > 0 ? HOLD : rises ? BUY : SELL;
    });
    expect(timed.realised).toBeCloseTo(sineBest(), 2);
    expect(timed.realised).toBeGreaterThan(1.5);
  });

  it('plant a signal that the oracle trades better than any single threshold', () => {
    const world = plantedWorld({ seed: 5, rows: 20_000 });
    const best = playThrough(world.market, world.oracle, world.drift);
    // Luck is the difference of the two sums: some three standard deviations at most.
    expect(Math.abs(best.realised - best.expected)).toBeLessThan(3 * 0.01 * Math.sqrt(10_000));
    expect(best.expected).toBeGreaterThan(10);
    for (const level of [-0.002, -0.001, 0, 0.001, 0.002]) {
      const threshold = playThrough(
        world.market,
        (row, units) => (world.drift[row] > level === units > 0 ? HOLD : units > 0 ? SELL : BUY),
        world.drift,
      );
      expect(threshold.expected).toBeLessThan(best.expected);
    }
  });

  it('hides the signal when shuffled', () => {
    const shown = plantedWorld({ seed: 5, rows: 5000 }).market.table;
    const hidden = plantedWorld({ seed: 5, rows: 5000, shuffled: true }).market.table;
    expect(hidden.data).not.toEqual(shown.data);
    expect(Float32Array.from(hidden.data).sort()).toEqual(Float32Array.from(shown.data).sort());
  });
});
