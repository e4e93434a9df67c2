import { quantile } from '../moments.ts';
import { type Metric, ofReturns } from './metric.ts';

/** As empyrical's `tail_ratio`: |q(0.95)| / |q(0.05)|. Above 1 the good bars are larger than the bad ones. */
export const tailRatio: Metric = {
  name: 'tailRatio',
  label: 'Tail ratio',
  unit: 'ratio',
  better: 'higher',
  doc: '95th percentile of simple bar returns / absolute 5th percentile',
  compute: ofReturns((returns) => {
    const sorted = returns.toSorted();
    return Math.abs(quantile(sorted, 0.95)) / Math.abs(quantile(sorted, 0.05));
  }),
};
