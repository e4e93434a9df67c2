/**
 * Orthogonal initialisation (Saxe, McClelland and Ganguli 2014), as PyTorch's `orthogonal_`: a Gaussian matrix, made
 * orthonormal by Gram-Schmidt along its shorter side, times a gain. Biases are zero, but for those that a head sets.
 */
import type { Rng } from '../core/rng.ts';
import type { Head, Layout } from './config.ts';

const BODY_GAIN = Math.SQRT2;

/** Fills a network's flat parameter vector; the gain of the body is sqrt 2. */
export function initializeOrthogonal(layout: Layout, parameters: Float32Array, head: Head, rng: Rng): void {
  parameters.fill(0);
  for (const { weight, gain } of [
    ...layout.layers.map(({ weight }) => ({ weight, gain: BODY_GAIN })),
    ...(layout.head === null ? [] : [{ weight: layout.head.weight, gain: head.gain }]),
  ]) {
    const { shape, offset, place } = weight;
    const columns = shape.slice(1).reduce((a, b) => a * b, 1);
    const matrix = orthogonal(shape[0], columns, rng);
    for (let i = 0; i < matrix.length; i++) parameters[offset + place(i)] = gain * matrix[i];
  }
  if (layout.head !== null && head.bias !== undefined) parameters.set(head.bias, layout.head.bias.offset);
}

/** (rows, columns) row-major with orthonormal rows, or columns where there are fewer of them. */
export function orthogonal(rows: number, columns: number, rng: Rng): Float64Array {
  const count = Math.min(rows, columns);
  const width = Math.max(rows, columns);
  const vectors = Float64Array.from({ length: count * width }, () => rng.normal());
  for (let i = 0; i < count; i++) {
    const v = vectors.subarray(i * width, (i + 1) * width);
    // Twice: one pass of modified Gram-Schmidt leaves rounding errors that grow with the size.
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const u = vectors.subarray(j * width, (j + 1) * width);
        let dot = 0;
        for (let k = 0; k < width; k++) dot += u[k] * v[k];
        for (let k = 0; k < width; k++) v[k] -= dot * u[k];
      }
    }
    let norm = 0;
    for (let k = 0; k < width; k++) norm += v[k] * v[k];
    norm = Math.sqrt(norm);
    for (let k = 0; k < width; k++) v[k] /= norm;
  }
  if (rows <= columns) return vectors;
  const transposed = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) transposed[r * columns + c] = vectors[c * width + r];
  }
  return transposed;
}
