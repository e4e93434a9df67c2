/**
 * A policy of one's own through the account that judges agents: decisions at the close, fills at the next open, fees
 * and slippage always. Beside it the baselines, and the verdict. Usage: npm run example examples/custom-policy.ts
 */
import {
  BUY,
  DEFAULT_ACCOUNT,
  evaluatePolicy,
  HOLD,
  type Policy,
  renderTable,
  SELL,
  splitChronologically,
  synthesize,
} from 'tradernet';

const { series } = synthesize({ bars: 20_000, seed: 3, symbol: 'MARTINGALE', martingale: true });

/** Buys what fell below the mean of its last 48 closes, sells what rose above it. */
const meanReversion: Policy = {
  name: 'mean-reversion',
  decide(row, { mask }) {
    let sum = 0;
    // Rows up to `row` only: whoever looks further knows the future, and `findPolicyLeak` says so.
    for (let i = row - 47; i <= row; i++) sum += series.close[i];
    const distance = series.close[row] / (sum / 48) - 1;
    const wish = distance < -0.01 ? BUY : distance > 0.01 ? SELL : HOLD;
    return { action: mask[wish] === 1 ? wish : HOLD, probabilities: null, qValues: null };
  },
};

const { train, test } = splitChronologically(series.timeMs, { trainShare: 0.7, validationShare: 0.15 }, 48);
const evaluation = evaluatePolicy({
  policy: meanReversion,
  label: 'Mean reversion',
  doc: 'buys below the mean of two days, sells above it',
  series,
  table: null,
  split: { train, test },
  account: DEFAULT_ACCOUNT,
  shield: null,
  seed: 1,
});
console.log(renderTable(evaluation));
// On a martingale nobody can earn anything: the verdict must not be 'edge'.
console.log(`verdict: ${evaluation.judgement.verdict}`);
