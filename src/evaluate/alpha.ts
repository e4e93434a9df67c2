/**
 * What a policy earned beyond its share of the market (Jensen, "The performance of mutual funds in the period
 * 1945-1964", Journal of Finance 23(2), 1968, equation 8, at a risk-free rate of 0):
 *
 *   alpha = mean(r) - beta mean(h),   beta = cov(r, h) / var(h)
 *
 * with r the policy's simple bar returns and h those of buy-and-hold. Alpha does not care how large the bets are: half
 * the size is half the alpha and half its interval. In a falling market holding less has no alpha, and in a rising one
 * holding has none.
 */
import { type Interval, percentileInterval, type Resampling, resampleSums } from './bootstrap.ts';
import { mean, variance } from './moments.ts';
import { studentQuantile } from './student.ts';

/** What a policy earned beside its market, each per bar; all bounds come from one resampling. */
export interface Alpha {
  readonly alpha: Interval;
  /** Alpha lies above it with the confidence asked for: a one-sided bound. */
  readonly alphaFloor: number;
  readonly beta: Interval;
  /** Mean of r, and of r - h. */
  readonly mean: Interval;
  readonly excess: Interval;
}

function regress(n: number, r: number, h: number, hh: number, rh: number): { alpha: number; beta: number } {
  const variance = hh / n - (h / n) * (h / n);
  const beta = variance > 0 ? (rh / n - (r / n) * (h / n)) / variance : 0;
  return { alpha: r / n - beta * (h / n), beta };
}

/** The share of the market in a policy's returns, NaN left out; 0 where the market stood still. */
export function betaOf(returns: Float64Array, held: Float64Array): number {
  let [n, r, h, hh, rh] = [0, 0, 0, 0, 0];
  for (let i = 0; i < returns.length; i++) {
    if (Number.isNaN(returns[i])) continue;
    n++;
    r += returns[i];
    h += held[i];
    hh += held[i] * held[i];
    rh += returns[i] * held[i];
  }
  return regress(n, r, h, hh, rh).beta;
}

/**
 * Alpha, beta and means with percentile intervals, beta estimated anew in each resample.
 * @param returns (n) simple bar returns of the policy, and `held` (n) those of buy-and-hold over the same bars
 * @param options.confidence two-sided coverage
 */
export function estimateAlpha(
  returns: Float64Array,
  held: Float64Array,
  options: Resampling & { readonly confidence: number },
): Alpha {
  const n = returns.length;
  const columns = [returns, held, held.map((h) => h * h), returns.map((r, i) => r * held[i])];
  const [r, h, hh, rh] = resampleSums(columns, options);
  const draws = Array.from(r, (_, i) => regress(n, r[i], h[i], hh[i], rh[i]));
  const whole = regress(n, n * mean(returns), n * mean(held), n * mean(columns[2]), n * mean(columns[3]));
  const { confidence } = options;
  const alphas = Float64Array.from(draws, (draw) => draw.alpha);
  return {
    alpha: percentileInterval(whole.alpha, alphas, confidence),
    // The lower end of a two-sided 90 % interval is a one-sided 95 % bound.
    alphaFloor: percentileInterval(whole.alpha, alphas, 2 * confidence - 1).lower,
    beta: percentileInterval(
      whole.beta,
      Float64Array.from(draws, (draw) => draw.beta),
      confidence,
    ),
    mean: percentileInterval(
      mean(returns),
      r.map((sum) => sum / n),
      confidence,
    ),
    excess: percentileInterval(
      mean(returns) - mean(held),
      r.map((sum, i) => (sum - h[i]) / n),
      confidence,
    ),
  };
}

/**
 * Alpha of a strategy that was trained anew for each fold, from its folds' means alone: bars of a fold share one
 * training, so four folds are four observations, however many bars and seeds they have. t with K - 1 degrees of freedom.
 * @param returns (n) fold after fold, `held` (n) the market's, `folds` the number of bars of each, two or more
 */
export function alphaOverFolds(
  returns: Float64Array,
  held: Float64Array,
  folds: readonly number[],
  confidence: number,
): Pick<Alpha, 'alpha' | 'alphaFloor'> {
  const beta = betaOf(returns, held);
  let from = 0;
  const means = folds.map((bars) => {
    const beyond = returns.subarray(from, from + bars).map((r, i) => r - beta * held[from + i]);
    from += bars;
    return mean(beyond);
  });
  const estimate = mean(means);
  const error = Math.sqrt(variance(means) / means.length);
  const reach = (share: number) => error * studentQuantile(share, means.length - 1);
  const half = reach((1 + confidence) / 2);
  return {
    alpha: { estimate, lower: estimate - half, upper: estimate + half, confidence },
    alphaFloor: estimate - reach(confidence),
  };
}
