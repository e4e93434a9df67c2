/**
 * What a broker writes down, in the order in which it happens. Everything that a live broker knows is a fold of these
 * entries (`live-book.ts`), so a restart knows it too. Amounts are decimal strings as the venue gave them.
 */

export type OrderRole = 'entry' | 'exit' | 'stop';

/**
 * How an order's life ended; 'never-arrived' where it is proven that the venue never had it, 'vanished' where it had it,
 * has it no more, and nothing of it was filled beyond what is known.
 */
export type OrderEnd = 'filled' | 'cancelled' | 'expired' | 'rejected' | 'never-arrived' | 'vanished';

/** An order that is about to be sent; durable before it leaves. */
export interface IntentEntry {
  readonly type: 'intent';
  readonly symbol: string;
  readonly id: string;
  readonly role: OrderRole;
  readonly quantity: string;
  /** A stop's trigger. */
  readonly price: string | null;
  /** The decision's close. */
  readonly reference: number;
  readonly decisionMs: number;
  /** 1 for the first attempt at what the decision ordered. */
  readonly attempt: number;
  readonly reason: 'order' | 'flatten' | 'stop';
  readonly timeMs: number;
}

/** What is now known about an order that hasn't ended. */
export interface OrderEntry {
  readonly type: 'order';
  readonly symbol: string;
  readonly id: string;
  /** 'closing': ended at the venue, but not all of its fills are here. */
  readonly state: 'open' | 'unknown' | 'closing';
  readonly venueOrderId: string | null;
  readonly filled: string;
  readonly end: OrderEnd | null;
  readonly why: string;
  readonly timeMs: number;
}

export interface FillEntry {
  readonly type: 'fill';
  readonly symbol: string;
  readonly id: string;
  readonly fillId: string;
  readonly side: 'buy' | 'sell';
  readonly price: string;
  readonly quantity: string;
  readonly feeAmount: string;
  readonly feeCurrency: string;
  readonly fillMs: number;
  readonly timeMs: number;
}

export interface OrderEndEntry {
  readonly type: 'order-end';
  readonly symbol: string;
  readonly id: string;
  readonly end: OrderEnd;
  readonly why: string;
  /** True where what is left of the position is too little for the venue: the trade is over, the rest is dust. */
  readonly dust: boolean;
  readonly timeMs: number;
}

/** The position is to be closed; in force until it is, over any number of orders and restarts. */
export interface ExitEntry {
  readonly type: 'exit';
  readonly symbol: string;
  /** The decision's close. */
  readonly reference: number;
  readonly decisionMs: number;
  readonly reason: 'order' | 'flatten';
  readonly timeMs: number;
}

/** An order that was wanted and not sent, or is no longer tried. */
export interface DeniedEntry {
  readonly type: 'denied';
  readonly symbol: string;
  readonly code: string;
  readonly numbers: Readonly<Record<string, string>>;
  /** The order whose further attempts end with this; null where there was none. */
  readonly gaveUp: string | null;
  /** As in `order-end`. */
  readonly dust: boolean;
  readonly timeMs: number;
}

/** What the venue holds beyond what the bot owns; written at the start and whenever it changed from outside. */
export interface HoldingsEntry {
  readonly type: 'holdings';
  readonly currency: string;
  readonly foreign: string;
  /** Against the last entry: a deposit, withdrawal or manual trade. */
  readonly change: string;
  readonly timeMs: number;
}

export type BrokerEntry = IntentEntry | OrderEntry | FillEntry | OrderEndEntry | ExitEntry | DeniedEntry;
