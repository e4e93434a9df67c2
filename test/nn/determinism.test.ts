/**
 * The same bits for any number of threads, on AVX-512, AVX2 and WebAssembly with relaxed SIMD alike: outputs, losses,
 * gradients and parameters over whole updates. Plain SIMD rounds every multiply-add twice: it may differ from the
 * others, but not between thread counts.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  ActorNetwork,
  DQNUpdater,
  type Kernels,
  mse,
  type Network,
  type NetworkConfig,
  PPOUpdater,
  QNetwork,
  ValueNetwork,
} from '../../src/nn/index.ts';
import { createNativeKernels, INSTRUCTION_SETS } from '../../src/nn/native.ts';
import { createWasmKernels } from '../../src/nn/wasm.ts';
import { SLOW } from '../effort.ts';

const configs: { batch: number; config: Partial<NetworkConfig> }[] = [
  { batch: 1, config: {} },
  { batch: 17, config: { window: 7, features: 5, filters: 40, kernelSize: 5, hidden: [70, 33] } },
  { batch: 64, config: { features: 25 } },
  { batch: 301, config: { padding: 'valid' } },
];

/** Small weights everywhere; the padding stays zero. */
function randomize(network: Network, rng: Rng): void {
  for (const { shape, offset, place } of network.layout.tensors) {
    const length = shape.reduce((a, b) => a * b, 1);
    for (let i = 0; i < length; i++) network.parameters[offset + place(i)] = 0.1 * (rng.uniform() - 0.5);
  }
  network.parametersChanged();
}

/** Hashes of everything that a few updates and inferences leave behind, in order. */
function trace(kernels: Kernels): string[] {
  const hashes: string[] = [];
  const keep = (what: string, values: ArrayLike<number>) => {
    const floats = Float32Array.from(values);
    hashes.push(`${what} ${createHash('sha256').update(new Uint8Array(floats.buffer)).digest('hex')}`);
  };
  for (const { batch, config } of configs) {
    const rng = new Rng(batch);
    const fill = (array: Float32Array) => {
      for (let i = 0; i < array.length; i++) array[i] = rng.normal();
    };
    const actor = new ActorNetwork(kernels, config);
    const critic = new ValueNetwork(kernels, config);
    const [online, target] = [new QNetwork(kernels, config), new QNetwork(kernels, config)];
    for (const network of [actor, critic, online]) randomize(network, rng);
    target.copyFrom(online);
    const ppo = new PPOUpdater(kernels, actor, critic, { batch });
    const dqn = new DQNUpdater(kernels, online, target, { batch, loss: mse, maxGradNorm: batch === 17 ? 1 : null });
    for (const array of [ppo.obs, ppo.returns, dqn.obs, dqn.nextObs, dqn.rewards]) fill(array);
    for (let b = 0; b < batch; b++) {
      ppo.actions[b] = rng.integer(3);
      ppo.oldLogProbs[b] = -1 + 0.3 * rng.normal();
      dqn.actions[b] = rng.integer(3);
      dqn.terminated[b] = rng.uniform() < 0.2 ? 1 : 0;
    }
    for (let step = 0; step < 3; step++) {
      fill(ppo.advantages);
      keep(`${batch}: ppo step ${step}`, Object.values(ppo.update(batch, 1e-3)));
      keep(`${batch}: dqn step ${step}`, Object.values(dqn.update(batch, 1e-3)));
      keep('actor gradients', actor.gradients);
      keep('online gradients', online.gradients);
    }
    for (const network of [actor, critic, online, target]) {
      keep('parameters', network.parameters);
      keep('three outputs', network.infer(ppo.obs, Math.min(batch, 3)));
      keep('one output', network.infer(ppo.obs, 1));
    }
    ppo.dispose();
    dqn.dispose();
    for (const network of [actor, critic, online, target]) network.dispose();
  }
  kernels.dispose();
  return hashes;
}

test('one result on every instruction set and for 1, 2 and 4 threads', SLOW, async () => {
  const expected = trace(await createWasmKernels(1, 'relaxed-simd'));
  const relaxed = await createWasmKernels(2, 'relaxed-simd');
  expect(relaxed.fused).toBe(true);
  expect(trace(relaxed)).toEqual(expected);
  for (const isa of INSTRUCTION_SETS) {
    for (const threads of [1, 2, 4]) {
      const kernels = createNativeKernels(threads, isa);
      if (kernels) expect(trace(kernels), `${isa}, ${threads} threads`).toEqual(expected);
    }
  }
});

test('plain SIMD: one result for 1 and 3 threads, and it says that it does not fuse', SLOW, async () => {
  const one = await createWasmKernels(1, 'simd128');
  expect(one.fused).toBe(false);
  expect(trace(one)).toEqual(trace(await createWasmKernels(3, 'simd128')));
});
