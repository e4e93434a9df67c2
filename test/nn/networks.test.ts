import { expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  ActorNetwork,
  Adam,
  decodeSafetensors,
  EncodingNetwork,
  encodeSafetensors,
  QNetwork,
  ValueNetwork,
} from '../../src/nn/index.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';

test('parameters as PyTorch counts them', () => {
  const kernels = createReferenceKernels();
  const counts = [EncodingNetwork, QNetwork, ActorNetwork, ValueNetwork].map(
    (Kind) => new Kind(kernels).parameterCount,
  );
  expect(counts).toEqual([166_400, 167_171, 167_171, 166_657]);
  expect(new EncodingNetwork(kernels, { features: 25 }).parameterCount).toBe(166_784);
});

test('state dict: names, shapes, round trip through safetensors', () => {
  const kernels = createReferenceKernels();
  const config = { window: 5, features: 3, filters: 5, hidden: [20, 40] } as const;
  const a = new QNetwork(kernels, config);
  a.initialize(new Rng(7));
  const state = a.stateDict();
  expect([...state].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
    'encoder.conv.weight 5,3,3',
    'encoder.conv.bias 5',
    'encoder.dense1.weight 20,25',
    'encoder.dense1.bias 20',
    'encoder.dense2.weight 40,20',
    'encoder.dense2.bias 40',
    'head.weight 3,40',
    'head.bias 3',
  ]);
  const bytes = encodeSafetensors(state, { by: 'test' });
  const b = new QNetwork(kernels, config);
  b.loadStateDict(decodeSafetensors(bytes));
  expect(b.parameters).toEqual(a.parameters);
  expect(encodeSafetensors(b.stateDict(), { by: 'test' })).toEqual(bytes);
});

test('a state dict that does not fit changes nothing', () => {
  const kernels = createReferenceKernels();
  const network = new QNetwork(kernels, { window: 4, features: 2, filters: 3, hidden: [8, 8] });
  network.initialize(new Rng(1));
  const before = network.parameters.slice();
  const missing = network.stateDict();
  missing.delete('head.bias');
  expect(() => network.loadStateDict(missing)).toThrow('head.bias of shape (3) is missing');
  const surplus = network.stateDict().set('extra', { shape: [1], data: new Float32Array(1) });
  expect(() => network.loadStateDict(surplus)).toThrow('unknown tensor extra');
  const wrong = network.stateDict().set('head.bias', { shape: [4], data: new Float32Array(4) });
  expect(() => network.loadStateDict(wrong)).toThrow('has shape (4) where the network has (3)');
  expect(network.parameters).toEqual(before);
});

test('damaged safetensors are refused', () => {
  const good = encodeSafetensors(new Map([['x', { shape: [2, 2], data: new Float32Array(4) }]]));
  const header = (text: string) => {
    const bytes = new Uint8Array(8 + text.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
    bytes.set(new TextEncoder().encode(text), 8);
    return bytes;
  };
  const bad = [
    good.slice(0, 4),
    good.slice(0, good.length - 1),
    Uint8Array.from([...good, 0]),
    header('not json'),
    header('[]'),
    header('{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}'),
    header('{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}'),
    new Uint8Array(16).fill(255),
  ];
  for (const bytes of bad) expect(() => decodeSafetensors(bytes, 'm.safetensors')).toThrow(/^m\.safetensors: /);
});

test('orthogonal weights, zero biases', () => {
  const kernels = createReferenceKernels();
  const network = new ActorNetwork(kernels, { window: 4, features: 2, filters: 3, hidden: [8, 16] });
  network.initialize(new Rng(5));
  const state = network.stateDict();
  for (const [name, gain] of [
    ['encoder.dense1.weight', Math.SQRT2],
    ['encoder.dense2.weight', Math.SQRT2],
    ['head.weight', 0.01],
  ] as const) {
    const {
      shape: [rows, columns],
      data,
    } = state.get(name)!;
    const product = (i: number, j: number) => {
      let sum = 0;
      for (let k = 0; k < Math.max(rows, columns); k++) {
        sum +=
          rows <= columns
            ? data[i * columns + k] * data[j * columns + k]
            : data[k * columns + i] * data[k * columns + j];
      }
      return sum / gain ** 2;
    };
    for (let i = 0; i < Math.min(rows, columns); i++) {
      for (let j = 0; j <= i; j++) expect(product(i, j)).toBeCloseTo(i === j ? 1 : 0, 5);
    }
  }
  expect(state.get('encoder.dense1.bias')!.data.every((x) => x === 0)).toBe(true);
});

test('optimiser state: going on equals never having stopped', () => {
  const kernels = createReferenceKernels();
  const config = { window: 4, features: 2, filters: 3, hidden: [8, 8] } as const;
  const build = () => {
    const network = new QNetwork(kernels, config);
    network.initialize(new Rng(3));
    return { network, adam: new Adam(kernels, network, { lr: 1e-2 }) };
  };
  const rng = new Rng(9);
  const steps = Array.from({ length: 4 }, () => Float32Array.from({ length: 32 }, () => rng.normal()));
  const train = ({ network, adam }: ReturnType<typeof build>, obs: Float32Array) => {
    network.forward(obs, 4);
    network.backward(
      Float32Array.from({ length: 12 }, (_, i) => i / 10),
      4,
    );
    adam.step();
  };
  const whole = build();
  for (const obs of steps) train(whole, obs);
  const first = build();
  for (const obs of steps.slice(0, 2)) train(first, obs);
  const second = build();
  second.network.loadStateDict(first.network.stateDict());
  second.adam.loadStateDict(first.adam.stateDict());
  for (const obs of steps.slice(2)) train(second, obs);
  expect(second.network.parameters).toEqual(whole.network.parameters);
  expect(second.adam.stateDict()).toEqual(whole.adam.stateDict());
});
