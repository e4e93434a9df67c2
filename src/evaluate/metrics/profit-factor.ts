import type { Ledger } from '../ledger.ts';
import type { Metric } from './metric.ts';

function wonOverLost(ledger: Ledger): number | null {
  let won = 0;
  let lost = 0;
  for (const trade of ledger.trades) {
    if (trade.profit > 0) won += trade.profit;
    else lost -= trade.profit;
  }
  return lost === 0 ? null : won / lost;
}

export const profitFactor: Metric = {
  name: 'profitFactor',
  label: 'Profit factor',
  unit: 'ratio',
  better: 'higher',
  doc: 'sum of the profits of winning trades / sum of the losses of losing ones',
  compute: wonOverLost,
};
