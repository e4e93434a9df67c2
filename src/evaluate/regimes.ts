/**
 * What a policy did while the market rose, fell or stood still, and while it was calm or stormy: the window in weeks
 * (twelfths, where it has fewer than twelve weeks), sorted by the market's return and by its volatility, in thirds.
 * A description: which week was which is known only afterwards.
 */
import { mean, variance } from './moments.ts';
import { barsPerYear } from './sharpe-ratio.ts';

export const REGIMES = ['falling', 'sideways', 'rising', 'calm', 'normal', 'stormy'] as const;

export interface Regime {
  readonly name: (typeof REGIMES)[number];
  readonly bars: number;
  /** Compounded over its bars, of buy-and-hold and of the policy. */
  readonly held: number;
  readonly made: number;
  /** The policy's, annualised; null where its returns don't vary. */
  readonly sharpe: number | null;
}

const WEEK_MS = 7 * 86_400_000;
const FEWEST_BLOCKS = 12;

/**
 * @param returns (n) simple returns of the policy, and `held` (n) those of buy-and-hold
 * @returns none where there are fewer than two bars a block
 */
export function describeRegimes(returns: Float64Array, held: Float64Array, timeframeMs: number): Regime[] {
  const n = returns.length;
  const length = Math.min(Math.round(WEEK_MS / timeframeMs), Math.floor(n / FEWEST_BLOCKS));
  if (length < 2) return [];
  // What is left over after the last whole block belongs to it.
  const blocks = Array.from({ length: Math.floor(n / length) }, (_, i, all = Math.floor(n / length)) => ({
    from: i * length,
    to: i === all - 1 ? n : (i + 1) * length,
  }));
  const grow = (values: Float64Array) => values.reduce((equity, value) => equity * (1 + value), 1) - 1;
  const thirds = (measure: (values: Float64Array) => number) => {
    const sorted = blocks
      .map((block) => ({ block, value: measure(held.subarray(block.from, block.to)) }))
      .sort((a, b) => a.value - b.value);
    const edge = (third: number) => Math.round((sorted.length * third) / 3);
    return [0, 1, 2].map((third) => sorted.slice(edge(third), edge(third + 1)).map(({ block }) => block));
  };
  return [...thirds(grow), ...thirds(variance)].map((chosen, i) => {
    const take = (values: Float64Array) =>
      Float64Array.from(chosen.flatMap(({ from, to }) => Array.from(values.subarray(from, to))));
    const [own, market] = [take(returns), take(held)];
    const spread = variance(own);
    return {
      ...{ name: REGIMES[i], bars: own.length, held: grow(market), made: grow(own) },
      sharpe: spread > 0 ? (mean(own) / Math.sqrt(spread)) * Math.sqrt(barsPerYear(timeframeMs)) : null,
    };
  });
}
