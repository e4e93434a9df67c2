/**
 * Whole updates against PyTorch in float64 (scripts/golden/nn_updates.py): the first outputs within 1e-5, gradients
 * within 1e-5 relative, parameters after five Adam steps within 1e-4.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  ActorNetwork,
  DQNUpdater,
  type EncoderName,
  huber,
  mse,
  type Network,
  PPOUpdater,
  QNetwork,
  type StateDict,
  ValueNetwork,
} from '../../src/nn/index.ts';
import type { Kernels } from '../../src/nn/kernels.ts';
import { readTensors } from '../../src/nn/network.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';
import { fastKernels } from './fast-kernels.ts';

type Tensors = Record<string, { norm: number; samples: number[] }>;
interface Fixture {
  readonly kind: 'ppo' | 'dqn';
  readonly batch: number;
  readonly features: number;
  readonly padding: 'same' | 'valid';
  readonly encoder: EncoderName;
  readonly double: boolean;
  readonly loss: string;
  readonly losses: number[];
  readonly norms: number[];
  readonly forward: Record<string, number[]>;
  readonly gradients: Record<string, Tensors>;
  readonly parameters: Record<string, Tensors>;
}
const fixtures: Fixture[] = JSON.parse(
  readFileSync(new URL('../fixtures/nn/updates.json', import.meta.url), 'utf8'),
).cases;

const implementations = [createReferenceKernels(), ...(await fastKernels())];
afterAll(() => {
  for (const kernels of implementations) kernels.dispose();
});

/** As the generator's: numbers in [-1, 1) by murmur3's finalizer. */
function uniform(stream: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    let x = (i + Math.imul(stream, 2654435769)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2147483648 - 1;
  });
}

function fillParameters(network: Network, stream: number): void {
  const state: StateDict = new Map();
  network.layout.tensors.forEach(({ name, shape }, i) => {
    const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
    const scale = shape.length === 1 ? 0.05 : Math.fround(2 / Math.sqrt(inputs));
    const length = shape.reduce((a, b) => a * b, 1);
    state.set(name, { shape, data: uniform(stream + i, length).map((x) => x * scale) });
  });
  network.loadStateDict(state);
}

const masksOf = (stream: number, batch: number) =>
  Uint8Array.from(uniform(stream, batch * 3), (x, i) => (i % 3 === 2 || x < Math.fround(0.4) ? 1 : 0));
const actionsOf = (stream: number, batch: number, masks: Uint8Array | null) =>
  Uint8Array.from(uniform(stream, batch), (x, b) => {
    const wish = Math.min(2, Math.floor((x + 1) * 1.5));
    return masks && !masks[b * 3 + wish] ? 2 : wish;
  });

const sample = (data: Float32Array, count: number) =>
  Array.from({ length: Math.min(count, data.length) }, (_, i) => data[(i * 7919) % data.length]);
const norm = (data: Iterable<number>) => Math.sqrt([...data].reduce((sum, x) => sum + x * x, 0));

function expectTensors(state: StateDict, expected: Tensors, tolerance: number, what: string): void {
  expect([...state.keys()]).toEqual(Object.keys(expected));
  for (const [name, { norm: length, samples }] of Object.entries(expected)) {
    const data = state.get(name)!.data;
    const typical = Math.max(length / Math.sqrt(data.length), ...samples.map(Math.abs));
    expect(Math.abs(norm(data) - length) / length, `${what} ${name}: norm`).toBeLessThan(tolerance);
    sample(data, samples.length).forEach((x, i) => {
      expect(Math.abs(x - samples[i]) / typical, `${what} ${name}: sample ${i}`).toBeLessThan(tolerance);
    });
  }
}

const expectClose = (actual: number, expected: number, tolerance: number) =>
  expect(Math.abs(actual - expected)).toBeLessThan(tolerance * Math.max(1, Math.abs(expected)));

function checkForward(network: Network, obs: Float32Array, batch: number, expected: number[]): void {
  const outputs = network.infer(obs, batch);
  for (const [i, x] of sample(outputs, expected.length).entries()) expectClose(x, expected[i], 1e-5);
}

function checkPPO(kernels: Kernels, fixture: Fixture): void {
  const { batch, features, padding, encoder } = fixture;
  const networks = {
    actor: new ActorNetwork(kernels, { features, padding, encoder }),
    critic: new ValueNetwork(kernels, { features, padding, encoder }),
  };
  fillParameters(networks.actor, 100);
  fillParameters(networks.critic, 200);
  const ppo = new PPOUpdater(kernels, networks.actor, networks.critic, { batch, adam: { lr: 3e-4, eps: 1e-5 } });
  ppo.obs.set(uniform(1, batch * 12 * features));
  ppo.masks.set(masksOf(2, batch));
  ppo.actions.set(actionsOf(3, batch, ppo.masks));
  ppo.oldLogProbs.set(
    uniform(4, batch)
      .map((x) => x * 0.5)
      .map((x) => x - 1),
  );
  ppo.returns.set(uniform(6, batch).map((x) => x * 8));
  checkForward(networks.actor, ppo.obs, batch, fixture.forward.actor);
  checkForward(networks.critic, ppo.obs, batch, fixture.forward.critic);
  fixture.losses.forEach((loss, step) => {
    ppo.advantages.set(uniform(5, batch));
    const update = ppo.update(batch);
    expectClose(update.loss, loss, 1e-5);
    expectClose(update.gradNorm, fixture.norms[step], 1e-4);
    if (step === 0) checkAll(networks, fixture.gradients, 'gradients');
  });
  checkAll(networks, fixture.parameters, 'parameters');
}

function checkDQN(kernels: Kernels, fixture: Fixture): void {
  const { batch, double } = fixture;
  const networks = { online: new QNetwork(kernels), target: new QNetwork(kernels) };
  fillParameters(networks.online, 300);
  fillParameters(networks.target, 400);
  const loss = fixture.loss === 'mse_loss' ? mse : huber;
  const dqn = new DQNUpdater(kernels, networks.online, networks.target, {
    batch,
    double,
    loss,
    adam: { lr: 1e-4, eps: 1e-5 },
  });
  dqn.obs.set(uniform(7, batch * 252));
  dqn.nextObs.set(uniform(8, batch * 252));
  dqn.nextMasks.set(masksOf(9, batch));
  dqn.actions.set(actionsOf(10, batch, null));
  dqn.rewards.set(uniform(11, batch).map((x) => x * 2));
  dqn.terminated.set(uniform(12, batch).map((x) => (x > Math.fround(0.8) ? 1 : 0)));
  checkForward(networks.online, dqn.obs, batch, fixture.forward.online);
  fixture.losses.forEach((expected, step) => {
    const update = dqn.update(batch);
    expectClose(update.loss, expected, 1e-5);
    expectClose(update.gradNorm, fixture.norms[step], 1e-4);
    if (step === 0) checkAll(networks, fixture.gradients, 'gradients');
  });
  checkAll(networks, fixture.parameters, 'parameters');
}

function checkAll(
  networks: Record<string, Network>,
  expected: Record<string, Tensors>,
  what: 'gradients' | 'parameters',
) {
  for (const [name, tensors] of Object.entries(expected)) {
    const { layout, [what]: flat } = networks[name];
    const state = readTensors(layout.tensors, flat);
    expectTensors(state, tensors, what === 'gradients' ? 1e-5 : 1e-4, `${name} ${what}`);
  }
}

describe.each(implementations.map((kernels) => [`${kernels.name} ${kernels.isa}`, kernels] as const))(
  '%s',
  (_, kernels) => {
    // The oracle takes seconds for what the others do in milliseconds.
    const mine = kernels.name === 'reference' ? fixtures.slice(0, 1) : fixtures;
    test.each(mine)('$kind update, batch $batch, $encoder', (fixture) => {
      (fixture.kind === 'ppo' ? checkPPO : checkDQN)(kernels, fixture);
    });
  },
);
