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

/** Fills `out` with the indices of one resample of a series as long as `out`; `meanBlock` >= 1, in bars. */
export function drawStationaryIndices(out: Int32Array, meanBlock: number, rng: Rng): void {
  const n = out.length;
  let filled = 0;
  while (filled < n) {
    let at = rng.integer(n);
    // P(L = k) = p (1 - p)^(k - 1) with p = 1 / meanBlock, by inversion: one random number a block, not one a bar.
    const length = meanBlock <= 1 ? 1 : 1 + Math.floor(log(1 - rng.uniform()) / log(1 - 1 / meanBlock));
    const end = Math.min(n, filled + length);
    for (; filled < end; filled++) {
      out[filled] = at;
      at = at + 1 === n ? 0 : at + 1;
    }
  }
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

/**
 * Percentile interval of a statistic under resampling of rows. `statistic` gets the indices of a resample; the
 * estimate is the statistic of the sample itself.
 */
export function bootstrapInterval(
  length: number,
  statistic: (indices: Int32Array) => number,
  options: { readonly meanBlock: number; readonly resamples: number; readonly confidence: number; readonly rng: Rng },
): Interval {
  const indices = Int32Array.from({ length }, (_, i) => i);
  const estimate = statistic(indices);
  const draws = new Float64Array(options.resamples);
  for (let i = 0; i < draws.length; i++) {
    drawStationaryIndices(indices, options.meanBlock, options.rng);
    draws[i] = statistic(indices);
  }
  draws.sort();
  const tail = (1 - options.confidence) / 2;
  return {
    estimate,
    lower: quantile(draws, tail),
    upper: quantile(draws, 1 - tail),
    confidence: options.confidence,
  };
}
