/**
 * Is the best of many looks better than luck? Hansen's test for superior predictive ability ("A test for superior
 * predictive ability", Journal of Business and Economic Statistics 23(4), 2005): studentised statistics, the null
 * distribution of their maximum by the stationary bootstrap, and his thresholds c_k, which leave hopeless trials out of
 * it, so that bad company neither helps nor harms. Clones of a trial move with it and change nothing.
 *
 *   t_k = sqrt(n) d_k / w_k         d_k the mean of trial k's bars, w_k^2 the bootstrap variance of sqrt(n) d_k
 *   Z_k*  = sqrt(n) (d_k* - g(d_k)) / w_k,   g(d) = d where sqrt(n) d / w_k >= -sqrt(2 log log n), else 0
 *   p = share of resamples in which max(0, max_k Z_k*) >= t of the subject
 *
 * For the best of the trials p is Hansen's SPA_c; for another one it says how often luck alone has one that good.
 *
 * Departures: bars that a trial did not see count as nothing, so its statistic is that of the bars it saw. A trial whose
 * returns nobody knows here (stopped, of an earlier version, of longer bars, of another time) counts as one more
 * independent draw from a normal distribution, which is the most that it can add.
 */
import { exp, log } from '../core/math.ts';
import { type Resampling, resampleSums } from './bootstrap.ts';
import { normalQuantile } from './normal.ts';

export interface SuperiorAbility {
  /** Probability of a result at least this good among as many worthless trials. */
  readonly p: number;
  /** The subject's studentised mean. */
  readonly t: number;
  /** Trials whose returns were compared, the subject included, and those that are only known to have been. */
  readonly compared: number;
  readonly unknown: number;
}

/** Fewest bars that a trial must share with the subject; below, its statistic would be noise. */
export const FEWEST_SHARED = 30;

/**
 * (n) with 0 in the place of NaN, which leaves the statistic that of the bars that are known: d m/n over s sqrt(m)/n is
 * d sqrt(m)/s. null where too little is known, or nothing varies.
 */
function fill(values: Float64Array): Float64Array | null {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length < Math.min(FEWEST_SHARED, values.length) || known.every((value) => value === known[0])) return null;
  return values.map((value) => (Number.isNaN(value) ? 0 : value));
}

/**
 * @param subject (n) what each bar brought beyond the benchmark
 * @param others (trials, n) the same for every other trial that saw any of these bars; NaN where it saw nothing
 * @param unknown how many further trials have looked, of which no returns are known
 * @returns null where the subject's bars don't vary
 */
export function testSuperiorAbility(
  subject: Float64Array,
  others: readonly Float64Array[],
  unknown: number,
  options: Resampling,
): SuperiorAbility | null {
  const n = subject.length;
  const own = fill(subject);
  if (own === null) return null;
  const columns = [own, ...others.map(fill).filter((column) => column !== null)];
  const draws = resampleSums(columns, options);
  const root = Math.sqrt(n);
  const threshold = -Math.sqrt(2 * log(Math.max(1.001, log(n))));
  const best = new Float64Array(options.resamples);
  let t = 0;
  columns.forEach((column, k) => {
    const mean = column.reduce((sum, value) => sum + value, 0) / n;
    const means = draws[k];
    let sum = 0;
    let squares = 0;
    for (const value of means) sum += value / n;
    const centre = sum / means.length;
    for (const value of means) squares += (value / n - centre) * (value / n - centre);
    const scale = root * Math.sqrt(squares / means.length);
    const statistic = (root * mean) / scale;
    if (k === 0) t = statistic;
    const centred = statistic >= threshold ? mean : 0;
    for (let b = 0; b < best.length; b++) best[b] = Math.max(best[b], (root * (means[b] / n - centred)) / scale);
  });
  const { rng } = options;
  if (unknown > 0)
    for (let b = 0; b < best.length; b++) {
      // The largest of m independent standard normals, by inversion.
      const uniform = Math.max(1e-300, rng.uniform());
      const share = Math.min(1 - 1e-16, exp(log(uniform) / unknown));
      best[b] = Math.max(best[b], normalQuantile(share));
    }
  const beaten = best.reduce((count, value) => count + (value >= t ? 1 : 0), 0);
  // One more resample, the data themselves, so that p is never 0.
  return { p: (beaten + 1) / (best.length + 1), t, compared: columns.length, unknown };
}
