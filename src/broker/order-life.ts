/**
 * The life of one order as a table: which state follows from which news. Only the venue ends an order's life, or the
 * proof that it is not there (`absence.ts`).
 */

/**
 * - intended: written down; may or may not have left
 * - unknown: left, and no answer said what became of it
 * - open: the venue has it and it hasn't ended
 * - closing: the venue ended it, but not all of its fills are here
 * - done: all is known
 */
export const ORDER_STATES = ['intended', 'unknown', 'open', 'closing', 'done'] as const;

export type OrderState = (typeof ORDER_STATES)[number];

export type OrderNews =
  /** The venue says that it is open. */
  | 'open'
  /** The venue says that it ended. */
  | 'ended'
  /** The venue refused it: it never lived. */
  | 'refused'
  /** No answer, or none that tells. */
  | 'silence'
  /** The venue says that it knows no such order, which proves nothing. */
  | 'missing'
  /** It is proven that the venue doesn't have it. */
  | 'absent'
  /** Every fill of an ended order is here. */
  | 'all-fills';

const NEXT: Readonly<Record<OrderState, Readonly<Partial<Record<OrderNews, OrderState>>>>> = {
  intended: { open: 'open', ended: 'closing', refused: 'done', silence: 'unknown', missing: 'unknown', absent: 'done' },
  unknown: { open: 'open', ended: 'closing', silence: 'unknown', missing: 'unknown', absent: 'done' },
  // An order that was there and is not found is not gone: one server of the venue may lag behind another.
  open: { open: 'open', ended: 'closing', silence: 'open', missing: 'unknown', absent: 'done' },
  closing: { open: 'closing', ended: 'closing', silence: 'closing', missing: 'closing', 'all-fills': 'done' },
  done: {},
};

/** The state after the news; the same state where the news can't apply to it. */
export function nextState(state: OrderState, news: OrderNews): OrderState {
  return NEXT[state][news] ?? state;
}
