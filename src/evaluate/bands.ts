/**
 * Monte Carlo bands: what else these bars could have come to, had they come in another order. Whole paths of the
 * stationary bootstrap (Politis and Romano, Journal of the American Statistical Association 89(428), 1994), so that calm
 * and wild stretches stay together.
 */
import { log } from '../core/math.ts';
import { Rng } from '../core/rng.ts';
import { quantile } from './moments.ts';

/** The 5 %, 50 % and 95 % quantiles over the paths. */
export interface Band {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

export interface Bands {
  readonly paths: number;
  /** Return over as many bars as there were. */
  readonly cumulativeReturn: Band;
  readonly maxDrawdown: Band;
  /** Share of the paths that ended below where they began. */
  readonly losing: number;
}

const PATHS = 1000;
/** Stream of the seed that the paths are drawn from. */
const STREAM = 53;

function bandOf(values: Float64Array): Band {
  const sorted = values.toSorted();
  return { low: quantile(sorted, 0.05), middle: quantile(sorted, 0.5), high: quantile(sorted, 0.95) };
}

/**
 * @param returns (n) simple bar returns
 * @param meanBlock mean length of a block, >= 1, in bars
 */
export function drawBands(returns: ArrayLike<number>, meanBlock: number, seed: number, paths = PATHS): Bands {
  const n = returns.length;
  const rng = new Rng(seed, STREAM);
  const ends = new Float64Array(paths);
  const depths = new Float64Array(paths);
  const logStay = log(1 - 1 / meanBlock);
  for (let path = 0; path < paths; path++) {
    let equity = 1;
    let peak = 1;
    let depth = 0;
    for (let left = n; left > 0; ) {
      let at = rng.integer(n);
      const drawn = meanBlock <= 1 ? 1 : 1 + Math.floor(log(1 - rng.uniform()) / logStay);
      for (let k = Math.min(left, drawn); k > 0; k--) {
        equity *= 1 + returns[at];
        if (equity > peak) peak = equity;
        else depth = Math.max(depth, 1 - equity / peak);
        at = at + 1 === n ? 0 : at + 1;
      }
      left -= drawn;
    }
    ends[path] = equity - 1;
    depths[path] = depth;
  }
  const losing = ends.reduce((count, end) => count + (end < 0 ? 1 : 0), 0) / paths;
  return { paths, cumulativeReturn: bandOf(ends), maxDrawdown: bandOf(depths), losing };
}
