/** A shield inside training: what it denies is masked before an agent samples, and it guards the position. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { Rng } from '../../src/core/rng.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv, type TradingEnvConfig } from '../../src/env/trading-env.ts';
import { createShield, type ShieldOptions } from '../../src/shield/index.ts';
import { makeMarket } from './made-market.ts';

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
  makeEnv({ ...config, shield: () => createShield(options) });
const repeatLimit: ShieldOptions = { profile: 'none', overrides: { 'repeat-limit': {} } };
const row = (env: { masks: Uint8Array }, index: number) => [...env.masks.subarray(3 * index, 3 * index + 3)];

/** Draws among the allowed actions, as an agent does. */
function sample(rng: Rng, masks: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: COUNT }, (_, i) => {
    const allowed = [0, 1, 2].filter((action) => masks[3 * i + action] === 1);
    return allowed[rng.integer(allowed.length)];
  });
}
const look = (env: TradingEnv) =>
  structuredClone([env.obs.slice(), env.masks, env.bars, env.extras, env.rewards, env.terminated, env.truncated]);

describe('an environment with a shield', () => {
  test('without rules is the environment without it', () => {
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
    // Without the rules that close a position by themselves.
    const overrides = {
      'stop-loss': false,
      'take-profit': false,
      'trailing-stop': false,
      'max-drawdown': false,
    } as const;
    const env = shield({ overrides }, { maxEpisodeSteps: 0 });
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
  test('a halt closes the position and ends the episode', () => {
    const env = shield(
      { profile: 'none', overrides: { 'max-drawdown': { haltAt: 0.001, reduceAt: 0.5 } } },
      { maxEpisodeSteps: 0 },
    );
    env.reset(2);
    const held = (i: number) => env.extras[i * env.extraWidth];
    let halted = 0;
    for (let step = 0; step < 40; step++) {
      const before = Array.from({ length: COUNT }, (_, i) => (held(i) > 0 ? row(env, i) : null));
      env.step(new Uint8Array(COUNT).fill(held(0) > 0 ? 2 : 1));
      before.forEach((mask, i) => {
        // Where the next decision would halt, nothing is allowed but HOLD, and then it does.
        const over = mask !== null && mask[0] === 0;
        expect(env.terminated[i]).toBe(over ? 1 : 0);
        if (!over) return;
        expect(env.finalExtras[i * env.extraWidth]).toBe(0);
        expect([...env.finalMasks.subarray(3 * i, 3 * i + 3)]).toEqual([0, 0, 1]);
        expect(row(env, i)).toEqual([0, 1, 1]);
        halted++;
      });
    }
    expect(halted).toBeGreaterThan(5);
  });
  test('a stop closes the position within the bar', () => {
    const env = shield({ profile: 'none', overrides: { 'stop-loss': { distance: 0.002 } } }, { maxEpisodeSteps: 0 });
    env.reset(3);
    let stopped = 0;
    for (let step = 0; step < 40; step++) {
      const held = env.accounts.map(({ units }) => units);
      const fills = env.accounts.map((account) => account.fills);
      env.step(new Uint8Array(COUNT).fill(step % 2 === 0 ? 1 : 2));
      env.accounts.forEach((account, i) => {
        const isRunning = env.terminated[i] === 0 && env.truncated[i] === 0;
        if (isRunning && step % 2 === 1 && held[i] > 0 && account.units === 0) {
          expect(account.fills).toBe(fills[i] + 1);
          stopped++;
        }
      });
    }
    expect(stopped).toBeGreaterThan(5);
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
    const bare = { markets: [makeMarket({ accounts: false })], reward: rewardNamed('horizon') };
    expect(() => shield({}, bare)).toThrow('a shield can only mask');
  });
  test('tells each shield of its own account and market', () => {
    let told = 0;
    const shield = () => {
      const one = createShield({ profile: 'none' });
      const decide = one.decide.bind(one);
      one.decide = (decision, facts) => {
        const index = env.accounts.findIndex((account) => account.mark === facts.close);
        expect([facts.units, facts.equity]).toEqual([env.accounts[index].units, env.accounts[index].equity]);
        const { series, table } = env.config.markets.find((market) => market.series.close.includes(facts.close))!;
        const at = series.close.indexOf(facts.close);
        expect([facts.timeMs, facts.open, facts.high, facts.low]).toEqual([
          series.timeMs[at] + series.timeframeMs,
          series.open[at],
          series.high[at],
          series.low[at],
        ]);
        const newest = table.data.subarray(at * table.width, at * table.width + table.marketWidth);
        const from = (table.window - 1) * table.width;
        expect(facts.values.subarray(from, from + table.marketWidth)).toEqual(newest);
        told++;
        return decide(decision, facts);
      };
      return one;
    };
    const env: TradingEnv = makeEnv({ shield });
    env.reset(5);
    const rng = new Rng(6);
    for (let step = 0; step < 100; step++) env.step(sample(rng, env.masks));
    expect(told).toBe(300);
  });
});
