/** The markets of `bench:learn`: `two-regimes`, or `fair@4000` for one of so many bars. */
import { findWorld, type MadeMarket } from '../../src/market/worlds/index.ts';

/** @throws InputError where there is no such world */
export function makeMarket(name: string, seed: number): MadeMarket {
  const [world, bars] = name.split('@');
  return findWorld(world).make(seed, bars === undefined ? undefined : Number(bars));
}
