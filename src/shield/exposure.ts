/** What a request would do to the exposure. It is computed from request and position alone, never by a rule. */
import { type Action, HOLD, SELL } from '../core/action.ts';
import type { DecisionFacts } from '../core/shield.ts';

export type Effect = 'none' | 'increase' | 'reduce';

/** As the account reads a request: SELL closes a long position whole, BUY a short one; anything else adds a unit. */
export function effectOf(request: Action, account: Pick<DecisionFacts, 'units' | 'maxUnits' | 'mode'>): Effect {
  const { units, maxUnits, mode } = account;
  if (request === SELL) {
    if (units > 0) return 'reduce';
    return mode === 'spot' || units <= -maxUnits ? 'none' : 'increase';
  }
  if (request === HOLD) return 'none';
  if (units < 0) return 'reduce';
  return units >= maxUnits ? 'none' : 'increase';
}

/** Value of the position at the close, without sign, in quote currency. */
export function notionalOf(facts: DecisionFacts): number {
  return Math.abs(facts.position) * facts.close;
}

/** What another unit would add to it, in quote currency: a buy takes no more than the cash that is there. */
export function nextUnitOf(facts: DecisionFacts): number {
  const buys = facts.mode === 'spot' || facts.units > 0;
  return buys ? Math.min(facts.unitQuote, Math.max(0, facts.cash)) : facts.unitQuote;
}
