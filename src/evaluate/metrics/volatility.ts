import { variance } from '../moments.ts';
import { type Metric, ofReturns, YEAR_DOC } from './metric.ts';

export const volatility: Metric = {
  name: 'volatility',
  label: 'Volatility',
  unit: 'share',
  better: 'lower',
  doc: `standard deviation (ddof 1) of simple bar returns, ${YEAR_DOC}`,
  compute: ofReturns((returns, perYear) => Math.sqrt(variance(returns) * perYear)),
};
