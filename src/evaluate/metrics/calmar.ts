import { exp } from '../../core/math.ts';
import { maximumDrawdown } from '../drawdown.ts';
import { logReturnOf } from './log-return.ts';
import { type Metric, ofReturns } from './metric.ts';

export const calmar: Metric = {
  name: 'calmar',
  label: 'Calmar ratio',
  unit: 'ratio',
  better: 'higher',
  doc: 'compound return a year / maximum drawdown',
  compute: ofReturns((returns, perYear, ledger) => {
    const perYearReturn = exp((logReturnOf(ledger) * perYear) / returns.length) - 1;
    return perYearReturn / maximumDrawdown(ledger.equity).depth;
  }),
};
