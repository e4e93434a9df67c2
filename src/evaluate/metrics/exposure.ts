import type { Ledger } from '../ledger.ts';
import type { Metric } from './metric.ts';

function meanExposure(ledger: Ledger): number {
  let sum = 0;
  for (let i = 0; i < ledger.bars; i++) {
    const equity = ledger.equity[i];
    if (equity > 0) sum += Math.abs(ledger.position[i] * ledger.close[i]) / equity;
  }
  return sum / ledger.bars;
}

export const exposure: Metric = {
  name: 'exposure',
  label: 'Exposure',
  unit: 'share',
  better: null,
  doc: 'mean over bars of the absolute value of the position at the close / equity',
  compute: meanExposure,
};
