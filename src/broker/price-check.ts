import type { Quote } from '../exchange/venue.ts';

/** A price this far from the decision's close is not the one that was decided on. */
const LARGEST_MOVE = 0.03;
/** A market order would pay half of it at once. */
const LARGEST_SPREAD = 0.01;
/** What a venue says of longer ago is no price. */
const OLDEST_MS = 30_000;

export interface PriceProblem {
  readonly code: 'quote-too-old' | 'spread-too-wide' | 'price-moved';
  readonly numbers: Readonly<Record<string, string>>;
}

/**
 * Why a market order that opens something would not get the price that was decided on; null where it would. What reduces
 * risk is not asked: an exit always goes.
 * @param reference the decision's close
 * @param venueMs now, by the venue's clock
 */
export function checkPrice({ bid, ask, timeMs }: Quote, reference: number, venueMs: number): PriceProblem | null {
  const ageMs = venueMs - timeMs;
  if (!(ageMs <= OLDEST_MS)) return { code: 'quote-too-old', numbers: { ageMs: String(ageMs) } };
  const [low, high] = [Number(bid), Number(ask)];
  if (!(low > 0 && high >= low && (2 * (high - low)) / (high + low) <= LARGEST_SPREAD))
    return { code: 'spread-too-wide', numbers: { bid, ask } };
  if (!(Math.abs(high / reference - 1) <= LARGEST_MOVE))
    return { code: 'price-moved', numbers: { close: String(reference), ask } };
  return null;
}
