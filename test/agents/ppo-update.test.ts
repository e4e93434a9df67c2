/** What an update is fed: values, advantages and returns of the rollout, told from the outside. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PPOAgent } from '../../src/agents/index.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { CountingEnv } from './counting-env.ts';
import { makeAgent } from './made-agents.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const GAMMA = 0.9;
const LAMBDA = 0.8;

it('PPO learns from equation 16 on its own values, with ends and cuts, in a shuffled order', () => {
  const [envs, steps] = [3, 30];
  const env = new CountingEnv(envs);
  const config = { rolloutSteps: steps, minibatchSize: envs * steps, epochs: 1, gamma: GAMMA, lambda: LAMBDA };
  const agent = makeAgent('ppo', kernels, env, { config }) as PPOAgent;
  agent.attach(env, 1000);
  env.reset(0);
  const valueFor = (obs: Float32Array, i: number) => agent.critic.infer(obs.slice(i * 9, i * 9 + 9), 1)[0];
  /** One entry a step and environment: V(s), r, and V(s') as the paper wants it, with whether the episode goes on. */
  const seen: { value: number; reward: number; next: number; goesOn: boolean }[][] = [];
  let [ends, cuts] = [0, 0];
  for (let t = 0; t < steps; t++) {
    const values = Array.from({ length: envs }, (_, i) => valueFor(env.obs, i));
    env.step(agent.explore());
    agent.store();
    seen.push(
      values.map((value, i) => {
        const [ended, cut] = [env.terminated[i] === 1, env.truncated[i] === 1];
        ends += env.terminated[i];
        cuts += env.truncated[i];
        const next = ended ? 0 : cut ? valueFor(env.finalObs, i) : valueFor(env.obs, i);
        return { value, reward: Math.fround(env.rewards[i]), next, goesOn: !ended && !cut };
      }),
    );
  }
  expect(Math.min(ends, cuts)).toBeGreaterThan(3);
  let squares = 0;
  for (let i = 0; i < envs; i++) {
    let advantage = 0;
    for (let t = steps - 1; t >= 0; t--) {
      const { value, reward, next, goesOn } = seen[t][i];
      advantage = reward + GAMMA * next - value + (goesOn ? GAMMA * LAMBDA * advantage : 0);
      squares += advantage * advantage;
    }
  }
  const { rng: before } = agent.saveTraining().state as { rng: number[] };
  const report = agent.trainStep();
  // The first update's value error is the advantage: R - V = A.
  expect(report.valueLoss / (squares / (envs * steps))).toBeCloseTo(1, 5);
  expect((agent.saveTraining().state as { rng: number[] }).rng).not.toEqual(before);
  expect(agent.ready()).toBe(false);
});
