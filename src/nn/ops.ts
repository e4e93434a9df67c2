/**
 * The op set: everything that the networks ask of a kernel implementation. `reference.ts` is its meaning in plain
 * TypeScript; `native/kernels.c` is the fast one, compiled for AVX-512, AVX2 and WebAssembly. The C source gets the
 * numbers below from `native/ops.h`, which `node native/write-ops-header.ts` writes.
 *
 * Layouts. PANEL = 32 columns. A matrix (rows, columns) "in panels" is stored as (columns / 32, rows, 32), its columns
 * padded with zeros to a multiple of 32: activations (batch, width), weights (inputs, outputs). So every inner loop
 * walks contiguous memory whatever the vector width is, and no kernel has a column tail. A "transposed" weight is
 * (outputs, inputs) in panels.
 *
 * Every output is one chain of fused multiply-adds in a fixed order (stated at each op), so results do not depend on
 * the vector width, on tiles or on threads.
 */
export const PANEL = 32;

/** Lanes of a column sum: row r goes to lane r % 4, and the result is (lane0 + lane1) + (lane2 + lane3). */
export const SUM_LANES = 4;

/** Samples in one block of the convolution's weight gradient; inside a block the chain runs over time, then sample. */
export const CONV_BLOCK = 16;

/**
 * Lanes of a sum of squares: element i goes to lane i % 64. Lanes 0 to 31 and 32 to 63 are each folded in halves,
 * 16 + 16, 8 + 8, ..., and the two sums are added.
 */
export const SQUARE_LANES = 64;

/** Counted up with every change of an op or of the pool, so that an addon from before is not used. */
export const KERNELS_VERSION = 3;

/** Operands of one op record, after its code. */
export const OPERANDS = 15;

/** Op codes. What each op takes stands in its builder below and, for checks and the C source, in `op-table.ts`. */
export const OP = {
  pad: 1,
  conv: 2,
  dense: 3,
  head: 4,
  headGradInput: 5,
  headGradWeight: 6,
  denseGradInput: 7,
  denseGradWeight: 8,
  columnSum: 9,
  convGradWeight: 10,
  transpose: 11,
  sumSquares: 12,
  adam: 13,
  polyak: 14,
  fromPanels: 15,
  toPanelsTimes: 16,
  unary: 17,
} as const;

/** What `unary` computes, element by element. */
export const UNARY = { exp: 0, log: 1, erf: 2, tanh: 3, gelu: 4, geluGrad: 5 } as const;

/** An operand is a view into the kernels' memory, null (absent), or a whole number. */
export type Operand = Float32Array | number | null;
/** One op: its code and operands. */
export type Op = readonly [code: number, ...operands: Operand[]];

/** Rows [start, start + count) of a batch of `batch` samples. */
export interface Rows {
  readonly start: number;
  readonly count: number;
  readonly batch: number;
}

/** Sizes of one convolution. `columns` counts padded filters. */
export interface ConvShape {
  readonly window: number;
  readonly features: number;
  readonly kernelSize: number;
  /** Zero bars added at each end. */
  readonly pad: number;
  /** Output bars: window + 2 pad - kernelSize + 1. */
  readonly steps: number;
  /** Filters, rounded up to a multiple of 32. */
  readonly columns: number;
}

const sampleStride = (s: ConvShape): number => (s.window + 2 * s.pad) * s.features;

/** padded (batch, window + 2 pad, features) = observations (batch, window, features) between zero bars. */
export const pad = (obs: Float32Array, padded: Float32Array, rows: Rows, s: ConvShape): Op => [
  OP.pad,
  obs,
  padded,
  rows.start,
  rows.count,
  s.window * s.features,
  s.pad * s.features,
];

/**
 * out[t, b, c] = gelu(bias[c] + sum over j of padded[b, t x features + j] weight[j, c]), j in order; `slope` (or null)
 * gets gelu'. Out and slope are in panels: panel (t x columns / 32 + c / 32), row b.
 */
export const conv = (
  padded: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  out: Float32Array,
  slope: Float32Array | null,
  rows: Rows,
  s: ConvShape,
): Op => [
  OP.conv,
  padded,
  weight,
  bias,
  out,
  slope,
  rows.start,
  rows.count,
  rows.batch,
  s.steps,
  s.features,
  sampleStride(s),
  s.kernelSize * s.features,
  s.columns,
];

/** out[b, n] = gelu(bias[n] + sum over k of input[b, k] weight[k, n]), k in order; slope as in `conv`. */
export const dense = (
  input: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  out: Float32Array,
  slope: Float32Array | null,
  rows: Rows,
  inputs: number,
  outputs: number,
): Op => [OP.dense, input, weight, bias, out, slope, rows.start, rows.count, rows.batch, inputs, outputs];

/**
 * out (batch, outputs) row-major = input (in panels) x weight (outputs, inputs) + bias. Column c of every panel adds to
 * lane c (32 chains); the lanes are folded in halves.
 */
export const head = (
  input: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  out: Float32Array,
  rows: Rows,
  inputs: number,
  outputs: number,
): Op => [OP.head, input, weight, bias, out, rows.start, rows.count, rows.batch, inputs, outputs];

/** dz[b, k] (in panels) = (sum over o, in order, of dOut[b, o] weight[o, k]) slope[b, k]. */
export const headGradInput = (
  dOut: Float32Array,
  weight: Float32Array,
  slope: Float32Array,
  dz: Float32Array,
  rows: Rows,
  inputs: number,
  outputs: number,
): Op => [OP.headGradInput, dOut, weight, slope, dz, rows.start, rows.count, rows.batch, inputs, outputs];

/** dWeight[o, k] = sum over b, in order, of dOut[b, o] input[b, k]; dBias[o] = sum over b of dOut[b, o]. */
export const headGradWeight = (
  dOut: Float32Array,
  input: Float32Array,
  dWeight: Float32Array,
  dBias: Float32Array,
  batch: number,
  inputs: number,
  outputs: number,
): Op => [OP.headGradWeight, dOut, input, dWeight, dBias, batch, inputs, outputs];

/** dzIn[b, k] = (sum over n, in order, of dz[b, n] transposed[n, k]) slope[b, k]. */
export const denseGradInput = (
  dz: Float32Array,
  transposed: Float32Array,
  slope: Float32Array,
  dzIn: Float32Array,
  rows: Rows,
  inputs: number,
  outputs: number,
): Op => [OP.denseGradInput, dz, transposed, slope, dzIn, rows.start, rows.count, rows.batch, inputs, outputs];

/**
 * dWeight[k, n] = sum over b, in order, of input[b, k] dz[b, n], for some panels of n. `dz` and `dWeight` begin at the
 * first of them.
 */
export const denseGradWeight = (
  input: Float32Array,
  dz: Float32Array,
  dWeight: Float32Array,
  batch: number,
  inputs: number,
  panels: number,
): Op => [OP.denseGradWeight, input, dz, dWeight, batch, inputs, panels];

/**
 * out[32] = column sums of `panels` panels of dz, `stride` panels apart, rows of one panel after those of the other
 * (their numbering goes on, see SUM_LANES).
 */
export const columnSum = (dz: Float32Array, out: Float32Array, batch: number, panels: number, stride: number): Op => [
  OP.columnSum,
  dz,
  out,
  batch,
  panels,
  stride,
];

/**
 * dWeight[j, c] = sum over samples b and steps t of padded[b, t x features + j] dz[t, b, c], for one panel of filters
 * and rows j in [start, start + count); the chain's order is that of CONV_BLOCK. `dz` and `dWeight` begin at the panel.
 */
export const convGradWeight = (
  padded: Float32Array,
  dz: Float32Array,
  dWeight: Float32Array,
  batch: number,
  s: ConvShape,
  start: number,
  count: number,
): Op => [
  OP.convGradWeight,
  padded,
  dz,
  dWeight,
  batch,
  s.steps,
  s.features,
  sampleStride(s),
  s.columns / PANEL,
  start,
  count,
];

/** transposed = the transpose of one panel of a weight (inputs, outputs): panel `index` of its columns. */
export const transpose = (
  weight: Float32Array,
  transposed: Float32Array,
  inputs: number,
  outputs: number,
  index: number,
): Op => [OP.transpose, weight, transposed, inputs, outputs, index];

/** out[0] = sum of squares of x[0..length), see SQUARE_LANES; length a multiple of 32. */
export const sumSquares = (x: Float32Array, out: Float32Array, length: number): Op => [OP.sumSquares, x, out, length];

/**
 * Adam (Kingma and Ba 2015, algorithm 1, the bias corrections folded into the scalars) on [0, length):
 * g = gradient x scalars.scale; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * p = p - rate m / (sqrt(v) + eps). `scalars` = [scale, rate, eps, beta1, 1 - beta1, beta2, 1 - beta2].
 */
export const adam = (
  parameters: Float32Array,
  m: Float32Array,
  v: Float32Array,
  gradient: Float32Array,
  scalars: Float32Array,
  length: number,
): Op => [OP.adam, parameters, m, v, gradient, scalars, length];

/** target += scalars[0] (online - target) on [0, length). */
export const polyak = (target: Float32Array, online: Float32Array, scalars: Float32Array, length: number): Op => [
  OP.polyak,
  target,
  online,
  scalars,
  length,
];

/** out (batch, width) row-major = rows of `panels` (width padded to 32). */
export const fromPanels = (panels: Float32Array, out: Float32Array, batch: number, width: number): Op => [
  OP.fromPanels,
  panels,
  out,
  batch,
  width,
];

/** out (in panels) = input (batch, width) row-major x slope (in panels). */
export const toPanelsTimes = (
  input: Float32Array,
  slope: Float32Array,
  out: Float32Array,
  batch: number,
  width: number,
): Op => [OP.toPanelsTimes, input, slope, out, batch, width];

/** out = f(x) on [0, length), f one of UNARY; x and out may be the same array. */
export const unary = (f: number, x: Float32Array, out: Float32Array, length: number): Op => [
  OP.unary,
  x,
  out,
  f,
  length,
];
