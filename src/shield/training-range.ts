/**
 * How far an observation lies from what the training fold showed: Mahalanobis distance (Mahalanobis, 1936)
 * d(x) = sqrt((x - mean)' C^-1 (x - mean)), as a multiple of the 99.9 % quantile of the training rows' own distances,
 * so 1 means "as odd as the oddest row in a thousand". C has a small ridge, since columns may be constant or collinear.
 */
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { DecisionFacts } from '../core/shield.ts';

/** A fit; serialisable. */
export const trainingRangeSchema = z.strictObject({
  /** Columns, the first ones of every row. */
  width: z.int().positive(),
  /** (width) */
  mean: z.array(z.number()),
  /** (width, width) lower triangle of the Cholesky factor L of C = L L', row-major, zeros above. */
  factor: z.array(z.number()),
  /** The 99.9 % quantile of the training rows' distances. */
  quantile: z.number().positive(),
});
/** What an observation's oddness is measured against. */
export type TrainingRange = z.output<typeof trainingRangeSchema>;

/** The fit that a checkpoint's description carries, as `createShield` takes it; nothing where it carries none. */
export function rangeOf(spec: { readonly trainingRange: Json }): { readonly trainingRange?: TrainingRange } {
  return spec.trainingRange === null ? {} : { trainingRange: trainingRangeSchema.parse(spec.trainingRange) };
}

const RIDGE = 1e-4;
const QUANTILE = 0.999;

/** Solves L y = x - mean by forward substitution; d = |y|. */
function distanceOf(
  mean: readonly number[],
  factor: readonly number[],
  row: ArrayLike<number>,
  offset: number,
): number {
  const width = mean.length;
  const y = new Float64Array(width);
  let sum = 0;
  for (let i = 0; i < width; i++) {
    let rest = row[offset + i] - mean[i];
    for (let j = 0; j < i; j++) rest -= factor[i * width + j] * y[j];
    y[i] = rest / factor[i * width + i];
    sum += y[i] * y[i];
  }
  return Math.sqrt(sum);
}

/** Lower triangle L with L L' = C, C positive definite. */
function choleskyOf(covariance: Float64Array, width: number): number[] {
  const factor = new Array<number>(width * width).fill(0);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i * width + j];
      for (let k = 0; k < j; k++) sum -= factor[i * width + k] * factor[j * width + k];
      factor[i * width + j] = i === j ? Math.sqrt(sum) : sum / factor[j * width + j];
    }
  }
  return factor;
}

/**
 * Fits the range to the scaled rows [from, to) of the training fold. `data` is (rows, width) row-major; rows that
 * hold a value that isn't finite are left out.
 */
export function fitTrainingRange(
  data: Float32Array | Float64Array,
  width: number,
  from = 0,
  to = data.length / width,
): TrainingRange {
  const offsets: number[] = [];
  for (let row = from; row < to; row++) {
    if (data.subarray(row * width, (row + 1) * width).every(Number.isFinite)) offsets.push(row * width);
  }
  if (offsets.length <= width)
    throw new InputError(`shield: ${offsets.length} complete training rows are too few to fit ${width} columns`);
  const mean = new Array<number>(width).fill(0);
  for (const offset of offsets) for (let i = 0; i < width; i++) mean[i] += data[offset + i] / offsets.length;
  const covariance = new Float64Array(width * width);
  for (const offset of offsets)
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++)
        covariance[i * width + j] +=
          ((data[offset + i] - mean[i]) * (data[offset + j] - mean[j])) / (offsets.length - 1);
  let trace = 0;
  for (let i = 0; i < width; i++) trace += covariance[i * width + i];
  // Where every column is constant the ridge alone stands.
  const ridge = trace > 0 ? (RIDGE * trace) / width : RIDGE;
  for (let i = 0; i < width; i++) covariance[i * width + i] += ridge;
  const factor = choleskyOf(covariance, width);
  const distances = Float64Array.from(offsets, (offset) => distanceOf(mean, factor, data, offset)).sort();
  const quantile = distances[Math.floor(QUANTILE * distances.length)];
  return { width, mean, factor, quantile: quantile > 0 ? quantile : 1 };
}

/** Distance of the newest row of the window, over the fit's quantile. */
export function measureDistance(range: TrainingRange, facts: Pick<DecisionFacts, 'values' | 'window'>): number {
  const { values, window } = facts;
  const features = values.length / window;
  if (range.width > features)
    throw new InputError(`shield: the training range has ${range.width} columns, the observation ${features}`);
  return distanceOf(range.mean, range.factor, values, (window - 1) * features) / range.quantile;
}

/** The window with the first `width` columns of every row; itself where that is all of them. */
export function takeColumns(facts: Pick<DecisionFacts, 'values' | 'window'>, width: number | null): Float32Array {
  const { values, window } = facts;
  const features = values.length / window;
  if (width === null || width === features) return values;
  if (width > features)
    throw new InputError(`shield: the supervisor needs ${width} columns, the observation has ${features}`);
  const taken = new Float32Array(window * width);
  for (let row = 0; row < window; row++)
    taken.set(values.subarray(row * features, row * features + width), row * width);
  return taken;
}
