import { log } from '../../core/math.ts';
import { actionShares } from './action-shares.ts';
import type { Metric } from './metric.ts';

export const actionEntropy: Metric = {
  name: 'actionEntropy',
  label: 'Action entropy',
  unit: 'bits',
  better: null,
  doc: 'entropy of the shares of the final actions; 0 for a constant policy, log2(3) = 1.585 at most',
  compute: (ledger) => {
    const shares = actionShares(ledger);
    return shares?.reduce((sum, p) => (p > 0 ? sum - (p * log(p)) / Math.LN2 : sum), 0) ?? null;
  },
};
