/** Every setting of an agent does something, and truncation is not termination. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dqnConfigSchema, exactConfigSchema, ppoConfigSchema } from '../../src/agents/index.ts';
import { HOLD } from '../../src/core/action.ts';
import { listSettings } from '../../src/core/setting.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { ToyEnv, type World } from '../env/toy-worlds.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { type Kind, makeAgent, makeTradingEnv, trainHere } from './made-agents.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const NETWORK = { filters: 4, hidden: [8, 8] };
const BASE = {
  ppo: { environments: 4, rolloutSteps: 16, minibatchSize: 16, epochs: 2, network: NETWORK },
  dqn: { environments: 2, learningStarts: 20, batchSize: 8, bufferSize: 60, trainEvery: 2, network: NETWORK },
  exact: { stretches: 4, stretchBars: 16, beyondBars: 20, minibatchBars: 32, epochs: 2, network: NETWORK },
};
const SCHEMAS = { ppo: ppoConfigSchema, dqn: dqnConfigSchema, exact: exactConfigSchema };
const KINDS = ['ppo', 'dqn', 'exact'] as const;
/** Another value of each setting, with what else has to be set for it to matter. */
const OTHERS: Record<Kind, Record<string, object>> = {
  ppo: {
    environments: { environments: 2 },
    rolloutSteps: { rolloutSteps: 8 },
    minibatchSize: { minibatchSize: 32 },
    epochs: { epochs: 3 },
    targetKl: { targetKl: 1e-9 },
    gamma: { gamma: 0.5 },
    lambda: { lambda: 0.5 },
    clip: { clip: 1e-4 },
    entropyCoefficient: { entropyCoefficient: 1 },
    entropyDecay: { entropyDecay: 'linear' },
    valueCoefficient: { valueCoefficient: 0.1 },
    gradientNorm: { gradientNorm: 0.01 },
    gradientNormOf: { gradientNormOf: 'each' },
    learningRate: { learningRate: 1e-3 },
    learningRateDecay: { learningRateDecay: 'none' },
    adamEpsilon: { adamEpsilon: 1e-2 },
    'network.filters': { network: { ...NETWORK, filters: 3 } },
    'network.kernelSize': { network: { ...NETWORK, kernelSize: 1 } },
    'network.padding': { network: { ...NETWORK, padding: 'valid' } },
    'network.hidden': { network: { ...NETWORK, hidden: [8, 9] } },
  },
  dqn: {
    environments: { environments: 1 },
    gamma: { gamma: 0.5 },
    learningRate: { learningRate: 1e-3 },
    adamEpsilon: { adamEpsilon: 1e-2 },
    batchSize: { batchSize: 9 },
    bufferSize: { bufferSize: 50 },
    learningStarts: { learningStarts: 30 },
    trainEvery: { trainEvery: 16 },
    explorationStart: { explorationStart: 0.5 },
    explorationEnd: { explorationEnd: 0.5 },
    explorationShare: { explorationShare: 0.9 },
    double: { double: false },
    loss: { loss: 'mse' },
    targetUpdate: { targetUpdate: 'hard' },
    tau: { tau: 0.5 },
    hardUpdateEvery: { targetUpdate: 'hard', hardUpdateEvery: 5 },
    'network.filters': { network: { ...NETWORK, filters: 3 } },
    'network.kernelSize': { network: { ...NETWORK, kernelSize: 1 } },
    'network.padding': { network: { ...NETWORK, padding: 'valid' } },
    'network.hidden': { network: { ...NETWORK, hidden: [8, 9] } },
  },
  exact: {
    stretches: { stretches: 2 },
    stretchBars: { stretchBars: 8 },
    beyondBars: { beyondBars: 2 },
    minibatchBars: { minibatchBars: 16 },
    epochs: { epochs: 3 },
    gamma: { gamma: 0.5 },
    evenShare: { evenShare: 0 },
    clip: { clip: 1e-4 },
    entropyCoefficient: { entropyCoefficient: 1 },
    gradientNorm: { gradientNorm: 0.01 },
    learningRate: { learningRate: 1e-3 },
    learningRateDecay: { learningRateDecay: 'none' },
    weightDecay: { weightDecay: 0 },
    adamEpsilon: { adamEpsilon: 1e-2 },
    holdBias: { holdBias: 0 },
    'network.filters': { network: { ...NETWORK, filters: 3 } },
    'network.kernelSize': { network: { ...NETWORK, kernelSize: 1 } },
    'network.padding': { network: { ...NETWORK, padding: 'valid' } },
    'network.hidden': { network: { ...NETWORK, hidden: [8, 9] } },
  },
};

const network = { filters: 32, kernelSize: 3, padding: 'same', hidden: [256, 256] };
const DEFAULTS = {
  ppo: {
    ...{ environments: 8, rolloutSteps: 256, minibatchSize: 64, epochs: 3, clip: 0.2, lambda: 0.95, gamma: 0.99 },
    ...{ targetKl: null, entropyDecay: 'none', gradientNormOf: 'both' },
    ...{ entropyCoefficient: 0.01, valueCoefficient: 0.5, gradientNorm: 0.5, learningRate: 3e-4 },
    ...{ learningRateDecay: 'linear', adamEpsilon: 1e-5, network },
  },
  dqn: {
    ...{ environments: 1, double: true, loss: 'huber', targetUpdate: 'polyak', tau: 0.005, learningRate: 1e-4 },
    ...{ gamma: 0.99, batchSize: 64, bufferSize: 200_000, learningStarts: 5000, trainEvery: 16 },
    ...{ explorationStart: 1, explorationEnd: 0.05, explorationShare: 0.1, hardUpdateEvery: 2500 },
    ...{ adamEpsilon: 1e-8, network },
  },
  exact: {
    ...{ stretches: 32, stretchBars: 64, beyondBars: 100, minibatchBars: 128, epochs: 4, gamma: 0.99, evenShare: 0.5 },
    ...{ clip: 0.2, entropyCoefficient: 0.01, gradientNorm: 0.5, learningRate: 3e-3, learningRateDecay: 'linear' },
    ...{ weightDecay: 0.1, adamEpsilon: 1e-5, holdBias: 1, network },
  },
};

async function trainedModel(kind: Kind, changes: object): Promise<string> {
  const config = { environments: 1, ...BASE[kind], ...changes };
  const env = makeTradingEnv(config.environments);
  const agent = makeAgent(kind, kernels, env, { config });
  const files = new MemoryFileSystem();
  await trainHere({ agent, env, steps: 256, files });
  agent.dispose();
  return Buffer.from(files.read('checkpoints/run/best/model.safetensors')).toString('base64');
}

describe.each(KINDS)('the settings of %s', (kind) => {
  const schema = SCHEMAS[kind];

  it('each change what is learned', async () => {
    expect(Object.keys(OTHERS[kind])).toEqual(listSettings(schema).map((row) => row.path));
    const models = new Map([['the defaults', await trainedModel(kind, {})]]);
    for (const [path, changes] of Object.entries(OTHERS[kind])) {
      const model = await trainedModel(kind, changes);
      const same = [...models].find(([, other]) => other === model);
      expect(same?.[0], `${path} changes nothing beside`).toBeUndefined();
      models.set(path, model);
    }
  });

  it("have the specification's defaults, each with a unit and a meaning", () => {
    for (const row of listSettings(schema))
      expect([row.path, row.unit !== '', row.doc !== '']).toEqual([row.path, true, true]);
    expect(schema.parse({})).toEqual(DEFAULTS[kind]);
  });
});

/** One state, in which every step pays 1 and after which the episode ends or is cut. */
const payday = (terminated: boolean): World => ({
  states: [[1]],
  start: () => 0,
  step: () => ({ state: 0, reward: 1, terminated }),
  maxSteps: 1,
  best: 1,
});

describe.each(['ppo', 'dqn'] as const)(
  '%s values a state in which every step pays 1, at a discount of 0.8,',
  (kind) => {
    async function learnedValue(terminated: boolean): Promise<number> {
      const env = new ToyEnv(payday(terminated), 4);
      const config =
        kind === 'ppo'
          ? { gamma: 0.8, rolloutSteps: 16, epochs: 8, learningRate: 1e-2, learningRateDecay: 'none', network: NETWORK }
          : { gamma: 0.8, learningStarts: 20, learningRate: 1e-2, tau: 0.1, network: NETWORK };
      const agent = makeAgent(kind, kernels, env, { config });
      await trainHere({ agent, env, steps: 3000 });
      const obs = { values: env.obs.slice(0, 4), mask: new Uint8Array([1, 1, 1]) };
      const value = 'critic' in agent ? agent.critic.infer(obs.values, 1)[0] : Math.max(...agent.decide(obs).qValues!);
      expect(agent.getAction(obs)).toBeLessThanOrEqual(HOLD);
      agent.dispose();
      return value;
    }

    it('at 1 where it ends the episode', async () => {
      expect(Math.abs((await learnedValue(true)) - 1)).toBeLessThan(0.1);
    });

    it('at 5 where the episode is only cut', async () => {
      expect(Math.abs((await learnedValue(false)) - 5)).toBeLessThan(0.5);
    });
  },
);

it.each(KINDS)('a training of %s that diverges says so', async (kind) => {
  const env = makeTradingEnv(kind === 'exact' ? 1 : 2);
  const few = { stretches: 2, stretchBars: 16 };
  const config = { ppo: { rolloutSteps: 16 }, dqn: { learningStarts: 20, loss: 'mse' }, exact: few }[kind];
  const agent = makeAgent(kind, kernels, env, { config: { ...config, learningRate: 1e30 } });
  await expect(trainHere({ agent, env, steps: 400 })).rejects.toThrow(/training diverged.* lower learningRate/);
});
