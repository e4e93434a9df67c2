/**
 * Several seeds of one configuration, on one or several markets: the interquartile mean with a stratified bootstrap
 * interval. Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice" (NeurIPS 2021).
 */
import { InputError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Interval } from './bootstrap.ts';
import { mean, quantile } from './moments.ts';

/** Mean of what is left without the lowest and the highest quarter (rounded down), as scipy's trim_mean(x, 0.25). */
export function interquartileMean(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(sorted.length * 0.25);
  let sum = 0;
  for (let i = cut; i < sorted.length - cut; i++) sum += sorted[i];
  return sum / (sorted.length - 2 * cut);
}

/**
 * Interquartile mean over all scores; the bootstrap redraws the seeds of each market by themselves.
 * @param scores one list a market, each with one score a seed
 * @throws InputError without scores
 */
export function summarizeSeeds(
  scores: readonly (readonly number[])[],
  options: { readonly resamples: number; readonly confidence: number; readonly rng: Rng },
): Interval {
  if (scores.length === 0 || scores.some((market) => market.length === 0))
    throw new InputError('a summary over seeds needs at least one score of every market');
  const flat = scores.flat();
  const resample = new Float64Array(flat.length);
  const draws = new Float64Array(options.resamples);
  for (let i = 0; i < draws.length; i++) {
    let at = 0;
    for (const market of scores) {
      for (let seed = 0; seed < market.length; seed++) resample[at++] = market[options.rng.integer(market.length)];
    }
    draws[i] = interquartileMean(resample);
  }
  draws.sort();
  const tail = (1 - options.confidence) / 2;
  return {
    estimate: interquartileMean(flat),
    lower: quantile(draws, tail),
    upper: quantile(draws, 1 - tail),
    confidence: options.confidence,
  };
}

/**
 * Mean of paired differences, one list a fold with one difference a seed. The bootstrap redraws the folds, and the
 * seeds within each (a two-level resampling, Davison and Hinkley, "Bootstrap methods and their application", 1997,
 * section 3.8): another stretch of history is as much a part of the doubt as another seed. A few folds make it rough.
 * @throws InputError without differences
 */
export function summarizeDifferences(
  differences: readonly (readonly number[])[],
  options: { readonly resamples: number; readonly confidence: number; readonly rng: Rng },
): Interval {
  const { resamples, confidence, rng } = options;
  if (differences.length === 0 || differences.some((fold) => fold.length === 0))
    throw new InputError('a summary over folds needs at least one difference of every fold');
  const draws = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    let sum = 0;
    for (let f = 0; f < differences.length; f++) {
      const fold = differences[rng.integer(differences.length)];
      let foldSum = 0;
      for (let seed = 0; seed < fold.length; seed++) foldSum += fold[rng.integer(fold.length)];
      sum += foldSum / fold.length;
    }
    draws[i] = sum / differences.length;
  }
  draws.sort();
  const tail = (1 - confidence) / 2;
  return {
    estimate: mean(differences.map(mean)),
    lower: quantile(draws, tail),
    upper: quantile(draws, 1 - tail),
    confidence,
  };
}
