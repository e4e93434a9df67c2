import { ACTION_COUNT, BUY, HOLD, SELL } from '../../core/action.ts';
import type { Ledger } from '../ledger.ts';
import type { Metric } from './metric.ts';

/** Share of each final action among the bars on which the policy was asked; null where it never was. */
export function actionShares(ledger: Ledger): number[] | null {
  const counts = new Array<number>(ACTION_COUNT).fill(0);
  let asked = 0;
  for (let i = 0; i < ledger.bars; i++) {
    if (ledger.decided[i] === 0) continue;
    counts[ledger.actions[i]]++;
    asked++;
  }
  return asked === 0 ? null : counts.map((count) => count / asked);
}

function shareOf(action: number): (ledger: Ledger) => number | null {
  return (ledger) => actionShares(ledger)?.[action] ?? null;
}

export const sellShare: Metric = {
  name: 'sellShare',
  label: 'SELL share',
  unit: 'share',
  better: null,
  doc: 'share of SELL among the final actions',
  compute: shareOf(SELL),
};

export const buyShare: Metric = {
  name: 'buyShare',
  label: 'BUY share',
  unit: 'share',
  better: null,
  doc: 'share of BUY among the final actions',
  compute: shareOf(BUY),
};

export const holdShare: Metric = {
  name: 'holdShare',
  label: 'HOLD share',
  unit: 'share',
  better: null,
  doc: 'share of HOLD among the final actions',
  compute: shareOf(HOLD),
};
