/** Decoupled weight decay against the paper's algorithm, and the head that begins with a bias. */
import { expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { ActorNetwork, Adam, type Kernels } from '../../src/nn/index.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';
import { fastKernels } from './fast-kernels.ts';

const SIZES = { window: 4, features: 3, filters: 5, hidden: [9, 7] } as const;
const [LR, DECAY, BETA1, BETA2, EPS] = [0.03, 0.2, 0.9, 0.999, 1e-5];

test('AdamW is algorithm 2 of its paper, on every kind of kernels', async () => {
  for (const kernels of [createReferenceKernels(), ...(await fastKernels(1))]) {
    checkAdamW(kernels);
    kernels.dispose();
  }
});

function checkAdamW(kernels: Kernels): void {
  const network = new ActorNetwork(kernels, SIZES, { states: 2 });
  network.initialize(new Rng(1));
  const adam = new Adam(kernels, network, { lr: LR, eps: EPS, weightDecay: DECAY });
  const theta = Float64Array.from(network.parameters);
  const [m, v] = [new Float64Array(theta.length), new Float64Array(theta.length)];
  const rng = new Rng(2);
  const obs = Float32Array.from({ length: 24 }, () => rng.normal());
  for (let t = 1; t <= 4; t++) {
    network.forward(obs, 2);
    network.backward(
      Float32Array.from({ length: 12 }, () => rng.normal()),
      2,
    );
    adam.step();
    // Loshchilov and Hutter 2019, algorithm 2, with a schedule multiplier of 1 and PyTorch's scaling of the decay.
    for (let i = 0; i < theta.length; i++) {
      const g = network.gradients[i];
      m[i] = BETA1 * m[i] + (1 - BETA1) * g;
      v[i] = BETA2 * v[i] + (1 - BETA2) * g * g;
      const [mHat, vHat] = [m[i] / (1 - BETA1 ** t), v[i] / (1 - BETA2 ** t)];
      theta[i] -= LR * (mHat / (Math.sqrt(vHat) + EPS)) + LR * DECAY * theta[i];
      expect(Math.abs(network.parameters[i] - theta[i])).toBeLessThan(2e-6);
    }
  }
}

test('an actor begins with its bias on HOLD, in every state', () => {
  const kernels = createReferenceKernels();
  const actor = new ActorNetwork(kernels, SIZES, { states: 3, holdBias: 1.5 });
  actor.initialize(new Rng(1));
  expect([...actor.stateDict().get('head.bias')!.data]).toEqual([0, 0, 1.5, 0, 0, 1.5, 0, 0, 1.5]);
  const probabilities = actor.probabilities(new Float32Array(12), 1);
  for (let state = 0; state < 3; state++) {
    const [sell, buy, hold] = probabilities.subarray(3 * state, 3 * state + 3);
    expect(sell + buy + hold).toBeCloseTo(1, 6);
    expect(hold).toBeCloseTo(Math.exp(1.5) / (2 + Math.exp(1.5)), 2);
  }
});
