import { mean } from '../moments.ts';
import { type Metric, ofReturns, YEAR_DOC } from './metric.ts';

/** sqrt(mean(min(r, 0)^2)) over all bars: the deviation below a target of 0. */
function downsideDeviation(returns: Float64Array): number {
  let sum = 0;
  for (const r of returns) if (r < 0) sum += r * r;
  return Math.sqrt(sum / returns.length);
}

export const sortino: Metric = {
  name: 'sortino',
  label: 'Sortino ratio',
  unit: 'ratio',
  better: 'higher',
  doc: `mean / downside deviation (target 0, all bars in the denominator), ${YEAR_DOC}`,
  compute: ofReturns((returns, perYear) => (mean(returns) / downsideDeviation(returns)) * Math.sqrt(perYear)),
};
