import { mean } from '../moments.ts';
import { type Metric, ofReturns } from './metric.ts';

export const turnover: Metric = {
  name: 'turnover',
  label: 'Turnover',
  unit: 'per year',
  better: null,
  doc: 'quote amount traded (both sides) / mean equity, a year',
  compute: ofReturns(
    (returns, perYear, ledger) => ((ledger.turnover / mean(ledger.equity)) * perYear) / returns.length,
  ),
};
