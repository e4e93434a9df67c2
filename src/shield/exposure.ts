/** What a request would do to the exposure. It is computed from request and position alone, never by a rule. */
import { type Action, BUY, HOLD, SELL } from '../core/action.ts';
import type { DecisionFacts } from '../core/safety.ts';

export type Effect = 'none' | 'increase' | 'reduce';

/**
 * A request reduces only where quantity and units agree that it does; where they don't (dust in a margin account), it
 * counts as an increase, which is the side on which the shield may stop it.
 */
export function effectOf(
  request: Action,
  account: Pick<DecisionFacts, 'position' | 'units' | 'maxUnits' | 'mode'>,
): Effect {
  if (request === HOLD) return 'none';
  const { position, units, maxUnits, mode } = account;
  if (request === SELL) {
    if (position > 0 && (units > 0 || mode === 'spot')) return 'reduce';
    if (mode === 'spot' || units <= -maxUnits) return 'none';
    return 'increase';
  }
  if (position < 0 && units < 0) return 'reduce';
  return units >= maxUnits ? 'none' : 'increase';
}

/** The orders in the order of their numbers, without HOLD. */
export const ORDERS = [SELL, BUY] as const;

/** Value of the position at the close, without sign, in quote currency. */
export function notionalOf(facts: DecisionFacts): number {
  return Math.abs(facts.position) * facts.close;
}

/** What another unit would add to it, in quote currency: in a spot account no more than the cash that is there. */
export function nextUnitOf(facts: DecisionFacts): number {
  return facts.mode === 'spot' ? Math.min(facts.unitQuote, Math.max(0, facts.cash)) : facts.unitQuote;
}
