import { log } from '../../core/math.ts';
import type { Ledger } from '../ledger.ts';
import { finite, type Metric } from './metric.ts';

/** ln(final equity / starting equity); -Infinity of an account that lost everything. */
export function logReturnOf(ledger: Ledger): number {
  return log(ledger.equity[ledger.bars - 1] / ledger.startingEquity);
}

export const logReturn: Metric = {
  name: 'logReturn',
  label: 'Log return',
  unit: 'log',
  better: 'higher',
  doc: 'ln(final equity / starting equity)',
  compute: (ledger) => finite(logReturnOf(ledger)),
};
