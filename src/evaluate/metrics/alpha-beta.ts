import { betaOf } from '../alpha.ts';
import type { Ledger } from '../ledger.ts';
import { mean } from '../moments.ts';
import { type Metric, ofReturns } from './metric.ts';

/** Simple returns of the market from close to close: those of holding it, without costs. */
function marketReturns({ close }: Ledger): Float64Array {
  return close.subarray(1).map((price, i) => price / close[i] - 1);
}

/** Jensen (Journal of Finance 23(2), 1968, equation 8) at a risk-free rate of 0: alpha = mean(r) - beta mean(m). */
export const alpha: Metric = {
  name: 'alpha',
  label: 'Alpha',
  unit: 'share',
  better: 'higher',
  doc: 'mean(r) - beta mean(m), a year, with m the simple returns of the market from close to close',
  compute: ofReturns((returns, perYear, ledger) => {
    const market = marketReturns(ledger);
    return (mean(returns) - betaOf(returns, market) * mean(market)) * perYear;
  }),
};

/** Sharpe (Journal of Finance 19(3), 1964): beta = cov(r, m) / var(m). */
export const beta: Metric = {
  name: 'beta',
  label: 'Beta',
  unit: 'ratio',
  better: null,
  doc: 'cov(r, m) / var(m): the share of the market that is in the returns; 0 where the market stood still',
  compute: ofReturns((returns, _perYear, ledger) => betaOf(returns, marketReturns(ledger))),
};
