/** Every setting of an agent does something, and truncation is not termination. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLearner, type LearnerName } from '../../src/agents/index.ts';
import { HOLD } from '../../src/core/action.ts';
import { listSettings } from '../../src/core/setting.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { ToyEnv, type World } from '../env/toy-worlds.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { CASES, NAMES } from './agent-cases.ts';
import { environmentsOf, makeAgent, makeTradingEnv, trainHere } from './made-agents.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

async function trainedModel(kind: LearnerName, changes: object): Promise<string> {
  const { environments, small } = CASES[kind];
  const config = { ...small, ...changes };
  const count = 'environments' in changes ? (changes.environments as number) : environments;
  const env = makeTradingEnv(count, kind);
  const agent = makeAgent(kind, kernels, env, { config });
  const files = new MemoryFileSystem();
  await trainHere({ agent, env, steps: 256, files });
  agent.dispose();
  return Buffer.from(files.read('checkpoints/run/best/model.safetensors')).toString('base64');
}

describe.each(NAMES)('the settings of %s', (kind) => {
  const { settings: schema } = findLearner(kind);
  const { others, defaults } = CASES[kind];

  it('each change what is learned', async () => {
    expect(Object.keys(others)).toEqual(listSettings(schema).map((row) => row.path));
    const models = new Map([['the defaults', await trainedModel(kind, {})]]);
    for (const [path, changes] of Object.entries(others)) {
      const model = await trainedModel(kind, changes);
      const same = [...models].find(([, other]) => other === model);
      expect(same?.[0], `${path} changes nothing beside`).toBeUndefined();
      models.set(path, model);
    }
  });

  it('are of an agent that another implementation confirms, or that says why none does', () => {
    const { golden } = CASES[kind];
    if ('test' in golden) expect(existsSync(golden.test)).toBe(true);
    else expect(golden.why.length).toBeGreaterThan(20);
  });

  it('have the defaults that are meant, each with a unit and a meaning', () => {
    for (const row of listSettings(schema))
      expect([row.path, row.unit !== '', row.doc !== '']).toEqual([row.path, true, true]);
    expect(schema.parse({})).toEqual(defaults);
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

describe.each(NAMES.filter((name) => CASES[name].values !== null))(
  '%s values a state in which every step pays 1, at a discount of 0.8,',
  (kind) => {
    async function learnedValue(terminated: boolean): Promise<number> {
      const { config, value: valueIn } = CASES[kind].values!;
      const env = new ToyEnv(payday(terminated), 4);
      const agent = makeAgent(kind, kernels, env, { config: { ...config, gamma: 0.8 } });
      await trainHere({ agent, env, steps: 3000 });
      const obs = { values: env.obs.slice(0, 4), mask: new Uint8Array([1, 1, 1]) };
      const value = valueIn(agent, obs);
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

it.each(NAMES.filter((name) => CASES[name].diverging !== null))(
  'a training of %s that diverges says so',
  async (kind) => {
    const env = makeTradingEnv(environmentsOf(kind, 2), kind);
    const agent = makeAgent(kind, kernels, env, { config: CASES[kind].diverging! });
    await expect(trainHere({ agent, env, steps: 400 })).rejects.toThrow(/training diverged.* lower learningRate/);
  },
);
