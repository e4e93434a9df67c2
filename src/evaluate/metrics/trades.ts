import type { Metric } from './metric.ts';

export const trades: Metric = {
  name: 'trades',
  label: 'Trades',
  unit: 'count',
  better: null,
  doc: 'closed trades, each from flat to flat',
  compute: (ledger) => ledger.trades.length,
};
