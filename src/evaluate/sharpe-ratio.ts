/**
 * How much a Sharpe ratio proves: Bailey and Lopez de Prado, "The Sharpe ratio efficient frontier" (Journal of Risk
 * 15(2), 2012) and "The deflated Sharpe ratio" (Journal of Portfolio Management 40(5), 2014). All Sharpe ratios here
 * are per bar, never annualised; kurtosis is 3 for a normal.
 */
import { mean, shape, variance } from './moments.ts';
import { normalCdf, normalQuantile } from './normal.ts';

const EULER_MASCHERONI = 0.5772156649015329;
const MS_PER_YEAR = 365.25 * 86_400_000;

/** Bars of this length in a year; the square root of it annualises a Sharpe ratio. */
export function barsPerYear(timeframeMs: number): number {
  return MS_PER_YEAR / timeframeMs;
}

export interface SharpeSample {
  /** Per bar. */
  readonly sharpe: number;
  readonly bars: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

/** The sample that the statistics below need, from simple bar returns; null where they don't vary. */
export function sharpeSample(returns: ArrayLike<number>): SharpeSample | null {
  if (returns.length < 2) return null;
  const spread = variance(returns);
  if (!(spread > 0)) return null;
  return { sharpe: mean(returns) / Math.sqrt(spread), bars: returns.length, ...shape(returns) };
}

/** 1 - skew SR + (kurt - 1) / 4 SR^2: the variance of a Sharpe ratio's estimate, times T - 1. */
function estimateVariance(sample: SharpeSample): number {
  return 1 - sample.skewness * sample.sharpe + ((sample.kurtosis - 1) / 4) * sample.sharpe * sample.sharpe;
}

/** PSR(SR*) = Phi((SR - SR*) sqrt(T - 1) / sqrt(1 - skew SR + (kurt - 1) / 4 SR^2)). */
export function probabilisticSharpe(sample: SharpeSample, benchmark: number): number {
  return normalCdf(((sample.sharpe - benchmark) * Math.sqrt(sample.bars - 1)) / Math.sqrt(estimateVariance(sample)));
}

/**
 * The Sharpe ratio that the best of M worthless trials is expected to reach:
 * SR0 = sqrt(Var) [(1 - g) Z(1 - 1/M) + g Z(1 - 1/(M e))]. 0 for a single trial.
 */
export function expectedMaximumSharpe(trials: number, trialVariance: number): number {
  if (trials <= 1) return 0;
  return (
    Math.sqrt(trialVariance) *
    ((1 - EULER_MASCHERONI) * normalQuantile(1 - 1 / trials) +
      EULER_MASCHERONI * normalQuantile(1 - 1 / (trials * Math.E)))
  );
}

/** How many configurations have been looked at on this test fold, and how much their Sharpe ratios (per bar) vary. */
export interface Trials {
  readonly count: number;
  /** Variance of the trials' per-bar Sharpe ratios; null (too few known) stands for 1/(T - 1), that of luck alone. */
  readonly sharpeVariance: number | null;
}

/** DSR = PSR(SR0): the probability that the true Sharpe ratio is positive, given how many trials were made. */
export function deflatedSharpe(sample: SharpeSample, trials: Trials): number {
  const trialVariance = trials.sharpeVariance ?? 1 / (sample.bars - 1);
  return probabilisticSharpe(sample, expectedMaximumSharpe(trials.count, trialVariance));
}

/**
 * Bars after which this Sharpe ratio would be evidence against `benchmark` at the given confidence:
 * MinTRL = 1 + [1 - skew SR + (kurt - 1) / 4 SR^2] (Z_confidence / (SR - SR*))^2. Infinity where SR <= SR*.
 */
export function minimumTrackRecord(sample: SharpeSample, benchmark = 0, confidence = 0.95): number {
  if (sample.sharpe <= benchmark) return Number.POSITIVE_INFINITY;
  const ratio = normalQuantile(confidence) / (sample.sharpe - benchmark);
  return 1 + estimateVariance(sample) * ratio * ratio;
}
