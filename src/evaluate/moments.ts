/** Sample moments and quantiles of a series; the words of every statistic in this folder. */

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Two-pass, so that a large mean costs no digits. `ddof` as in numpy: the divisor is n - ddof. */
export function variance(values: ArrayLike<number>, ddof = 1): number {
  const m = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - m) * (values[i] - m);
  return sum / (values.length - ddof);
}

/** Skewness m3 / m2^1.5 and kurtosis m4 / m2^2 (3 for a normal, not the excess), both biased; NaN without variance. */
export function shape(values: ArrayLike<number>): { readonly skewness: number; readonly kurtosis: number } {
  const m = mean(values);
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  for (let i = 0; i < values.length; i++) {
    const d = values[i] - m;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
  }
  m2 /= values.length;
  return {
    skewness: m3 / values.length / (m2 * Math.sqrt(m2)),
    kurtosis: m4 / values.length / (m2 * m2),
  };
}

/** Linear interpolation between order statistics, as numpy's default. `sorted` ascends; 0 <= q <= 1. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
