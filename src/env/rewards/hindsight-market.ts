import { bestExit } from './best-exit.ts';
import type { TableReward } from './reward.ts';

/** The best exit at a close of the next bars. Hindsight: never a measure. */
export function hindsightMarket(bars = 20): TableReward {
  return bestExit('market', bars);
}
