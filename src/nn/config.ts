/** Sizes of a network and where its tensors lie in the flat parameter vector. */
import type { z } from 'zod';
import { InputError } from '../core/errors.ts';
import type { Observed } from './encoders/encoder.ts';
import { findEncoder, networkSettings } from './encoders/index.ts';
import { type Layer, type Outputs, type Placement, vector, whole } from './layers/layer.ts';

type Settings = z.output<typeof networkSettings>;

/** Bars and columns that a network sees, its encoder, and the encoder's sizes (`encoders/`, docs/reference.md). */
export type NetworkConfig = Observed & { readonly [Key in keyof Settings]: Readonly<Settings[Key]> };

/** 12 bars of 21 columns, 32 filters of 3 bars, two dense layers of 256: 166,400 parameters. */
export const DEFAULT_NETWORK: NetworkConfig = { window: 12, features: 21, ...networkSettings.parse({}) };

/** A named tensor: its PyTorch shape, and how its elements lie in the flat vector. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** First element in the flat vector, in floats. */
  readonly offset: number;
  /** Floats taken there, padding included. */
  readonly length: number;
  /** Flat index (from `offset`) of the element with this PyTorch index (row-major). */
  readonly place: (index: number) => number;
}

/** A layer and its tensors. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Everything that follows from a config. */
export interface Layout {
  readonly config: NetworkConfig;
  /** Of the encoder, from the observations up. */
  readonly layers: readonly PlacedLayer[];
  /** What the encoder gives. */
  readonly encoded: Outputs;
  /** Outputs of the head; 0 without one. */
  readonly outputs: number;
  /** The head's tensors; null without one. */
  readonly head: { readonly weight: Tensor; readonly bias: Tensor } | null;
  /** encoder.conv.weight, encoder.conv.bias, ..., head.bias: PyTorch's order. */
  readonly tensors: readonly Tensor[];
  /** Length of the flat vector. */
  readonly length: number;
  /** Trainable parameters: the flat vector without its padding. */
  readonly parameterCount: number;
}

/** What tells the networks apart. */
export interface Head {
  /** Outputs of the head; 0: no head, the features themselves. */
  readonly outputs: number;
  /** Gain of the head's orthogonal initialisation. */
  readonly gain: number;
  /** (outputs) the biases that it begins with; default zeros. */
  readonly bias?: readonly number[];
}

/** Checks the sizes and lays the tensors out; `outputs` 0 means an encoder without a head. */
export function layOut(config: NetworkConfig, outputs: number): Layout {
  for (const [name, value] of Object.entries(config).flatMap(([key, one]) => numbersOf(key, one))) {
    if (!Number.isInteger(value) || value < 1)
      throw new InputError(`network: ${name} is ${value}; give a whole number of at least 1`);
  }
  const encoder = findEncoder(config.encoder);
  const tensors: Tensor[] = [];
  let length = 0;
  const add = (name: string, { shape, floats, place }: Placement): Tensor => {
    const tensor = { name, shape, offset: length, length: whole(floats), place };
    tensors.push(tensor);
    length += tensor.length;
    return tensor;
  };
  const prefix = outputs > 0 ? 'encoder.' : '';
  const layers = encoder.layers({ ...config }).map((layer) => ({
    layer,
    weight: add(`${prefix}${layer.name}.weight`, layer.weight),
    bias: add(`${prefix}${layer.name}.bias`, layer.bias),
  }));
  const encoded = layers[layers.length - 1].layer.outputs;
  const { count, columns } = encoded;
  // Row-major, unlike the encoder's: the head has few outputs.
  const place = (i: number) => Math.floor(i / count) * columns + encoded.place(i % count);
  const head =
    outputs === 0
      ? null
      : {
          weight: add('head.weight', { shape: [outputs, count], floats: outputs * columns, place }),
          bias: add('head.bias', vector(outputs)),
        };
  const parameterCount = tensors.reduce((n, t) => n + t.shape.reduce((a, b) => a * b, 1), 0);
  return { config, layers, encoded, outputs, head, tensors, length, parameterCount };
}

/** The numbers of a setting by name: `hidden1`, `hidden2` of two. */
function numbersOf(name: string, value: unknown): [string, number][] {
  if (typeof value === 'number') return [[name, value]];
  return Array.isArray(value) ? value.flatMap((one, i) => numbersOf(`${name}${i + 1}`, one)) : [];
}
