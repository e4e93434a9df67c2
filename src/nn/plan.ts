/**
 * Turns a network's forward and backward pass and its optimiser step into phases of units (see `program.ts`).
 *
 * Forward and the chain of dz go by rows of the batch: a unit takes some rows through all layers, so threads need not
 * meet. Weight gradients go by panels of outputs: a unit sums over the whole batch in order, so there are no partial
 * gradients to add up, and the result is the same for any number of threads.
 */
import type { Layout, Tensor } from './config.ts';
import type { Kernels } from './kernels.ts';
import type { LayerArrays } from './layers/layer.ts';
import type { Op, Rows } from './ops.ts';
import * as ops from './ops.ts';
import type { Phase, Unit } from './program.ts';

/** The parts of a network that programs touch. */
export interface NetworkMemory {
  readonly layout: Layout;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** Transposed weights, a layer each; empty for a layer without one. */
  readonly transposed: readonly Float32Array[];
  readonly squares: Float32Array;
}

/** Rows of one unit at most: their activations stay in a second-level cache. */
const MAX_SHARD = 128;
/** A shard below this is not worth a second thread. */
const MIN_SHARD = 8;

/** Whoever holds outputs holds the array that they are a part of, so that it is not given back. */
const OWNERS = new WeakMap<Float32Array, Float32Array>();

/** Everything between the observations and the gradient, for batches up to `capacity`. */
export class Activations {
  readonly capacity: number;
  /** (capacity, window, features): fill it and pass it to `forward` to save the copy. */
  readonly obs: Float32Array;
  /** By layer. `dz` takes gelu' first: a third less memory to go through than with an array for each. */
  readonly layers: readonly Pick<LayerArrays, 'scratch' | 'out' | 'dz'>[];
  readonly out: Float32Array;
  readonly dOut: Float32Array;
  #kernels: Kernels;
  #views: Float32Array[] = [];
  #outputs = new Map<number, Float32Array>();
  #width: number;

  /** `obs` shares the observations of other activations of the same capacity. */
  constructor(kernels: Kernels, layout: Layout, capacity: number, obs?: Float32Array) {
    this.#kernels = kernels;
    this.capacity = capacity;
    this.#width = layout.outputs || layout.encoded.count;
    const rows = (width: number) => {
      const view = kernels.alloc(capacity * width);
      this.#views.push(view);
      return view;
    };
    const { window, features } = layout.config;
    this.obs = obs ?? rows(window * features);
    this.layers = layout.layers.map(({ layer }) => ({
      scratch: rows(layer.scratch),
      out: rows(layer.outputs.columns),
      dz: rows(layer.outputs.columns),
    }));
    this.out = rows(this.#width);
    this.dOut = rows(this.#width);
  }

  /** The first `batch` rows of the outputs; the same view every time. */
  outputs(batch: number): Float32Array {
    let view = this.#outputs.get(batch);
    if (!view) {
      view = this.out.subarray(0, batch * this.#width);
      this.#outputs.set(batch, view);
      OWNERS.set(view, this.out);
    }
    return view;
  }

  free(): void {
    for (const view of this.#views) this.#kernels.free(view);
  }
}

const part = (flat: Float32Array, { offset, length }: Pick<Tensor, 'offset' | 'length'>): Float32Array =>
  flat.subarray(offset, offset + length);

/** Each layer with its arrays, from the observations up. */
function stack({ layout, parameters, gradients, transposed }: NetworkMemory, a: Activations) {
  return layout.layers.map(({ layer, weight, bias }, i) => ({
    layer,
    arrays: {
      weight: part(parameters, weight),
      bias: part(parameters, bias),
      dWeight: part(gradients, weight),
      dBias: part(gradients, bias),
      transposed: transposed[i],
      input: i === 0 ? a.obs : a.layers[i - 1].out,
      dzBelow: i === 0 ? null : a.layers[i - 1].dz,
      ...a.layers[i],
    } satisfies LayerArrays,
  }));
}

/** Cuts a batch into nearly equal runs of rows, at least `threads` where they are long enough. */
export function shardRows(batch: number, threads: number): Rows[] {
  const wanted = Math.min(threads, Math.floor(batch / MIN_SHARD));
  const count = Math.max(1, wanted * Math.ceil(batch / MAX_SHARD / Math.max(1, wanted)), Math.ceil(batch / MAX_SHARD));
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor((i * batch) / count);
    return { start, count: Math.floor(((i + 1) * batch) / count) - start, batch };
  });
}

/** One phase: observations -> outputs. `train` keeps the slopes that the backward pass needs. */
export function forwardUnits(
  network: NetworkMemory,
  a: Activations,
  batch: number,
  threads: number,
  train: boolean,
): Unit[] {
  const { encoded, outputs, head } = network.layout;
  const layers = stack(network, a);
  const top = a.layers[a.layers.length - 1].out;
  const units = shardRows(batch, threads).map((rows): Op[] =>
    layers.flatMap(({ layer, arrays }) => layer.forward(arrays, rows, train)),
  );
  // An encoder alone is no hot path: one unit for the whole batch keeps the last op simple.
  if (head === null) return [[...units.flat(), ops.fromPanels(top, a.out, batch, encoded.count)]];
  const [weight, bias] = [part(network.parameters, head.weight), part(network.parameters, head.bias)];
  shardRows(batch, threads).forEach((rows, i) => {
    units[i].push(ops.head(top, weight, bias, a.out, rows, encoded.columns, outputs));
  });
  return units;
}

/** Phases: d loss / d outputs -> dz of every layer (by rows), then all gradients and their squares (by panels). */
export function backwardPhases(network: NetworkMemory, a: Activations, batch: number, threads: number): Phase[] {
  const { encoded, outputs, head } = network.layout;
  const layers = stack(network, a);
  const { out: top, dz: dzTop } = a.layers[a.layers.length - 1];

  const headWeight = head === null ? null : part(network.parameters, head.weight);
  const chain = shardRows(batch, head === null ? 1 : threads).map((rows): Op[] => [
    ...(headWeight === null
      ? []
      : [ops.headGradInput(a.dOut, headWeight, dzTop, dzTop, rows, encoded.columns, outputs)]),
    ...layers
      .toReversed()
      .flatMap(({ layer, arrays }) => (layer.inputGradient === null ? [] : [layer.inputGradient(arrays, rows)])),
  ]);
  const phases: Phase[] = [chain];
  if (head === null) phases.unshift([[ops.toPanelsTimes(a.dOut, dzTop, dzTop, batch, encoded.count)]]);

  let slot = 0;
  const square = (gradient: Float32Array): Op =>
    ops.sumSquares(gradient, network.squares.subarray(slot++), gradient.length);
  // What each thread will do; equal shares of every layer make them equal.
  const shares: Unit[][] = Array.from({ length: threads }, () => []);
  for (const { layer, arrays } of layers) {
    layer.gradients(arrays, batch, threads, square).forEach((units, thread) => {
      shares[thread].push(...units);
    });
  }
  if (head !== null) {
    const [weight, bias] = [part(network.gradients, head.weight), part(network.gradients, head.bias)];
    shares[threads - 1].push([
      ops.headGradWeight(a.dOut, top, weight, bias, batch, encoded.columns, outputs),
      square(weight),
      square(bias),
    ]);
  }
  phases.push(shares.flat());
  return phases;
}

/** How many sums of squares `backwardPhases` writes. */
export function squareSlots({ layers, head }: Layout): number {
  return layers.reduce((n, { layer }) => n + layer.sums, head === null ? 0 : 2);
}

/** One phase: the transposed copies of the weights; none where no layer has one. */
export function transposeUnits(network: NetworkMemory): Unit[] {
  return network.layout.layers.flatMap((_, index) =>
    weightPanels(network, index).flatMap(({ transpose }) => (transpose.length === 0 ? [] : [transpose])),
  );
}

/**
 * One phase that covers every parameter once: `update(offset, length)` gives the ops for a stretch of the flat vector,
 * which run just before the transposed copy of the same weights is renewed. Shared out as in `backwardPhases`, so that a
 * thread updates what it has the gradient of.
 */
export function updateUnits(
  network: NetworkMemory,
  threads: number,
  update: (offset: number, length: number) => Op[],
): Unit[] {
  const { layers, head } = network.layout;
  const shares: Unit[][] = Array.from({ length: threads }, () => []);
  layers.forEach(({ bias }, index) => {
    const panels = weightPanels(network, index);
    panels.forEach(({ offset, length, transpose }, i) => {
      shares[Math.floor((i * threads) / panels.length)].push([...update(offset, length), ...transpose]);
    });
    shares[0].push(update(bias.offset, bias.length));
  });
  if (head !== null) {
    for (const { offset, length } of [head.weight, head.bias]) shares[threads - 1].push(update(offset, length));
  }
  return shares.flat();
}

/** The panels of a layer's weight, each with what renews its transposed copy. */
function weightPanels({ layout, parameters, transposed }: NetworkMemory, index: number) {
  const { layer, weight } = layout.layers[index];
  const length = weight.length / layer.panels;
  const copy = { weight: part(parameters, weight), transposed: transposed[index] };
  return Array.from({ length: layer.panels }, (_, panel) => ({
    offset: weight.offset + panel * length,
    length,
    transpose: layer.transpose === null ? [] : [layer.transpose(copy, panel)],
  }));
}
