import type { RewardCase } from './reward-case.ts';

/** Mean and mean square of the returns so far, the newest weighing 1, each older one `keep` times the next. */
function moments(returns: readonly number[], keep: number): [mean: number, square: number] {
  let [sum, squares, weights] = [0, 0, 0];
  for (const value of returns) {
    sum = keep * sum + value;
    squares = keep * squares + value * value;
    weights = keep * weights + 1;
  }
  return weights === 0 ? [0, 0] : [sum / weights, squares / weights];
}

export const rewardCase: RewardCase = {
  golden: { why: 'the papers print no numbers; instead the ratio itself is differentiated, numerically' },
  // Central differences of a ratio of order one.
  digits: 3,
  expected({ rows, equity }) {
    const returns = rows.map((_, i) => Math.log(equity[i + 1] / equity[i]));
    return returns.map((value, i) => {
      const [mean, square] = moments(returns.slice(0, i), 0.99);
      // S of means that gave the newest return the weight `rate`; the derivative at 0.
      const sharpe = (rate: number) => {
        const a = mean + rate * (value - mean);
        const b = square + rate * (value * value - square);
        return a / Math.sqrt(b - a * a);
      };
      if (square - mean * mean > 1.01e-8) {
        const step = 1e-4 * Math.min(1, (square - mean * mean) / (value * value + 1e-12));
        return (sharpe(step) - sharpe(-step)) / (2 * step);
      }
      // Below the floor of the variance: that of returns of 0.01 % around the mean.
      return (square * (value - mean) - (mean * (value * value - square)) / 2) / 1e-12;
    });
  },
};
