/**
 * What holds for every encoder of the list: its outputs are a second implementation's, its gradients are central
 * differences' (float64), every fused implementation gives the same bytes for any number of threads, and its tensors
 * are PyTorch's. What only its own file can know stands in `encoder-cases/`.
 */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { ENCODERS, type EncoderName, networkSettings } from '../../src/nn/encoders/index.ts';
import {
  ActorNetwork,
  Adam,
  AllActionUpdater,
  createKernels,
  DEFAULT_NETWORK,
  DQNUpdater,
  EncodingNetwork,
  encodeSafetensors,
  type Kernels,
  type Network,
  type NetworkConfig,
  PPOUpdater,
  QNetwork,
  ValueNetwork,
} from '../../src/nn/index.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';
import { SLOW } from '../effort.ts';
import type { EncoderCase } from './encoder-cases/encoder-case.ts';
import { fastKernels } from './fast-kernels.ts';

async function readCase(name: EncoderName): Promise<EncoderCase> {
  const found = await import(`./encoder-cases/${name}.ts`).catch((error: Error) => error);
  if (found instanceof Error)
    throw new Error(`test/nn/encoder-cases/${name}.ts: ${found.message}; see CONTRIBUTING.md`, { cause: found });
  return found.encoderCase;
}

const cases = await Promise.all(ENCODERS.map(async ({ name }) => [name, await readCase(name)] as const));
/** Another value than the default of each setting that not every encoder has. */
const OTHERS = { filters: 16, kernelSize: 5, padding: 'valid' };
const HEADS = [EncodingNetwork, QNetwork, ActorNetwork, ValueNetwork];
const BATCH = 3;

const normals = (length: number, rng: Rng): Float32Array =>
  Float64Array.from({ length }, () => rng.normal()) as unknown as Float32Array;

/** Compares `network.gradients` with differences of `loss` at some entries of every tensor. */
function checkGradients(network: Network, loss: () => number, rng: Rng): void {
  for (const { name, shape, offset, place } of network.layout.tensors) {
    const length = shape.reduce((a, b) => a * b, 1);
    for (let n = 0; n < 6; n++) {
      const at = offset + place(rng.integer(length));
      const kept = network.parameters[at];
      const h = 1e-5;
      network.parameters[at] = kept + h;
      const up = loss();
      network.parameters[at] = kept - h;
      const down = loss();
      network.parameters[at] = kept;
      const slope = (up - down) / (2 * h);
      expect(Math.abs(slope - network.gradients[at]), name).toBeLessThan(1e-7 + 1e-6 * Math.abs(slope));
    }
  }
}

/** What a training of each kind leaves behind: parameters, optimisers and reports. */
function trained(kernels: Kernels, config: Partial<NetworkConfig>): Uint8Array[] {
  const rng = new Rng(11);
  const [actor, critic] = [new ActorNetwork(kernels, config), new ValueNetwork(kernels, config)];
  const [online, target] = [new QNetwork(kernels, config), new QNetwork(kernels, config)];
  for (const network of [actor, critic, online, target]) network.initialize(rng);
  const batch = 40;
  const ppo = new PPOUpdater(kernels, actor, critic, { batch });
  const dqn = new DQNUpdater(kernels, online, target, { batch });
  const coefficients = { clip: 0.2, entropy: 0.01 };
  const exact = new AllActionUpdater(kernels, actor, { batch, coefficients, maxGradNorm: 1 });
  for (const values of [ppo.obs, ppo.returns, dqn.obs, dqn.nextObs, dqn.rewards, exact.obs])
    for (let i = 0; i < values.length; i++) values[i] = rng.normal();
  for (let b = 0; b < batch; b++) {
    ppo.actions[b] = rng.integer(3);
    dqn.actions[b] = rng.integer(3);
  }
  ppo.oldLogProbs.fill(Math.log(1 / 3));
  exact.oldLogProbs.fill(Math.log(1 / 3));
  exact.weights.fill(1);
  const reports: object[] = [];
  for (let step = 0; step < 3; step++) {
    for (let b = 0; b < batch; b++) ppo.advantages[b] = rng.normal();
    for (let i = 0; i < exact.advantages.length; i++) exact.advantages[i] = rng.normal();
    reports.push(ppo.update(batch, 1e-2), dqn.update(batch, 1e-2), exact.update(batch, 1e-2));
  }
  const one = actor.infer(ppo.obs, 1).slice();
  return [
    ...[actor, critic, online, target].map((network) => encodeSafetensors(network.stateDict())),
    ...[ppo, dqn, exact].map(({ adam }) => encodeSafetensors(adam.stateDict())),
    new TextEncoder().encode(JSON.stringify([reports, [...one]])),
  ];
}

describe.each(cases)('encoder %s', (encoder, { golden, tensors, parameters, sizes, expected }) => {
  test('another implementation confirms it, or it says why none does', () => {
    if ('test' in golden) expect(existsSync(golden.test)).toBe(true);
    else expect(golden.why.length).toBeGreaterThan(20);
  });

  test('has the tensors of a PyTorch module, under a head and alone', () => {
    const kernels = createReferenceKernels();
    const alone = new EncodingNetwork(kernels, { encoder });
    const shapes = (state: ReturnType<typeof alone.stateDict>) => [...state].map(([name, { shape }]) => [name, shape]);
    expect(shapes(alone.stateDict())).toEqual(Object.entries(tensors));
    expect(alone.parameterCount).toBe(parameters);
    const under = new QNetwork(kernels, { encoder });
    expect(shapes(under.stateDict())).toEqual([
      ...Object.entries(tensors).map(([name, shape]) => [`encoder.${name}`, shape]),
      ['head.weight', [3, alone.outputs]],
      ['head.bias', [3]],
    ]);
  });

  test('takes every number of a state dict, and gives it back', () => {
    const kernels = createReferenceKernels();
    for (const size of sizes) {
      const network = new QNetwork(kernels, { ...size, encoder });
      const state = network.stateDict();
      let n = 0;
      for (const { data } of state.values()) for (let i = 0; i < data.length; i++) data[i] = ++n;
      network.loadStateDict(state);
      expect(network.stateDict()).toEqual(state);
      expect(network.parameterCount).toBe(n);
      // What is no parameter stays zero: kernels count on it.
      expect(network.parameters.filter((x) => x !== 0).length).toBe(n);
    }
  });

  test.each(sizes)('gives what a second implementation gives, and gradients as differences: %o', (size) => {
    const rng = new Rng(1);
    const kernels = createReferenceKernels(8);
    const config = { ...DEFAULT_NETWORK, ...size, encoder };
    const { window, features } = config;
    for (const Kind of HEADS) {
      const network = new Kind(kernels, config);
      network.initialize(rng);
      for (const { shape, offset, place } of network.layout.tensors) {
        if (shape.length === 1)
          for (let i = 0; i < shape[0]; i++) network.parameters[offset + place(i)] = 0.1 * rng.normal();
      }
      const obs = normals(BATCH * window * features, rng);
      const weights = normals(BATCH * network.outputs, rng);
      const loss = () => network.forward(obs, BATCH).reduce((sum, y, i) => sum + y * weights[i], 0);
      loss();
      network.backward(weights, BATCH);
      checkGradients(network, loss, rng);
      if (Kind !== EncodingNetwork) continue;
      const outputs = network.infer(obs, BATCH);
      for (let b = 0; b < BATCH; b++) {
        const sample = Array.from({ length: window }, (_, bar) => [
          ...obs.subarray((b * window + bar) * features, (b * window + bar + 1) * features),
        ]);
        // The state dict is float32.
        expected(config, network.stateDict(), sample).forEach((value, i) => {
          expect(outputs[b * network.outputs + i]).toBeCloseTo(value, 5);
        });
      }
    }
  });

  test('leaves the same bytes on every fused implementation, for 1 to 4 threads', SLOW, async () => {
    for (const size of sizes) {
      const config = { ...size, encoder };
      const results: Uint8Array[][] = [];
      for (const threads of [1, 2, 4]) {
        for (const kernels of await fastKernels(threads)) {
          const bytes = trained(kernels, config);
          if (kernels.fused) expect(bytes, `${kernels.isa}, ${threads} threads`).toEqual(results[0] ?? bytes);
          if (kernels.fused) results.push(bytes);
          kernels.dispose();
        }
      }
    }
  });

  test('learns: fifty updates make the loss of a fixed batch small', async () => {
    const kernels = await createKernels({ threads: 1 });
    const network = new ValueNetwork(kernels, { ...sizes[0], encoder });
    const { window, features } = network.config;
    network.initialize(new Rng(2));
    const rng = new Rng(3);
    const batch = 8;
    const obs = Float32Array.from({ length: batch * window * features }, () => rng.normal());
    const adam = new Adam(kernels, network, { lr: 3e-2 });
    const losses = Array.from({ length: 50 }, () => {
      const errors = network.forward(obs, batch).map((value, b) => value - (b % 2));
      network.backward(errors, batch);
      adam.step();
      return errors.reduce((sum, error) => sum + error * error, 0);
    });
    expect(losses[49]).toBeLessThan(losses[0] / 100);
    kernels.dispose();
  });
});

test('an encoder that is none is refused, with those that there are', () => {
  const config = { encoder: 'transformer' as EncoderName };
  expect(() => new QNetwork(createReferenceKernels(), config)).toThrow(
    `there is no encoder 'transformer'; there are ${ENCODERS.map(({ name }) => name).join(', ')}`,
  );
});

describe.each(ENCODERS)('a setting that the encoder $name lacks', ({ name, settings }) => {
  const own = Object.keys(settings);
  const shared = (setting: string) => ENCODERS.every((encoder) => setting in encoder.settings);
  const others = ENCODERS.flatMap((encoder) => Object.keys(encoder.settings)).filter((setting) => !shared(setting));

  test.each([...new Set(others)])('is refused: %s', (setting) => {
    const given = { encoder: name, [setting]: OTHERS[setting as keyof typeof OTHERS] };
    const issues = networkSettings.safeParse(given).error?.issues ?? [];
    const message = `the encoder ${name} has no such setting; its own are ${own.join(', ')}`;
    expect(issues).toMatchObject(own.includes(setting) ? [] : [{ path: [setting], message }]);
  });

  test('is no obstacle to reading what was written with all of them at their defaults', () => {
    const written = networkSettings.parse({ encoder: name });
    expect(networkSettings.parse(JSON.parse(JSON.stringify(written)))).toEqual(written);
  });
});
