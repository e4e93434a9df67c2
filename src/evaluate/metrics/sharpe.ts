import { mean, variance } from '../moments.ts';
import { type Metric, ofReturns, YEAR_DOC } from './metric.ts';

export const sharpe: Metric = {
  name: 'sharpe',
  label: 'Sharpe ratio',
  unit: 'ratio',
  better: 'higher',
  doc: `mean / standard deviation (ddof 1) of simple bar returns, risk-free rate 0, ${YEAR_DOC}`,
  compute: ofReturns((returns, perYear) => (mean(returns) / Math.sqrt(variance(returns))) * Math.sqrt(perYear)),
};
