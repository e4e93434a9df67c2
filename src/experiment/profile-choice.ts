/** What it is worth that one profile of a walk-forward looks better than the others. */
import { overfittingProbability } from '../evaluate/overfitting.ts';
import type { Profile } from '../shield/index.ts';
import type { Score } from './walk-forward.ts';

/** Blocks of the cross-validation: 12,870 ways to halve the bars, as in the paper's examples. */
const BLOCKS = 16;

/**
 * Probability that whoever takes the profile with the best Sharpe ratio takes one that is below the median afterwards
 * (see `overfittingProbability`); at 0.5 the choice says nothing. A configuration's returns are those of its test folds
 * one after the other, each the mean of its seeds. Null with fewer than two profiles or 32 bars.
 */
export function judgeChoice(scores: readonly Score[], profiles: readonly Profile[]): number | null {
  const cells = [...new Set(scores.map(({ fold, symbol }) => `${fold} ${symbol}`))];
  const returns = profiles.map((profile) =>
    cells.flatMap((cell) =>
      meanOf(
        scores
          .filter((score) => score.profile === profile && `${score.fold} ${score.symbol}` === cell)
          .map((score) => score.returns),
      ),
    ),
  );
  const bars = returns[0]?.length ?? 0;
  if (profiles.length < 2 || bars < 2 * BLOCKS || returns.some(({ length }) => length !== bars)) return null;
  return overfittingProbability(returns, BLOCKS).probability;
}

/** Bar by bar, over series of the same bars. */
function meanOf(series: readonly (readonly number[])[]): number[] {
  return (series[0] ?? []).map((_, bar) => series.reduce((sum, one) => sum + one[bar], 0) / series.length);
}
