/**
 * Student's t distribution: what a mean of few values proves (Student, "The probable error of a mean", Biometrika 6(1),
 * 1908).
 */
import { exp, log } from '../core/math.ts';

/** ln Gamma(twice / 2), from Gamma(1/2) = sqrt(pi) and Gamma(1) = 1 upwards. */
function logGammaOfHalves(twice: number): number {
  let sum = twice % 2 === 0 ? 0 : 0.5 * log(Math.PI);
  for (let x = twice % 2 === 0 ? 1 : 0.5; x < twice / 2; x++) sum += log(x);
  return sum;
}

/** P(T <= t) with `freedom` degrees of freedom. */
export function studentCdf(t: number, freedom: number): number {
  const scale = exp(logGammaOfHalves(freedom + 1) - logGammaOfHalves(freedom)) / Math.sqrt(Math.PI * freedom);
  // Simpson's rule over s in [0, |t|], mapped by s = x / (1 - x) so that long tails need no more points.
  const end = Math.abs(t) / (1 + Math.abs(t));
  const steps = 400;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const x = (end * i) / steps;
    const s = x / (1 - x);
    const density = exp(-((freedom + 1) / 2) * log(1 + (s * s) / freedom)) / ((1 - x) * (1 - x));
    sum += density * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  }
  const half = (scale * sum * end) / steps / 3;
  return t >= 0 ? 0.5 + half : 0.5 - half;
}

/** The t that a share of the distribution lies below, by bisection. */
export function studentQuantile(share: number, freedom: number): number {
  let [low, high] = [-1e4, 1e4];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (studentCdf(middle, freedom) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
