import { mean } from '../moments.ts';
import type { Metric } from './metric.ts';

export const barsPerTrade: Metric = {
  name: 'barsPerTrade',
  label: 'Bars per trade',
  unit: 'bars',
  better: null,
  doc: 'mean bars from the first fill of a trade to its last',
  compute: ({ trades }) => (trades.length === 0 ? null : mean(trades.map((trade) => trade.exitRow - trade.entryRow))),
};
