/**
 * A world to learn in: a seeded market whose law is known, so that what an agent earns can be put beside what can be
 * earned at all. The law is a Markov chain over what an observer who knows everything but the noise to come believes
 * at a bar's close; `evaluate/bound.ts` solves it, costs included.
 */
import type { CandleSeries } from '../../core/candle.ts';
import { exp, log } from '../../core/math.ts';

/** What the next bar does, given what is known at this one's close. */
export interface Law {
  readonly states: number;
  /** (states, states) row-major: the probability of the next bar's state. Each row sums to 1. */
  readonly transition: Float64Array;
  /** E[ln(1 + share (e^R - 1))] in a state: the growth of an account that holds `share` of its equity; R the log return. */
  growth(state: number, share: number): number;
}

export interface MadeMarket {
  readonly series: CandleSeries;
  readonly law: Law;
  /** (bars) the state of the law at each bar's close. */
  readonly states: Int32Array;
}

export interface World {
  /** As typed: `two-regimes`. */
  readonly name: string;
  /** What can be learnt in it: one line. */
  readonly doc: string;
  /** Bars that a market has where nobody says otherwise. */
  readonly bars: number;
  make(seed: number, bars?: number): MadeMarket;
}

/** Bars of a market where a world has no reason for another length: nearly three years of hours. */
export const BARS = 24_000;

/** Nodes of the quadrature over a standard normal, 8 deviations to either side. */
const NODES = 97;
const REACH = 8;

/** Weights and places of a quadrature over N(0, 1): the trapezium rule, which converges geometrically on such tails. */
export const NORMAL: readonly { readonly z: number; readonly weight: number }[] = (() => {
  const raw = Array.from({ length: NODES }, (_, i) => {
    const z = -REACH + (2 * REACH * i) / (NODES - 1);
    return { z, weight: exp(-0.5 * z * z) };
  });
  const total = raw.reduce((sum, { weight }) => sum + weight, 0);
  return raw.map(({ z, weight }) => ({ z, weight: weight / total }));
})();

/** E[ln(1 + share (e^R - 1))] for R ~ N(mean, deviation^2). */
export function normalGrowth(mean: number, deviation: number, share: number): number {
  if (share === 0) return 0;
  let sum = 0;
  for (const { z, weight } of NORMAL) sum += weight * log(1 + share * (exp(mean + deviation * z) - 1));
  return sum;
}

/**
 * A continuous state on a grid: the next state's probability is shared out between the two grid points beside it, so
 * that its mean is kept.
 * @param grid ascending
 * @param next the state that follows `from`, with its probability
 */
export function gridTransition(
  grid: Float64Array,
  next: (from: number) => Iterable<{ readonly state: number; readonly weight: number }>,
): Float64Array {
  const n = grid.length;
  const transition = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (const { state, weight } of next(grid[i])) {
      const at = nearestBelow(grid, state);
      const share = Math.min(1, Math.max(0, (state - grid[at]) / (grid[at + 1] - grid[at])));
      transition[i * n + at] += weight * (1 - share);
      transition[i * n + at + 1] += weight * share;
    }
  }
  return transition;
}

/** The nearest grid point's index. */
export function gridState(grid: Float64Array, state: number): number {
  const at = nearestBelow(grid, state);
  return state - grid[at] < grid[at + 1] - state ? at : at + 1;
}

/** Index of the last grid point at or below `state`, but the last but one at most. */
function nearestBelow(grid: Float64Array, state: number): number {
  let at = 0;
  let to = grid.length - 2;
  while (at < to) {
    const middle = (at + to + 1) >>> 1;
    if (grid[middle] <= state) at = middle;
    else to = middle - 1;
  }
  return at;
}

/** `points` places from -reach to reach. */
export function evenGrid(points: number, reach: number): Float64Array {
  return Float64Array.from({ length: points }, (_, i) => reach * ((2 * i) / (points - 1) - 1));
}

/** The law of a market that is in the same state on every bar. */
export function unchangingLaw(growth: (share: number) => number): Law {
  return { states: 1, transition: Float64Array.of(1), growth: (_, share) => growth(share) };
}
