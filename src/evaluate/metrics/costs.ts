import type { Metric } from './metric.ts';

export const feesPaid: Metric = {
  name: 'feesPaid',
  label: 'Fees paid',
  unit: 'quote',
  better: 'lower',
  doc: 'fees of all fills',
  compute: (ledger) => ledger.feesPaid,
};

export const slippagePaid: Metric = {
  name: 'slippagePaid',
  label: 'Slippage paid',
  unit: 'quote',
  better: 'lower',
  doc: 'difference of all fills to their undisturbed price',
  compute: (ledger) => ledger.slippagePaid,
};
