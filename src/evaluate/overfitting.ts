/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation: Bailey, Borwein, Lopez de Prado
 * and Zhu, "The probability of backtest overfitting" (Journal of Computational Finance 20(4), 2017).
 */
import { InputError } from '../core/errors.ts';
import { log } from '../core/math.ts';

export interface Overfitting {
  /** Share of the splits in which the best configuration in sample is below the median out of sample. */
  readonly probability: number;
  /** One a split: ln(w / (1 - w)), w = out-of-sample rank of the in-sample best / (configurations + 1). */
  readonly logits: Float64Array;
}

/** All choices of `size` out of `count`, in lexicographic order. */
export function combinations(count: number, size: number): number[][] {
  const result: number[][] = [];
  const choice: number[] = [];
  const extend = (from: number) => {
    if (choice.length === size) {
      result.push([...choice]);
      return;
    }
    for (let i = from; i <= count - (size - choice.length); i++) {
      choice.push(i);
      extend(i + 1);
      choice.pop();
    }
  };
  extend(0);
  return result;
}

/** Sums of one block of one configuration's returns, from which any union's Sharpe ratio follows. */
interface BlockSums {
  readonly bars: number;
  readonly sum: number;
  readonly squares: number;
}

function sharpeOf(blocks: readonly BlockSums[], chosen: readonly number[]): number {
  let bars = 0;
  let sum = 0;
  let squares = 0;
  for (const index of chosen) {
    bars += blocks[index].bars;
    sum += blocks[index].sum;
    squares += blocks[index].squares;
  }
  const spread = (squares - (sum * sum) / bars) / (bars - 1);
  return spread > 0 ? sum / bars / Math.sqrt(spread) : 0;
}

/**
 * @param returns (configurations) each the bar returns of one configuration over the same bars
 * @param blocks even number of blocks; the remainder of the bars is left off at the end
 * @throws InputError with fewer than two configurations, an odd number of blocks, or less than two bars a block
 * @example
 * const rng = new Rng(1);
 * const luck = Array.from({ length: 8 }, () => Array.from({ length: 320 }, () => rng.normal()));
 * luck[3] = luck[3].map((one) => one + 1);
 * overfittingProbability(luck).probability; // => 0
 */
export function overfittingProbability(returns: readonly ArrayLike<number>[], blocks = 16): Overfitting {
  const bars = returns[0]?.length ?? 0;
  if (returns.length < 2) throw new InputError(`overfitting needs 2 or more configurations, got ${returns.length}`);
  if (blocks < 2 || blocks % 2 !== 0) throw new InputError(`overfitting needs an even number of blocks, got ${blocks}`);
  const size = Math.floor(bars / blocks);
  if (size < 2) throw new InputError(`overfitting needs 2 bars a block, got ${bars} bars for ${blocks} blocks`);
  if (returns.some((series) => series.length !== bars))
    throw new InputError('overfitting needs the same bars of every configuration; evaluate them on one fold');

  const sums = returns.map((series) =>
    Array.from({ length: blocks }, (_, block): BlockSums => {
      let sum = 0;
      let squares = 0;
      for (let i = block * size; i < (block + 1) * size; i++) {
        sum += series[i];
        squares += series[i] * series[i];
      }
      return { bars: size, sum, squares };
    }),
  );
  const all = Array.from({ length: blocks }, (_, block) => block);
  const logits = combinations(blocks, blocks / 2).map((inSample) => {
    const outOfSample = all.filter((block) => !inSample.includes(block));
    let best = 0;
    let bestSharpe = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < sums.length; c++) {
      const sharpe = sharpeOf(sums[c], inSample);
      if (sharpe > bestSharpe) {
        best = c;
        bestSharpe = sharpe;
      }
    }
    const outside = sums.map((blockSums) => sharpeOf(blockSums, outOfSample));
    // Ties share their ranks, so that identical configurations land on the median.
    const below = outside.filter((sharpe) => sharpe < outside[best]).length;
    const equal = outside.filter((sharpe) => sharpe === outside[best]).length;
    const w = (below + (equal + 1) / 2) / (outside.length + 1);
    return log(w / (1 - w));
  });
  const overfit = logits.filter((logit) => logit <= 0).length;
  return { probability: overfit / logits.length, logits: Float64Array.from(logits) };
}
