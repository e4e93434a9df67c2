/** All rewards. One more is one file and one line here; every one can be wrapped: smurf(horizon). */
import { InputError } from '../../core/errors.ts';
import { withPlugged } from '../../core/plugged.ts';
import { differentialSharpe } from './differential-sharpe.ts';
import { hindsightLimit } from './hindsight-limit.ts';
import { hindsightMarket } from './hindsight-market.ts';
import { horizon } from './horizon.ts';
import { marketOrder } from './market-order.ts';
import { realized } from './realized.ts';
import type { Reward } from './reward.ts';
import { smurf } from './smurf.ts';

/** Every reward by itself; `rewardNamed` finds one, wrapped or not. */
export const REWARDS = withPlugged<readonly Reward[]>('rewards', [
  marketOrder,
  realized,
  differentialSharpe,
  horizon(),
  hindsightMarket(),
  hindsightLimit(),
]);

/** What a reward may be called, for the help. */
export const REWARD_NAMES = `${REWARDS.map((reward) => reward.name).join(', ')}, or smurf(NAME) around one of them`;

/**
 * @throws InputError for a name that is neither in the list nor smurf(a name in the list).
 * @example
 * rewardNamed('smurf(horizon)').horizon; // => 20
 */
export function rewardNamed(name: string): Reward {
  const wrapped = /^smurf\((.+)\)$/.exec(name);
  const base = REWARDS.find((reward) => reward.name === (wrapped?.[1] ?? name));
  if (base === undefined) throw new InputError(`unknown reward "${name}": use one of ${REWARD_NAMES}`);
  return wrapped === null ? base : smurf(base);
}
