import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DQNAgent, PPOAgent } from '../../src/agents/index.ts';
import type { Action } from '../../src/core/action.ts';
import { Rng } from '../../src/core/rng.ts';
import { createKernels, dqnTargets, type Kernels } from '../../src/nn/index.ts';
import { CountingEnv } from './counting-env.ts';
import { makeAgent } from './made-agents.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const TINY = { network: { filters: 2, hidden: [4, 4] } };
const masks = fc.tuple(fc.nat(1), fc.nat(1), fc.constant(1)).map((mask) => new Uint8Array(mask));
const windows = fc.integer().map((seed) => {
  const rng = new Rng(seed);
  return Float32Array.from({ length: 9 }, () => 5 * rng.normal());
});

describe('masking', () => {
  it('leaves a distribution over the allowed actions, and chooses its best', () => {
    const agent = makeAgent('ppo', kernels, new CountingEnv(1), { config: TINY }) as PPOAgent;
    const rng = new Rng(1);
    fc.assert(
      fc.property(windows, masks, (values, mask) => {
        const free = agent.decide({ values, mask: new Uint8Array([1, 1, 1]) }).probabilities!;
        const { action, probabilities } = agent.decide({ values, mask });
        const allowedSum = free.reduce((sum, p, a) => sum + p * mask[a], 0);
        free.forEach((p, a) => {
          expect(probabilities![a]).toBeCloseTo((p * mask[a]) / allowedSum, 10);
        });
        expect(mask[action]).toBe(1);
        expect(probabilities![action]).toBe(Math.max(...probabilities!));
        expect(mask[agent.sampleAction({ values, mask }, rng)]).toBe(1);
      }),
    );
  });

  it('samples with the masked probabilities', () => {
    const agent = makeAgent('ppo', kernels, new CountingEnv(1), { config: TINY }) as PPOAgent;
    const obs = { values: new Float32Array(9).fill(2), mask: new Uint8Array([1, 0, 1]) };
    const { probabilities } = agent.decide(obs);
    const rng = new Rng(2);
    const counts = [0, 0, 0];
    for (let n = 0; n < 5000; n++) counts[agent.sampleAction(obs, rng)]++;
    expect(counts[1]).toBe(0);
    // Three standard deviations of a share over 5000 draws are below 0.022.
    expect(Math.abs(counts[0] / 5000 - probabilities![0])).toBeLessThan(0.022);
  });

  it('gives the update the log-probabilities and the entropy of the masked distribution', () => {
    const env = new CountingEnv(3);
    const config = { ...TINY, rolloutSteps: 20, epochs: 1, minibatchSize: 60 };
    const agent = makeAgent('ppo', kernels, env, { config }) as PPOAgent;
    // Far from uniform, so that a mask that is forgotten anywhere shows.
    agent.actor.parameters.set(agent.actor.parameters.map((p) => 20 * p));
    agent.actor.parametersChanged();
    agent.attach(env, 1000);
    env.reset(0);
    let entropy = 0;
    for (let t = 0; t < 20; t++) {
      for (let i = 0; i < 3; i++) {
        const obs = { values: env.obs.slice(i * 9, i * 9 + 9), mask: env.masks.slice(i * 3, i * 3 + 3) };
        for (const p of agent.decide(obs).probabilities!) if (p > 0) entropy -= (p * Math.log(p)) / 60;
      }
      const allowed = env.masks.slice();
      const actions = agent.explore();
      actions.forEach((action, i) => {
        expect(allowed[i * 3 + action]).toBe(1);
      });
      env.step(actions);
      agent.store();
    }
    const report = agent.trainStep();
    // One update on the very policy that acted: every ratio is 1.
    expect(Math.abs(report.kl)).toBeLessThan(1e-9);
    expect(report.entropy).toBeCloseTo(entropy, 5);
  });

  it('holds for exploring and greedy Q-learning', () => {
    const env = new CountingEnv(3);
    for (const epsilon of [0, 0.5, 1]) {
      const config = { ...TINY, explorationStart: epsilon, explorationEnd: epsilon };
      const agent = makeAgent('dqn', kernels, env, { config }) as DQNAgent;
      agent.attach(env, 1000, '');
      env.reset(0);
      const counts = new Map<string, number>();
      for (let t = 0; t < 1000; t++) {
        const allowed = env.masks.slice();
        const actions = agent.explore();
        actions.forEach((action, i) => {
          const mask = allowed.slice(i * 3, i * 3 + 3);
          expect(mask[action]).toBe(1);
          if (epsilon === 1) counts.set(`${mask}: ${action}`, (counts.get(`${mask}: ${action}`) ?? 0) + 1);
        });
        env.step(actions);
        agent.store(actions);
      }
      if (epsilon < 1) continue;
      // Random actions are uniform over what is allowed: no share is off by a fifth.
      for (const mask of ['0,0,1', '1,0,1', '0,1,1', '1,1,1']) {
        const shares = [...counts].filter(([key]) => key.startsWith(mask)).map(([, count]) => count);
        expect(shares.length).toBe(mask.split('1').length - 1);
        const mean = shares.reduce((sum, count) => sum + count, 0) / shares.length;
        for (const count of shares) expect(Math.abs(count / mean - 1)).toBeLessThan(0.2);
      }
    }
  });

  it('bounds the maximum in the targets of plain and double Q-learning', () => {
    const row = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 });
    const transition = fc.record({
      target: row,
      online: row,
      mask: masks,
      reward: fc.integer({ min: -3, max: 3 }),
      over: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.array(transition, { minLength: 1, maxLength: 6 }), fc.boolean(), (batch, double) => {
        const data = {
          actions: new Uint8Array(batch.length),
          rewards: Float32Array.from(batch, (one) => one.reward),
          terminated: Uint8Array.from(batch, (one) => one.over),
          nextMasks: Uint8Array.from(batch.flatMap((one) => [...one.mask])),
        };
        const nextQ = Float32Array.from(batch.flatMap((one) => one.target));
        const online = Float32Array.from(batch.flatMap((one) => one.online));
        const targets = new Float64Array(batch.length);
        dqnTargets(nextQ, double ? online : null, batch.length, data, 0.9, targets);
        batch.forEach((one, b) => {
          const allowed = ([0, 1, 2] as Action[]).filter((a) => one.mask[a] === 1);
          const scores = double ? online : nextQ;
          const best = allowed.reduce((x, y) => (scores[b * 3 + y] > scores[b * 3 + x] ? y : x));
          expect(targets[b]).toBeCloseTo(one.reward + (one.over ? 0 : 0.9 * nextQ[b * 3 + best]), 12);
        });
      }),
    );
  });
});
