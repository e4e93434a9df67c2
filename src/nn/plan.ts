/**
 * Turns a network's forward and backward pass and its optimiser step into phases of units (see `program.ts`).
 *
 * Forward and the chain of dz go by rows of the batch: a unit takes some rows through all layers, so threads need not
 * meet. Weight gradients go by panels of outputs: a unit sums over the whole batch in order, so there are no partial
 * gradients to add up, and the result is the same for any number of threads.
 */
import type { Layout } from './config.ts';
import type { Kernels } from './kernels.ts';
import * as ops from './ops.ts';
import { type Op, PANEL, type Rows } from './ops.ts';
import type { Phase, Unit } from './program.ts';

/** The parts of a network that programs touch. */
export interface NetworkMemory {
  readonly layout: Layout;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly transposed: readonly [Float32Array, Float32Array];
  readonly squares: Float32Array;
}

/** Rows of one unit at most: their activations stay in a second-level cache. */
const MAX_SHARD = 128;
/** A shard below this is not worth a second thread. */
const MIN_SHARD = 8;
/** Panels of a dense layer's gradient in one unit: more reuse of the inputs, but no unit that others wait for long. */
const gradientPanels = (batch: number): number => Math.max(1, Math.min(4, Math.floor(1024 / batch)));
/** Taps (rows of the convolution's weight) in one unit of its gradient. */
const CONV_UNIT_TAPS = 32;

/** Whoever holds outputs holds the array that they are a part of, so that it is not given back. */
const OWNERS = new WeakMap<Float32Array, Float32Array>();

/** Everything between the observations and the gradient, for batches up to `capacity`. */
export class Activations {
  readonly capacity: number;
  /** (capacity, window, features): fill it and pass it to `forward` to save the copy. */
  readonly obs: Float32Array;
  readonly padded: Float32Array;
  /** Outputs of conv, dense1, dense2 after GELU. */
  readonly h: readonly [Float32Array, Float32Array, Float32Array];
  /** gelu' there; the backward pass multiplies it, in place, to `dz`. */
  readonly slope: readonly [Float32Array, Float32Array, Float32Array];
  /** d loss / d (input of GELU) of conv, dense1, dense2: the arrays of `slope`, a third less memory to go through. */
  readonly dz: readonly [Float32Array, Float32Array, Float32Array];
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
    const { window, features, pad } = layout.conv;
    this.#width = layout.outputs || layout.config.hidden[1];
    const rows = (width: number) => {
      const view = kernels.alloc(capacity * width);
      this.#views.push(view);
      return view;
    };
    const [first, second] = layout.hiddenColumns;
    this.obs = obs ?? rows(window * features);
    this.padded = rows((window + 2 * pad) * features);
    this.h = [rows(layout.flatColumns), rows(first), rows(second)];
    this.slope = [rows(layout.flatColumns), rows(first), rows(second)];
    this.dz = this.slope;
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

/** Where each tensor lies, by name without 'encoder.'. */
function parts(layout: Layout, flat: Float32Array): Record<string, Float32Array> {
  return Object.fromEntries(
    layout.tensors.map((t) => [t.name.replace('encoder.', ''), flat.subarray(t.offset, t.offset + t.length)]),
  );
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
  const { layout } = network;
  const p = parts(layout, network.parameters);
  const [first, second] = layout.hiddenColumns;
  const slope = train ? a.slope : [null, null, null];
  const units = shardRows(batch, threads).map((rows): Op[] => [
    ops.pad(a.obs, a.padded, rows, layout.conv),
    ops.conv(a.padded, p['conv.weight'], p['conv.bias'], a.h[0], slope[0], rows, layout.conv),
    ops.dense(a.h[0], p['dense1.weight'], p['dense1.bias'], a.h[1], slope[1], rows, layout.flatColumns, first),
    ops.dense(a.h[1], p['dense2.weight'], p['dense2.bias'], a.h[2], slope[2], rows, first, second),
  ]);
  if (layout.outputs === 0) {
    // An encoder alone is no hot path: one unit for the whole batch keeps the last op simple.
    const [only] = forwardOfOneShard(units);
    return [[...only, ops.fromPanels(a.h[2], a.out, batch, layout.config.hidden[1])]];
  }
  shardRows(batch, threads).forEach((rows, i) => {
    units[i].push(ops.head(a.h[2], p['head.weight'], p['head.bias'], a.out, rows, second, layout.outputs));
  });
  return units;
}

const forwardOfOneShard = (units: Op[][]): Op[][] => [units.flat()];

/** Two phases: d loss / d outputs -> dz of every layer (by rows), then all gradients and their squares (by panels). */
export function backwardPhases(network: NetworkMemory, a: Activations, batch: number, threads: number): Phase[] {
  const { layout } = network;
  const { conv, flatColumns, hiddenColumns, outputs } = layout;
  const [first, second] = hiddenColumns;
  const p = parts(layout, network.parameters);
  const g = parts(layout, network.gradients);

  const chain = (outputs === 0 ? shardRows(batch, 1) : shardRows(batch, threads)).map((rows): Op[] => [
    ...(outputs > 0 ? [ops.headGradInput(a.dOut, p['head.weight'], a.slope[2], a.dz[2], rows, second, outputs)] : []),
    ops.denseGradInput(a.dz[2], network.transposed[1], a.slope[1], a.dz[1], rows, first, second),
    ops.denseGradInput(a.dz[1], network.transposed[0], a.slope[0], a.dz[0], rows, flatColumns, first),
  ]);
  const phases: Phase[] = [chain];
  if (outputs === 0) {
    phases.unshift([[ops.toPanelsTimes(a.dOut, a.slope[2], a.dz[2], batch, layout.config.hidden[1])]]);
  }

  let slot = 0;
  const square = (gradient: Float32Array): Op =>
    ops.sumSquares(gradient, network.squares.subarray(slot++), gradient.length);
  // A lane is what one thread will do; equal shares of every layer make the lanes equal.
  const lanes: Unit[][] = Array.from({ length: threads }, () => []);
  convCuts(layout).forEach((cut, i) => {
    const dz = a.dz[0].subarray(cut.panel * batch * PANEL);
    const weight = g['conv.weight'].subarray(cut.panel * layout.taps * PANEL, (cut.panel + 1) * layout.taps * PANEL);
    const unit = [
      ops.convGradWeight(a.padded, dz, weight, batch, conv, cut.start, cut.count),
      square(weight.subarray(cut.start * PANEL, (cut.start + cut.count) * PANEL)),
    ];
    if (cut.start === 0) {
      const bias = g['conv.bias'].subarray(cut.panel * PANEL, (cut.panel + 1) * PANEL);
      unit.push(ops.columnSum(dz, bias, batch, conv.steps, conv.columns / PANEL), square(bias));
    }
    lanes[i % threads].push(unit);
  });
  const most = gradientPanels(batch);
  const dense = (name: string, input: Float32Array, dz: Float32Array, inputs: number, width: number) => {
    const panels = width / PANEL;
    const weights = (panel: number, count = 1) =>
      g[`${name}.weight`].subarray(panel * inputs * PANEL, (panel + count) * inputs * PANEL);
    const ends = Array.from({ length: panels }, (_, panel) => {
      const bias = g[`${name}.bias`].subarray(panel * PANEL, (panel + 1) * PANEL);
      const sum = ops.columnSum(dz.subarray(panel * batch * PANEL), bias, batch, 1, 1);
      return [square(weights(panel)), sum, square(bias)];
    });
    lanes.forEach((lane, l) => {
      const end = Math.floor(((l + 1) * panels) / threads);
      for (let panel = Math.floor((l * panels) / threads); panel < end; panel += most) {
        const count = Math.min(most, end - panel);
        const mine = dz.subarray(panel * batch * PANEL);
        lane.push([
          ops.denseGradWeight(input, mine, weights(panel, count), batch, inputs, count),
          ...ends.slice(panel, panel + count).flat(),
        ]);
      }
    });
  };
  dense('dense1', a.h[0], a.dz[1], flatColumns, first);
  dense('dense2', a.h[1], a.dz[2], first, second);
  if (outputs > 0) {
    lanes[threads - 1].push([
      ops.headGradWeight(a.dOut, a.h[2], g['head.weight'], g['head.bias'], batch, second, outputs),
      square(g['head.weight']),
      square(g['head.bias']),
    ]);
  }
  phases.push(lanes.flat());
  return phases;
}

/** Panels of filters, and runs of taps in each. */
function convCuts(layout: Layout): { panel: number; start: number; count: number }[] {
  const cuts = [];
  for (let panel = 0; panel < layout.conv.columns / PANEL; panel++) {
    for (let start = 0; start < layout.taps; start += CONV_UNIT_TAPS) {
      cuts.push({ panel, start, count: Math.min(CONV_UNIT_TAPS, layout.taps - start) });
    }
  }
  return cuts;
}

/** How many sums of squares `backwardPhases` writes. */
export function squareSlots(layout: Layout): number {
  const panels = (layout.hiddenColumns[0] + layout.hiddenColumns[1]) / PANEL;
  return convCuts(layout).length + layout.conv.columns / PANEL + 2 * panels + 2;
}

/** One phase: the transposed copies of the dense weights. */
export function transposeUnits(network: NetworkMemory): Unit[] {
  return densePanels(network).map(({ transposeOp }) => [transposeOp]);
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
  const lanes: Unit[][] = Array.from({ length: threads }, () => []);
  const panels = densePanels(network);
  for (const { name, offset, length } of network.layout.tensors) {
    const cuts = panels.filter((cut) => name.endsWith(cut.name));
    if (cuts.length === 0) lanes[name.startsWith('head') ? threads - 1 : 0].push(update(offset, length));
    cuts.forEach((cut, i) => {
      const lane = lanes[Math.floor((i * threads) / cuts.length)];
      lane.push([...update(cut.offset, cut.length), cut.transposeOp]);
    });
  }
  return lanes.flat();
}

/** The panels of both dense weights. */
function densePanels(network: NetworkMemory): { name: string; offset: number; length: number; transposeOp: Op }[] {
  const { layout, parameters, transposed } = network;
  const [first, second] = layout.hiddenColumns;
  const sizes = [
    { name: 'dense1.weight', inputs: layout.flatColumns, outputs: first },
    { name: 'dense2.weight', inputs: first, outputs: second },
  ];
  return sizes.flatMap(({ name, inputs, outputs }, layer) => {
    const tensor = layout.tensors.find((t) => t.name.endsWith(name));
    if (!tensor) throw new Error(`plan: no tensor ${name}`);
    const weight = parameters.subarray(tensor.offset, tensor.offset + tensor.length);
    return Array.from({ length: outputs / PANEL }, (_, index) => ({
      name,
      offset: tensor.offset + index * inputs * PANEL,
      length: inputs * PANEL,
      transposeOp: ops.transpose(weight, transposed[layer], inputs, outputs, index),
    }));
  });
}
