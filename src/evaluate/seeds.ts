/**
 * Several seeds of one configuration, on one or several markets: the interquartile mean with a stratified bootstrap
 * interval. Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice" (NeurIPS 2021).
 */
import { InputError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Interval } from './bootstrap.ts';
import { quantile } from './moments.ts';

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
