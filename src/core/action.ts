/**
 * Closes a long position whole, or (on margin) adds a unit to a short one. The three orders are Discrete(3), in this order.
 */
export const SELL = 0;
/** Adds a unit to a long position, or closes a short one whole. */
export const BUY = 1;
/** Does nothing. */
export const HOLD = 2;
/** An order that an agent can ask for: SELL, BUY or HOLD. A checkpoint states the order of the numbers. */
export type Action = 0 | 1 | 2;

/** How many actions there are. */
export const ACTION_COUNT = 3;
/**
 * Names by action.
 * @example
 * ACTION_NAMES[BUY]; // => 'BUY'
 */
export const ACTION_NAMES = ['SELL', 'BUY', 'HOLD'] as const;
