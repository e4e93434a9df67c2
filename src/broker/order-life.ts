/**
 * The life of one order as a table: which state follows from which news. Only the venue ends an order's life, or the
 * proof that it never arrived: a request carries a time after which the venue refuses it, so an order that is not there
 * some time later can't come any more. An order that the venue once acknowledged never 'never arrived'.
 */

/**
 * - intended: written down; may or may not have left
 * - unknown: left, and no answer said what became of it
 * - open: the venue has it and it hasn't ended
 * - closing: the venue ended it, but not all of its fills are here
 * - done: all is known
 */
export type OrderState = 'intended' | 'unknown' | 'open' | 'closing' | 'done';

export type OrderNews =
  /** The venue says that it is open. */
  | 'open'
  /** The venue says that it ended. */
  | 'ended'
  /** The venue refused it: it never lived. */
  | 'refused'
  /** No answer, or none that tells. */
  | 'silence'
  /** The venue knows no such order, but one may still be on its way. */
  | 'missing-early'
  /** The venue knows no such order and none can be on its way. */
  | 'missing-late'
  /** Every fill of an ended order is here. */
  | 'all-fills';

export const ORDER_STATES: readonly OrderState[] = ['intended', 'unknown', 'open', 'closing', 'done'];
export const ORDER_NEWS: readonly OrderNews[] = [
  'open',
  'ended',
  'refused',
  'silence',
  'missing-early',
  'missing-late',
  'all-fills',
];

const NEXT: Readonly<Record<OrderState, Readonly<Partial<Record<OrderNews, OrderState>>>>> = {
  intended: {
    open: 'open',
    ended: 'closing',
    refused: 'done',
    silence: 'unknown',
    'missing-early': 'unknown',
    'missing-late': 'done',
  },
  unknown: {
    open: 'open',
    ended: 'closing',
    silence: 'unknown',
    'missing-early': 'unknown',
    'missing-late': 'done',
  },
  // An order that was there and is not found is not gone: one server of the venue may lag behind another.
  open: { open: 'open', ended: 'closing', silence: 'open', 'missing-early': 'unknown', 'missing-late': 'unknown' },
  closing: { open: 'closing', ended: 'closing', silence: 'closing', 'all-fills': 'done' },
  done: {},
};

/** The state after the news; the same state where the news can't apply to it. */
export function nextState(state: OrderState, news: OrderNews, acknowledged: boolean): OrderState {
  if (news === 'missing-late' && acknowledged && state !== 'done') return state === 'closing' ? 'closing' : 'unknown';
  return NEXT[state][news] ?? state;
}
