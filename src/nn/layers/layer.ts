/** What a network is made of, and what programs are planned from: a layer that ends in GELU. */
import { type Op, PANEL, type Rows } from '../ops.ts';
import type { Unit } from '../program.ts';

/** How the elements of a tensor lie among `floats` of the flat vector. */
export interface Placement {
  /** PyTorch's. */
  readonly shape: readonly number[];
  /** Floats taken, padding included. */
  readonly floats: number;
  /** Index among them of the element with this PyTorch index (row-major). */
  readonly place: (index: number) => number;
}

/** What a layer hands up. */
export interface Outputs {
  /** Numbers a sample. */
  readonly count: number;
  /** Floats a sample: whole panels. */
  readonly columns: number;
  /** Where the output lies that PyTorch counts as number `index` after flattening. */
  readonly place: (index: number) => number;
}

/** The arrays of one layer. Parameters are parts of the network's flat vectors, the rest holds (batch, ...). */
export interface LayerArrays {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly dWeight: Float32Array;
  readonly dBias: Float32Array;
  /** The weight's transpose; empty for a layer without one. */
  readonly transposed: Float32Array;
  /** Outputs of the layer below, in panels; for the first, the observations (batch, window, features) row-major. */
  readonly input: Float32Array;
  /** The layer's own copy of its input; empty for one that keeps none. */
  readonly scratch: Float32Array;
  /** Outputs after GELU, in panels. */
  readonly out: Float32Array;
  /** gelu' there, which the backward pass multiplies in place to d loss / d (input of GELU). */
  readonly dz: Float32Array;
  /** `dz` of the layer below; null for the first. */
  readonly dzBelow: Float32Array | null;
}

export interface Layer {
  /** As its tensors are named: `conv` of `encoder.conv.weight`. */
  readonly name: string;
  readonly weight: Placement;
  readonly bias: Placement;
  readonly outputs: Outputs;
  /** Floats of a sample in `scratch`. */
  readonly scratch: number;
  /** Panels of the weight, of equal lengths: what the optimiser shares out among threads. */
  readonly panels: number;
  /** Sums of squares that `gradients` leaves behind. */
  readonly sums: number;
  /** input -> out for some rows; `train` leaves gelu' in `dz`. */
  forward(arrays: LayerArrays, rows: Rows, train: boolean): Op[];
  /** dz -> dzBelow for some rows; null for a layer that only observations can lie below. */
  readonly inputGradient: ((arrays: LayerArrays, rows: Rows) => Op) | null;
  /**
   * dz -> dWeight and dBias over the whole batch, in units dealt to `threads` threads.
   * @param square the op that leaves the sum of squares of a part of the gradient; called `sums` times, always in the
   *   same order, whatever the number of threads
   */
  gradients(arrays: LayerArrays, batch: number, threads: number, square: (gradient: Float32Array) => Op): Unit[][];
  /** Renews one panel of `transposed`; null for a layer without one. */
  readonly transpose: ((arrays: Pick<LayerArrays, 'weight' | 'transposed'>, panel: number) => Op) | null;
}

/** Columns with the padding of their last panel. */
export const whole = (n: number): number => Math.ceil(n / PANEL) * PANEL;

/** Where (row, column) of a matrix of so many rows lies, in panels. */
export const inPanels = (row: number, column: number, rows: number): number =>
  (Math.floor(column / PANEL) * rows + row) * PANEL + (column % PANEL);

/** A vector, one float after the other. */
export const vector = (length: number): Placement => ({ shape: [length], floats: whole(length), place: (i) => i });
