/** The shield inside training: what it denies is masked before an agent samples. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { Rng } from '../../src/core/rng.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv, type TradingEnvConfig } from '../../src/env/trading-env.ts';
import { ShieldedEnv } from '../../src/experiment/shielded-env.ts';
import { createShield, type ShieldOptions } from '../../src/shield/index.ts';
import { makeMarket } from '../env/made-market.ts';

const COUNT = 3;

function makeEnv(config: Partial<TradingEnvConfig> = {}): TradingEnv {
  return new TradingEnv({
    markets: [makeMarket(), makeMarket({ seed: 2, rows: 200 })],
    count: COUNT,
    account: DEFAULT_ACCOUNT,
    reward: rewardNamed('market-order'),
    rewardScale: 1,
    starts: 'random',
    maxEpisodeSteps: 30,
    ...config,
  });
}
const shield = (options: ShieldOptions, config: Partial<TradingEnvConfig> = {}) =>
  new ShieldedEnv(makeEnv(config), () => createShield(options));
const repeatLimit: ShieldOptions = { profile: 'none', overrides: { 'repeat-limit': {} } };
const row = (env: { masks: Uint8Array }, index: number) => [...env.masks.subarray(3 * index, 3 * index + 3)];

/** Draws among the allowed actions, as an agent does. */
function sample(rng: Rng, masks: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: COUNT }, (_, i) => {
    const allowed = [0, 1, 2].filter((action) => masks[3 * i + action] === 1);
    return allowed[rng.integer(allowed.length)];
  });
}
const look = (env: TradingEnv | ShieldedEnv) =>
  structuredClone([env.obs.slice(), env.masks, env.bars, env.extras, env.rewards, env.terminated, env.truncated]);

describe('a shielded environment', () => {
  test('without rules is the environment that it holds', () => {
    const [plain, shielded] = [makeEnv(), shield({ profile: 'none' })];
    for (const env of [plain, shielded]) env.reset(4);
    const rng = new Rng(1);
    for (let step = 0; step < 200; step++) {
      expect(look(shielded)).toEqual(look(plain));
      const actions = sample(rng, plain.masks);
      for (const env of [plain, shielded]) env.step(actions);
    }
  });
  test('masks the third of three equal requests, and starts afresh with an episode', () => {
    const env = shield(repeatLimit, { maxEpisodeSteps: 3 });
    env.reset(1);
    for (let episode = 0; episode < 2; episode++) {
      for (const masked of [false, false, true]) {
        for (let i = 0; i < COUNT; i++) expect(row(env, i)[1]).toBe(masked ? 0 : 1);
        env.step(new Uint8Array(COUNT).fill(masked ? 2 : 1));
      }
      expect([...env.truncated]).toEqual([1, 1, 1]);
    }
  });
  test('leaves nothing to deny, on any of its markets, and always HOLD', () => {
    const env = shield({}, { maxEpisodeSteps: 0 });
    const plain = makeEnv({ maxEpisodeSteps: 0 });
    for (const one of [env, plain]) one.reset(9);
    const rng = new Rng(2);
    let masked = 0;
    for (let step = 0; step < 300; step++) {
      for (let i = 0; i < COUNT; i++) expect(row(env, i)[2]).toBe(1);
      const actions = sample(rng, env.masks);
      for (const one of [env, plain]) one.step(actions);
      // What the agent asked for was done: the environment without a shield, asked the same, is in the same place.
      expect([...env.bars]).toEqual([...plain.bars]);
      expect(env.rewards).toEqual(plain.rewards);
      for (let i = 0; i < 3 * COUNT; i++) if (env.masks[i] < plain.masks[i]) masked++;
    }
    expect(masked).toBeGreaterThan(100);
  });
  test('a halt closes the position and leaves only HOLD', () => {
    const env = shield(
      { profile: 'none', overrides: { 'max-drawdown': { haltAt: 0.001, reduceAt: 0.5 } } },
      { maxEpisodeSteps: 0 },
    );
    env.reset(2);
    const held = (i: number) => env.extras[i * env.extraWidth];
    env.step(new Uint8Array(COUNT).fill(1));
    for (let i = 0; i < COUNT; i++) expect(held(i)).toBeGreaterThan(0);
    let halted = 0;
    for (let step = 0; step < 20; step++) {
      const before = [0, 1, 2].map((i) => row(env, i)[0] === 0 && held(i) > 0);
      env.step(new Uint8Array(COUNT).fill(2));
      for (let i = 0; i < COUNT; i++)
        if (before[i]) {
          expect(held(i)).toBe(0);
          expect(row(env, i)).toEqual([0, 0, 1]);
          halted++;
        }
    }
    expect(halted).toBeGreaterThan(0);
  });
  test('stopped and resumed goes on as if it never had', () => {
    const [whole, first, second] = [1, 2, 3].map(() =>
      shield({ ...repeatLimit, overrides: { 'order-rate': {}, ...repeatLimit.overrides } }),
    );
    for (const env of [whole, first]) env.reset(7);
    const rng = new Rng(3);
    for (let step = 0; step < 60; step++) {
      const actions = sample(rng, whole.masks);
      const part = step < 31 ? first : second;
      if (step === 31) second.restoreState(JSON.parse(JSON.stringify(first.saveState())));
      expect(part.masks).toEqual(whole.masks);
      for (const env of [whole, part]) env.step(actions);
      expect(look(part)).toEqual(look(whole));
    }
  });
  test('is refused where there is no account', () => {
    const env = makeEnv({ markets: [makeMarket({ accounts: false })], reward: rewardNamed('horizon') });
    expect(() => new ShieldedEnv(env, () => createShield())).toThrow('a shield can only mask');
  });
  test('tells each shield of its own account and market', () => {
    const inner = makeEnv();
    let told = 0;
    const env = new ShieldedEnv(inner, () => {
      const one = createShield({ profile: 'none' });
      const decide = one.decide.bind(one);
      one.decide = (decision, facts) => {
        const index = inner.accounts.findIndex((account) => account.mark === facts.close);
        expect([facts.units, facts.equity]).toEqual([inner.accounts[index].units, inner.accounts[index].equity]);
        const { series, table } = inner.config.markets.find((market) => market.series.close.includes(facts.close))!;
        const at = series.close.indexOf(facts.close);
        expect([facts.timeMs, facts.open, facts.high, facts.low]).toEqual([
          series.timeMs[at] + series.timeframeMs,
          series.open[at],
          series.high[at],
          series.low[at],
        ]);
        const newest = table.data.subarray(at * table.width, at * table.width + table.marketWidth);
        const from = (table.timeframe - 1) * table.width;
        expect(facts.window.subarray(from, from + table.marketWidth)).toEqual(newest);
        told++;
        return decide(decision, facts);
      };
      return one;
    });
    env.reset(5);
    const rng = new Rng(6);
    for (let step = 0; step < 100; step++) env.step(sample(rng, env.masks));
    expect(told).toBe(300);
  });
});
