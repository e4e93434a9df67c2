import { maximumDrawdown } from '../drawdown.ts';
import type { Metric } from './metric.ts';

export const maxDrawdown: Metric = {
  name: 'maxDrawdown',
  label: 'Maximum drawdown',
  unit: 'share',
  better: 'lower',
  doc: 'deepest fall of marked-to-market equity from a peak before it, as a share of the peak',
  compute: (ledger) => maximumDrawdown(ledger.equity).depth,
};
