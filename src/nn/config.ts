/** Sizes of a network and where its tensors lie in the flat parameter vector. */
import { InputError } from '../core/errors.ts';
import { type ConvShape, PANEL } from './ops.ts';

/** Sizes of an encoder. */
export interface NetworkConfig {
  /** Bars in a window; default 12. */
  readonly window: number;
  /** Columns of an observation; default 21. */
  readonly features: number;
  /** Filters of the convolution; default 32. */
  readonly filters: number;
  /** Bars under the convolution; odd; default 3. */
  readonly kernelSize: number;
  /** 'same' (default) adds zero bars so that the output has `window` bars; 'valid' adds none. */
  readonly padding: 'same' | 'valid';
  /** Outputs of the two dense layers; default [256, 256]. */
  readonly hidden: readonly [number, number];
}

/** 12 bars of 21 columns, 32 filters of 3 bars, two dense layers of 256: 166,400 parameters. */
export const DEFAULT_NETWORK: NetworkConfig = {
  window: 12,
  features: 21,
  filters: 32,
  kernelSize: 3,
  padding: 'same',
  hidden: [256, 256],
};

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

/** Everything that follows from a config. Widths ending in `Columns` are rounded up to whole panels. */
export interface Layout {
  readonly config: NetworkConfig;
  readonly conv: ConvShape;
  readonly outputs: number;
  /** kernelSize x features: inputs of the convolution. */
  readonly taps: number;
  /** Inputs of dense1: steps x filters, each step in whole panels. */
  readonly flatColumns: number;
  readonly hiddenColumns: readonly [number, number];
  /** conv.weight, conv.bias, dense1.weight, ..., head.bias; without the head where there is none. */
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

const whole = (n: number): number => Math.ceil(n / PANEL) * PANEL;

/** Checks the sizes and lays the tensors out; `outputs` 0 means an encoder without a head. */
export function layOut(config: NetworkConfig, outputs: number): Layout {
  const { window, features, filters, kernelSize, padding, hidden } = config;
  for (const [name, value] of Object.entries({
    window,
    features,
    filters,
    kernelSize,
    hidden1: hidden[0],
    hidden2: hidden[1],
  })) {
    if (!Number.isInteger(value) || value < 1)
      throw new InputError(`network: ${name} is ${value}; give a whole number of at least 1`);
  }
  if (kernelSize % 2 === 0) throw new InputError(`network: kernelSize is ${kernelSize}; give an odd number`);
  const pad = padding === 'same' ? (kernelSize - 1) / 2 : 0;
  const steps = window + 2 * pad - kernelSize + 1;
  if (steps < 1)
    throw new InputError(`network: a kernel of ${kernelSize} does not fit into ${window} bars; use padding 'same'`);
  const conv = { window, features, kernelSize, pad, steps, columns: whole(filters) };
  const taps = kernelSize * features;
  const flatColumns = steps * conv.columns;
  const hiddenColumns = [whole(hidden[0]), whole(hidden[1])] as const;

  const tensors: Tensor[] = [];
  let length = 0;
  const add = (name: string, shape: number[], floats: number, place: Tensor['place']) => {
    tensors.push({ name, shape, offset: length, length: whole(floats), place });
    length += whole(floats);
  };
  const inPanels = (row: number, column: number, rows: number) =>
    (Math.floor(column / PANEL) * rows + row) * PANEL + (column % PANEL);
  const same = (i: number) => i;
  const encoder = outputs > 0 ? 'encoder.' : '';

  // (filter, feature, tap) -> row tap x features + feature of panels (taps, filters).
  add(`${encoder}conv.weight`, [filters, features, kernelSize], taps * conv.columns, (i) => {
    const tap = i % kernelSize;
    const feature = Math.floor(i / kernelSize) % features;
    return inPanels(tap * features + feature, Math.floor(i / taps), taps);
  });
  add(`${encoder}conv.bias`, [filters], conv.columns, same);
  // PyTorch flattens (filters, steps) channel-major; here a row is step x filters + filter.
  add(`${encoder}dense1.weight`, [hidden[0], filters * steps], flatColumns * hiddenColumns[0], (i) => {
    const input = i % (filters * steps);
    const row = (input % steps) * conv.columns + Math.floor(input / steps);
    return inPanels(row, Math.floor(i / (filters * steps)), flatColumns);
  });
  add(`${encoder}dense1.bias`, [hidden[0]], hiddenColumns[0], same);
  add(`${encoder}dense2.weight`, [hidden[1], hidden[0]], hiddenColumns[0] * hiddenColumns[1], (i) =>
    inPanels(i % hidden[0], Math.floor(i / hidden[0]), hiddenColumns[0]),
  );
  add(`${encoder}dense2.bias`, [hidden[1]], hiddenColumns[1], same);
  if (outputs > 0) {
    add('head.weight', [outputs, hidden[1]], outputs * hiddenColumns[1], (i) => {
      return Math.floor(i / hidden[1]) * hiddenColumns[1] + (i % hidden[1]);
    });
    add('head.bias', [outputs], outputs, same);
  }
  const parameterCount = tensors.reduce((n, t) => n + t.shape.reduce((a, b) => a * b, 1), 0);
  return { config, conv, outputs, taps, flatColumns, hiddenColumns, tensors, length, parameterCount };
}
