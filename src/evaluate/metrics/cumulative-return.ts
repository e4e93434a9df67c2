import type { Metric } from './metric.ts';

export const cumulativeReturn: Metric = {
  name: 'cumulativeReturn',
  label: 'Cumulative return',
  unit: 'share',
  better: 'higher',
  doc: 'final equity / starting equity - 1',
  compute: (ledger) => ledger.equity[ledger.bars - 1] / ledger.startingEquity - 1,
};
