/**
 * The stationary bootstrap of Politis and Romano (Journal of the American Statistical Association 89(428), 1994):
 * blocks of geometric length, wrapped round the end, so that resampled series stay stationary and keep the
 * dependence between neighbouring bars.
 */
import { log } from '../core/math.ts';
import type { Rng } from '../core/rng.ts';
import { mean, quantile } from './moments.ts';

export interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Two-sided coverage, such as 0.95. */
  readonly confidence: number;
}

/**
 * The block length that minimises the error of the variance of a mean: Politis and White (Econometric Reviews 23(1),
 * 2004) with the correction of Patton, Politis and White (28(4), 2009), for the stationary bootstrap; the lag rule is
 * that of Patton's own program. At least 1.
 */
export function optimalBlockLength(values: ArrayLike<number>): number {
  const n = values.length;
  const m = mean(values);
  const centred = Float64Array.from(values, (value) => value - m);
  const runLength = Math.max(5, Math.floor(log(n) / Math.LN10));
  const maxLag = Math.ceil(Math.sqrt(n)) + runLength;
  const maxBlock = Math.ceil(Math.min(3 * Math.sqrt(n), n / 3));
  const autocovariance = (lag: number) => {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += centred[i] * centred[i - lag];
    return sum / n;
  };
  const covariances = Float64Array.from({ length: Math.min(maxLag, n - 1) + 1 }, (_, lag) => autocovariance(lag));
  if (!(covariances[0] > 0)) return 1;

  // The smallest lag m >= 1 from which on `runLength` autocorrelations in a row are within chance; M = 2 m.
  const chance = 2 * Math.sqrt(log(n) / Math.LN10 / n);
  let quiet = 0;
  let bandwidth = covariances.length - 1;
  for (let lag = 1; lag < covariances.length - 1; lag++) {
    quiet = Math.abs(covariances[lag] / covariances[0]) < chance ? quiet + 1 : 0;
    if (quiet < runLength) continue;
    bandwidth = Math.min(bandwidth, 2 * (lag - runLength + 1));
    break;
  }

  // G = sum lambda(k/M) |k| R(k) and D = 2 g(0)^2, with the flat-top window lambda.
  let g = 0;
  let longRunVariance = covariances[0];
  for (let lag = 1; lag <= bandwidth; lag++) {
    const lambda = Math.min(1, 2 * (1 - lag / bandwidth));
    g += 2 * lambda * lag * covariances[lag];
    longRunVariance += 2 * lambda * covariances[lag];
  }
  const length = Math.cbrt((2 * g * g) / (2 * longRunVariance * longRunVariance)) * Math.cbrt(n);
  return Number.isFinite(length) ? Math.min(maxBlock, Math.max(1, length)) : 1;
}

export interface Resampling {
  /** Mean length of a block, >= 1, in bars. */
  readonly meanBlock: number;
  readonly resamples: number;
  readonly rng: Rng;
}

/**
 * Sums of resampled columns, each resample taking the same bars of all of them.
 * @param columns (columns, n) of equal length
 * @returns (columns, resamples) sums over n resampled bars
 */
export function resampleSums(
  columns: readonly Float64Array[],
  { meanBlock, resamples, rng }: Resampling,
): Float64Array[] {
  const n = columns[0].length;
  const width = columns.length;
  // (2 n + 1, columns): the sum of any block, also of one that wraps, is the difference of two of these rows, so a block
  // costs as much as a bar, and all columns of a row lie together.
  const running = new Float64Array((2 * n + 1) * width);
  columns.forEach((column, c) => {
    for (let i = 0; i < 2 * n; i++) running[(i + 1) * width + c] = running[i * width + c] + column[i < n ? i : i - n];
  });
  const sum = new Float64Array(width);
  const draws = columns.map(() => new Float64Array(resamples));
  const logStay = log(1 - 1 / meanBlock);
  for (let round = 0; round < resamples; round++) {
    sum.fill(0);
    let left = n;
    while (left > 0) {
      const at = rng.integer(n);
      // P(L = k) = p (1 - p)^(k - 1) with p = 1 / meanBlock, by inversion.
      const drawn = meanBlock <= 1 ? 1 : 1 + Math.floor(log(1 - rng.uniform()) / logStay);
      const length = Math.min(left, drawn);
      const from = at * width;
      const to = (at + length) * width;
      for (let c = 0; c < width; c++) sum[c] += running[to + c] - running[from + c];
      left -= length;
    }
    for (let c = 0; c < width; c++) draws[c][round] = sum[c];
  }
  return draws;
}

/** The percentile interval of a statistic, from its resampled values. */
export function percentileInterval(estimate: number, resampled: Float64Array, confidence: number): Interval {
  const sorted = resampled.toSorted();
  const tail = (1 - confidence) / 2;
  return { estimate, lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail), confidence };
}
