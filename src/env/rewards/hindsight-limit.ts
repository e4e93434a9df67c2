import { bestExit } from './best-exit.ts';
import type { TableReward } from './reward.ts';

/** The best exit at a high or low of the next bars. Hindsight: never a measure. */
export function hindsightLimit(bars = 20): TableReward {
  return bestExit('limit', bars);
}
