/** The exact agent beyond its gradient: what it sees, what it starts from, what it refuses, and that it learns. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExactAgent, exactConfigSchema } from '../../src/agents/index.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { HOLD } from '../../src/core/action.ts';
import { SHIELD_COLUMNS } from '../../src/core/shield.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv, type TradingEnvConfig } from '../../src/env/trading-env.ts';
import type { VectorEnv } from '../../src/env/vector-env.ts';
import { UNITS_COLUMNS } from '../../src/features/observation.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { createShield } from '../../src/shield/index.ts';
import { makeMarket, narrowMarket } from '../env/made-market.ts';
import { alwaysUpMarket, playThrough, policyOf, toyTradingEnv } from '../env/market-worlds.ts';
import { identityWorld, ToyEnv } from '../env/toy-worlds.ts';
import { makeAgent, makeTradingEnv, SMALL_NETWORK, specFor, trainHere } from './made-agents.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const FEW = { stretches: 4, stretchBars: 16, beyondBars: 20, minibatchBars: 32 };

const makeExact = (env: VectorEnv, config: object) => makeAgent('exact', kernels, env, { config }) as ExactAgent;

const unitsOnly = (options: Parameters<typeof makeMarket>[0]) => narrowMarket(makeMarket(options), 1);

function envOf(changes: Partial<TradingEnvConfig> = {}): TradingEnv {
  return new TradingEnv({
    markets: [unitsOnly({ rows: 200, window: 4 })],
    count: 1,
    account: DEFAULT_ACCOUNT,
    reward: rewardNamed('market-order'),
    rewardScale: 100,
    starts: 'random',
    maxEpisodeSteps: 0,
    ...changes,
  });
}

describe('what it sees', () => {
  const width = 4;
  const windowOf = (units: number) => {
    const values = new Float32Array(4 * width);
    for (let t = 0; t < 4; t++) {
      for (let c = 0; c < 3; c++) values[t * width + c] = 0.1 * (t + c);
      values[t * width + 3] = units;
    }
    return values;
  };

  it.each([
    ['spot', 1],
    ['margin', 1],
    ['margin', 0.1],
  ] as const)('is the market and the units it holds, of a %s account, with columns x %d', (mode, accountScale) => {
    const env = makeTradingEnv(1, 'exact');
    const account = { ...DEFAULT_ACCOUNT, mode, maxUnits: 4 };
    const agent = makeAgent('exact', kernels, env, { spec: { account, scaler: { accountScale } } }) as ExactAgent;
    // A head of its own for each number of units.
    const bias = agent.actor.layout.tensors.find(({ name }) => name === 'head.bias')!;
    for (let i = 0; i < agent.actor.outputs; i++) agent.actor.parameters[bias.offset + i] = Math.sin(i);
    const seen = new Set<string>();
    for (let units = mode === 'spot' ? 0 : -4; units <= 4; units++) {
      const values = windowOf((units / 4) * accountScale);
      const { probabilities } = agent.decide({ values, mask: new Uint8Array([1, 1, 1]) });
      // The softmax of its own three logits, the trunk's part being nearly nothing.
      const at = (units + (mode === 'spot' ? 0 : 4)) * 3;
      const weights = [0, 1, 2].map((a) => Math.exp(Math.sin(at + a)));
      weights.forEach((weight, a) => {
        expect(probabilities![a]).toBeCloseTo(weight / (weights[0] + weights[1] + weights[2]), 1);
      });
      seen.add(probabilities!.join());
    }
    expect(seen.size).toBe(mode === 'spot' ? 5 : 9);
    agent.dispose();
  });

  it('is refused where the observation does not say what is held, or says how it came to be held', () => {
    const blind = envOf({ markets: [makeMarket({ rows: 200, window: 4, accounts: false })] });
    expect(() => makeAgent('exact', kernels, blind)).toThrow(/^exact: .*units_held.*features\.accountFeatures/);
    expect(() => makeAgent('exact', kernels, makeTradingEnv(1, 'ppo'))).toThrow(
      /^exact: unrealised_log_return, bars_in_trade, drawdown_from_peak depend on the path of the account.*ppo or dqn$/,
    );
  });
});

it('an untrained one is in no hurry: it holds, whatever it holds', () => {
  const env = makeTradingEnv(1, 'exact');
  const config = exactConfigSchema.parse({ network: SMALL_NETWORK });
  for (let seed = 1; seed <= 5; seed++) {
    const agent = new ExactAgent({ kernels, spec: specFor(env), config, seed });
    env.reset(seed);
    for (let n = 0; n < 60; n++) {
      expect(agent.getAction({ values: env.obs, mask: env.masks })).toBe(HOLD);
      env.step(new Uint8Array([n % 3]));
    }
    agent.dispose();
  }
});

describe('refuses in one line', () => {
  const attach = (env: TradingEnv, config: object = {}) => {
    const agent = makeExact(env, { ...FEW, ...config });
    return () => agent.attach(env, 1000);
  };

  it('a world that reacts', () => {
    const agent = makeExact(makeTradingEnv(1, 'exact'), FEW);
    expect(() => agent.attach(new ToyEnv(identityWorld(), 1), 1000)).toThrow(
      'exact: this environment reacts to what is done in it; use ppo or dqn',
    );
  });

  it('a reward that depends on the path, and a shield that masks', () => {
    for (const name of ['realized', 'smurf(realized)'])
      expect(attach(envOf({ reward: rewardNamed(name) }))).toThrow(
        /^exact: the reward .*realized.* depends on how a position was reached.*or use ppo or dqn$/,
      );
    // Before anything is made, where the observation says so.
    const of = (spec: object) => () => makeAgent('exact', kernels, makeTradingEnv(1, 'exact'), { spec });
    expect(of({ accountColumns: [...UNITS_COLUMNS, ...SHIELD_COLUMNS] })).toThrow(/^exact: .*masking shield/);
    const shield = () => createShield({ profile: 'cautious', without: ['smurf'] });
    expect(attach(envOf({ shield }))).toThrow(/^exact: .*masking shield.*path.*or use ppo or dqn$/);
  });

  it('a market without a stretch of bars', () => {
    expect(
      attach(envOf({ markets: [unitsOnly({ rows: 200, window: 4, gaps: [50, 100, 150] })] }), { stretchBars: 60 }),
    ).toThrow('exact: no 60 consecutive bars can be traded');
  });
});

it('visits every market, and no stretch leaves a market or crosses a gap', async () => {
  const markets = [1, 2, 3].map((seed) => unitsOnly({ seed, rows: 120, window: 4, gaps: [60] }));
  const env = envOf({ markets });
  const { outcomes } = env;
  const visited = new Set<number>();
  env.outcomes = () => {
    const known = outcomes.call(env);
    // Whatever looks at the outcomes of a row that can't be played finds it out.
    for (let row = 0; row < known.playable.length; row++) {
      if (known.playable[row] === 1) continue;
      known.rewards.fill(Number.NaN, row * known.states * 3, (row + 1) * known.states * 3);
      known.next.fill(0, row * known.states * 3, (row + 1) * known.states * 3);
    }
    const rewards = new Proxy(known.rewards, {
      get: (target, key) => {
        const at = typeof key === 'string' ? Number(key) : Number.NaN;
        if (Number.isInteger(at)) visited.add(Math.floor(at / (known.states * 3)));
        return Reflect.get(target, key, target);
      },
    });
    return { ...known, rewards };
  };
  const agent = makeExact(env, { ...FEW, stretches: 8 });
  await trainHere({ agent, env, steps: 2048 });
  expect(agent.actor.parameters.every(Number.isFinite)).toBe(true);
  for (const market of [0, 1, 2]) {
    const own = [...visited].filter((row) => Math.floor(row / 120) === market).map((row) => row % 120);
    // Rows 4 to 58 and 64 to 118 can be played.
    const played = own.every((row) => (row >= 4 && row <= 58) || (row >= 64 && row <= 118));
    expect(played).toBe(true);
    expect(new Set(own).size).toBeGreaterThan(90);
  }
  agent.dispose();
});

it('learns to buy what rises, from a start that holds', async () => {
  const env = toyTradingEnv(narrowMarket(alwaysUpMarket(), 1), { count: 1 });
  const agent = makeExact(env, { ...FEW, stretches: 8 });
  const score = () => playThrough(narrowMarket(alwaysUpMarket(), 1), policyOf(agent)).realised / (0.005 * 396 - 0.0015);
  expect(score()).toBeLessThan(0.1);
  const report: number[] = [];
  await trainHere({ agent, env, steps: 4096, onProgress: ({ metrics }) => report.push(metrics.reward) });
  expect(score()).toBeGreaterThan(0.95);
  expect(report.at(-1)!).toBeGreaterThan(report[0]);
  agent.dispose();
});

it('decays its weights, and decays nothing where it is told not to', async () => {
  const env = makeTradingEnv(1, 'exact');
  const norm = async (weightDecay: number) => {
    const agent = makeExact(env, { ...FEW, weightDecay });
    await trainHere({ agent, env, steps: 2048 });
    const sum = agent.actor.parameters.reduce((total, x) => total + x * x, 0);
    agent.dispose();
    return sum;
  };
  expect(await norm(10)).toBeLessThan(0.9 * (await norm(0)));
});
