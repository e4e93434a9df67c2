/**
 * Choosing among many configurations, and how far to believe the choice: purged folds, the probability of backtest
 * overfitting, and two tests for knowledge of the future. Usage: npm run example examples/honest-study.ts
 */

import type { CandleSeries } from 'tradernet';
import {
  BUY,
  backtest,
  barReturns,
  DEFAULT_ACCOUNT,
  findPolicyLeak,
  HOLD,
  overfittingProbability,
  type Policy,
  purgedFolds,
  SELL,
  synthesize,
  testDelay,
} from 'tradernet';

const { series } = synthesize({ bars: 6000, seed: 2, martingale: true, trends: false });
const account = { ...DEFAULT_ACCOUNT, feeRate: 0, slippageRate: 0 };
const rows = { from: 300, to: series.length };

/** Momentum over `bars`; with `peek` it looks that many bars ahead. */
function momentum({ close }: CandleSeries, bars: number, peek = 0): Policy {
  return {
    name: `momentum ${bars}`,
    decide(row, { mask }) {
      const wish = close[Math.min(row + peek, close.length - 1)] > close[row + peek - bars] ? BUY : SELL;
      return { action: mask[wish] === 1 ? wish : HOLD, probabilities: null, qValues: null };
    },
  };
}

// Two groups of six are tested at a time; what a window reaches back is left out of training after each.
const folds = purgedFolds(series.length, { groups: 6, testGroups: 2, purge: 1, embargo: 240 });
console.log(`${folds.length} folds, the first trains on ${JSON.stringify(folds[0].train)}`);

const returns = [6, 12, 24, 48, 96, 168, 240].map((bars) =>
  barReturns(backtest({ policy: momentum(series, bars), series, table: null, account, shield: null, rows })),
);
const { probability } = overfittingProbability(returns);
console.log(`whoever takes the best of seven is below the median afterwards: ${probability.toFixed(2)}`);

for (const peek of [0, 1]) {
  const make = (version: CandleSeries) => ({ policy: momentum(version, 24, peek), table: null });
  const leak = findPolicyLeak(series, rows, [2000, 4000], make, account);
  const { kept } = testDelay({ makePolicy: () => momentum(series, 24, peek), series, table: null, account, rows });
  console.log(
    `looking ${peek} bars ahead: ${leak === null ? 'no leak' : `knows what follows row ${leak.cut}`}, ${kept}`,
  );
}
