import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { ActorNetwork, createKernels, QNetwork, RolloutInference, softmax, ValueNetwork } from '../../src/nn/index.ts';
import { Memory } from '../../src/nn/memory.ts';
import { shardRows } from '../../src/nn/plan.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';
import { SLOW } from '../effort.ts';
import { fastKernels } from './fast-kernels.ts';

const fast = await fastKernels();
afterAll(() => {
  for (const kernels of fast) kernels.dispose();
});

test('createKernels: the kind that was asked for, or one line that says why not', async () => {
  const reference = await createKernels({ kind: 'reference' });
  expect([reference.name, reference.threads]).toEqual(['reference', 1]);
  const wasm = await createKernels({ kind: 'wasm', threads: 2 });
  expect([wasm.name, wasm.isa, wasm.fused, wasm.threads]).toEqual(['wasm', 'relaxed-simd', true, 2]);
  wasm.dispose();
  for (const threads of [0, 1.5, 17, Number.NaN]) {
    await expect(createKernels({ threads })).rejects.toThrow('give a whole number from 1 to 16');
  }
});

test('memory: what is freed is used again, neighbours are joined', () => {
  const memory = new Memory(new ArrayBuffer(4096));
  const all = [1, 2, 3].map(() => memory.alloc(200));
  for (const view of all) expect(view.byteOffset % 64).toBe(0);
  expect(() => memory.alloc(700)).toThrow('out of memory');
  all[0].fill(1);
  for (const i of [1, 0, 2]) memory.free(all[i]);
  memory.free(all[0]);
  memory.free(new Float32Array(4));
  expect(memory.alloc(900).every((x) => x === 0)).toBe(true);
});

test('shards cover every row once', () => {
  for (const batch of [1, 2, 7, 16, 64, 65, 200, 1024]) {
    for (const threads of [1, 2, 3, 4]) {
      const shards = shardRows(batch, threads);
      let next = 0;
      for (const { start, count } of shards) {
        expect(start).toBe(next);
        expect(count).toBeGreaterThan(0);
        next += count;
      }
      expect(next).toBe(batch);
    }
  }
});

describe.each(fast.map((kernels) => [`${kernels.name} ${kernels.isa}`, kernels] as const))('%s', (_, kernels) => {
  test('rollout inference is what each network gives', () => {
    const rng = new Rng(1);
    const [actor, critic] = [new ActorNetwork(kernels), new ValueNetwork(kernels)];
    for (const network of [actor, critic]) network.initialize(rng);
    const rollout = new RolloutInference(kernels, actor, critic, 5);
    for (let i = 0; i < rollout.obs.length; i++) rollout.obs[i] = rng.normal();
    const masks = Uint8Array.from({ length: 15 }, (_, i) => (i % 5 === 1 ? 0 : 1));
    rollout.run(masks);
    expect(rollout.logits).toEqual(actor.infer(rollout.obs, 5));
    expect(rollout.values).toEqual(critic.infer(rollout.obs, 5));
    const probabilities = softmax(rollout.logits, masks, 5, 3);
    expect(probabilities).toEqual(actor.probabilities(rollout.obs, 5, masks));
    for (let i = 0; i < 15; i++) {
      expect(Math.exp(rollout.logProbs[i])).toBeCloseTo(probabilities[i], 6);
      if (!masks[i]) expect(rollout.logProbs[i]).toBe(Number.NEGATIVE_INFINITY);
    }
    for (const owner of [rollout, actor, critic]) owner.dispose();
  });

  test('a batch that grows and shrinks again gives the same outputs', () => {
    const rng = new Rng(2);
    const network = new QNetwork(kernels);
    network.initialize(rng);
    const obs = Float32Array.from({ length: 200 * 252 }, () => rng.normal());
    const small = network.infer(obs, 3).slice();
    const large = network.infer(obs, 200).slice();
    expect(network.infer(obs, 3)).toEqual(small);
    // 40 sizes: more than the programs that are kept.
    for (let batch = 1; batch <= 40; batch++) expect(network.forward(obs, batch)).toEqual(large.subarray(0, batch * 3));
    network.dispose();
  });

  test('the best allowed action; ties go to the lowest number', () => {
    const network = new QNetwork(kernels, { window: 4, features: 2 });
    const window = new Float32Array(8).fill(1);
    expect(network.bestAction(window)).toBe(0);
    expect(network.bestAction(window, Uint8Array.of(0, 1, 1))).toBe(1);
    const bias = network.layout.tensors.find(({ name }) => name === 'head.bias');
    network.parameters.set([0.1, 0.3, 0.2], bias?.offset);
    expect(network.bestAction(window)).toBe(1);
    expect(network.bestAction(window, Uint8Array.of(1, 0, 1))).toBe(2);
    network.dispose();
  });

  test('memory comes back: a thousand networks fit one after the other', () => {
    for (let i = 0; i < 1000; i++) {
      const network = new QNetwork(kernels);
      if (i % 100 === 0) network.infer(new Float32Array(252), 1);
      network.dispose();
    }
  });
});

test('outputs of a network agree with the oracle’s', () => {
  const build = (kernels: (typeof fast)[number]) => {
    const network = new QNetwork(kernels, { features: 25 });
    network.initialize(new Rng(3));
    return network;
  };
  const obs = Float32Array.from({ length: 2 * 300 }, (_, i) => Math.sin(i));
  const expected = build(createReferenceKernels()).infer(obs, 2);
  for (const kernels of fast) {
    const outputs = build(kernels).infer(obs, 2);
    outputs.forEach((x, i) => {
      expect(Math.abs(x - expected[i])).toBeLessThan(1e-5);
    });
  }
});

test('one decision allocates nothing; forgotten networks give their memory back', SLOW, () => {
  const script = fileURLToPath(new URL('./allocation-probe.ts', import.meta.url));
  const output = execFileSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' });
  const { decisionBytes, networks } = JSON.parse(output);
  // A handful of bytes a call would be megabytes; the engine itself keeps some.
  expect(decisionBytes).toBeLessThan(200_000);
  expect(networks).toBe(400);
});
