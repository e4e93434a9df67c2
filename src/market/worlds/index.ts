/** The worlds, from the emptiest to the richest. One more is a file and a line here. */
import { InputError } from '../../core/errors.ts';
import { clusteredVolatility } from './clustered-volatility.ts';
import { crashes } from './crashes.ts';
import { fair } from './fair.ts';
import { hourOfDay } from './hour-of-day.ts';
import { meanReversion } from './mean-reversion.ts';
import { momentum } from './momentum.ts';
import { plantedSignal } from './planted-signal.ts';
import { twoRegimes } from './two-regimes.ts';
import type { World } from './world.ts';

export type { Law, MadeMarket, World } from './world.ts';

export const WORLDS: readonly World[] = [
  fair,
  clusteredVolatility,
  crashes,
  hourOfDay,
  meanReversion,
  momentum,
  twoRegimes,
  plantedSignal(0.1),
  plantedSignal(0.2),
  plantedSignal(0.5),
];

/** @throws InputError for a name that isn't listed */
export function findWorld(name: string): World {
  const found = WORLDS.find((world) => world.name === name);
  if (found === undefined)
    throw new InputError(`unknown world '${name}'; choose one of ${WORLDS.map((world) => world.name).join(', ')}`);
  return found;
}
