/** Made-up markets in which nothing can be earned, and strategies on them, as return series bar by bar. */
import { Rng } from '../../src/core/rng.ts';

/** Hours in a year. */
export const YEAR = 8766;
/** An hour's deviation: 0.006 is 56 % a year. */
const DEVIATION = 0.006;

export const MARKETS = ['falling', 'rising', 'fat tails', 'clustered volatility'] as const;
export type MarketKind = (typeof MARKETS)[number];

/** Unit noise: normal, Student's t with 4 degrees of freedom, or normal under a volatility that drifts and reverts. */
function noise(rng: Rng, bars: number, kind: MarketKind): Float64Array {
  if (kind === 'fat tails')
    return Float64Array.from({ length: bars }, () => {
      const chi = Array.from({ length: 4 }, () => rng.normal() ** 2).reduce((sum, x) => sum + x, 0);
      return rng.normal() / Math.sqrt(chi / 4) / Math.sqrt(2);
    });
  if (kind !== 'clustered volatility') return Float64Array.from({ length: bars }, () => rng.normal());
  // ln volatility is an AR(1) with a half-life of about three days and a deviation of 0.5.
  let state = rng.normal();
  return Float64Array.from({ length: bars }, () => {
    state = 0.99 * state + Math.sqrt(1 - 0.99 * 0.99) * rng.normal();
    return Math.exp(0.5 * state - 0.25) * rng.normal();
  });
}

const DRIFT: Record<MarketKind, number> = { falling: -0.8, rising: 0.8, 'fat tails': 0.1, 'clustered volatility': 0 };

/** (bars) simple returns of a market whose next bar nobody knows anything of. */
export function makeMarket(seed: number, bars: number, kind: MarketKind): Float64Array {
  return noise(new Rng(seed, 1), bars, kind).map((z) => DRIFT[kind] / YEAR + DEVIATION * z);
}

export const ACCOUNTS = ['spot', 'margin'] as const;
export type AccountKind = (typeof ACCOUNTS)[number];

/**
 * (bars) returns of a strategy that knows nothing, without costs, which is when luck has the best chance: positions that
 * change at random (every 4, 24 or 168 bars in the mean) or follow the mean of the last bars.
 */
export function makeStrategy(seed: number, market: Float64Array, account: AccountKind): Float64Array {
  const rng = new Rng(seed, 2);
  const stay = 1 - 1 / [4, 24, 168][rng.integer(3)];
  const follows = rng.integer(4) === 0;
  const memory = [6, 48][rng.integer(2)];
  const lowest = account === 'spot' ? 0 : -4;
  let position = 0;
  let mean = 0;
  return market.map((held) => {
    const earned = position * held;
    mean += (held - mean) / memory;
    if (follows) position = mean > 0 ? 1 : lowest < 0 ? -1 : 0;
    else if (rng.uniform() > stay) position = (lowest + rng.integer(5 - lowest)) / 4;
    return earned;
  });
}

/** (bars) returns with this Sharpe ratio a year, whatever the market does, under a volatility that clusters. */
export function makeSkill(seed: number, bars: number, sharpe: number, volatility = 0.2): Float64Array {
  const deviation = volatility / Math.sqrt(YEAR);
  const mean = (sharpe * volatility) / YEAR;
  return noise(new Rng(seed, 3), bars, 'clustered volatility').map((z) => mean + deviation * z);
}
