import { exp, log } from '../../core/math.ts';
import type { Ledger } from '../ledger.ts';
import { mean, variance } from '../moments.ts';
import { normalCdf } from '../normal.ts';
import { barsPerYear } from '../sharpe-ratio.ts';
import { finite, type Metric } from './metric.ts';

/** The part of the equity whose loss is called ruin. */
const RUIN = 0.5;
const SQRT_2_PI = 2.5066282746310002;

/** Phi(-z) over the normal density at z, for z above 3: Laplace's continued fraction 1 / (z + 1 / (z + 2 / (z + ...))). */
function millsRatio(z: number): number {
  let denominator = z;
  for (let k = 60; k >= 1; k--) denominator = z + k / denominator;
  return 1 / denominator;
}

/**
 * The probability that a Brownian motion with this drift and deviation a step falls by `depth` within so many steps
 * (Borodin and Salminen, "Handbook of Brownian Motion", 2nd edition, 2002, formula 2.1.2.4):
 *
 *   P = Phi((-b - mu T) / (s sqrt T)) + exp(-2 mu b / s^2) Phi((-b + mu T) / (s sqrt T))
 */
export function firstPassage(depth: number, drift: number, deviation: number, steps: number): number {
  const reach = deviation * Math.sqrt(steps);
  const early = (-depth - drift * steps) / reach;
  const late = (depth - drift * steps) / reach;
  // exp(-2 mu b / s^2) = exp((late^2 - early^2) / 2), and Phi(-late) goes over into it where either would be lost.
  const reflected =
    late > 3
      ? (exp((-early * early) / 2) * millsRatio(late)) / SQRT_2_PI
      : exp((-2 * drift * depth) / (deviation * deviation)) * normalCdf(-late);
  return Math.min(1, normalCdf(early) + reflected);
}

function ruinWithinYear({ equity, bars, timeframeMs }: Ledger): number | null {
  if (bars < 3) return null;
  const returns = Float64Array.from({ length: bars - 1 }, (_, i) => log(equity[i + 1] / equity[i]));
  const spread = variance(returns);
  if (spread === 0) return equity[bars - 1] >= equity[0] ? 0 : null;
  return finite(firstPassage(-log(1 - RUIN), mean(returns), Math.sqrt(spread), barsPerYear(timeframeMs)));
}

export const ruin: Metric = {
  name: 'ruin',
  label: 'Probability of ruin',
  unit: 'share',
  better: 'lower',
  doc: 'that half the equity is lost within a year, were its log returns a Brownian motion with the drift and deviation of these bars',
  compute: ruinWithinYear,
};
