import type { Account } from '../core/account.ts';
import type { Candle } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import type { Shield } from '../core/shield.ts';
import type { BrokerEntry } from './entries.ts';

/** Why a venue takes no order for what is left of a position. */
export const TOO_LITTLE: ReadonlySet<string> = new Set(['quantity-too-small', 'notional-too-small']);

/** What a decision orders. */
export interface OrderIntent {
  /** Signed base quantity, never 0: above 0 opens or adds, below 0 reduces (spot). */
  readonly quantity: number;
  /** Unix ms of the decision: the close of its bar. */
  readonly decisionMs: number;
  /** The decision's close, against which slippage is told. */
  readonly close: number;
  /** 'flatten' where a halt or a person closes the position. */
  readonly reason: 'order' | 'flatten';
}

/**
 * Where orders become fills, for one symbol with an allocation and account of its own. Paper and live are the same to
 * the bot. Calls for one symbol come one after the other; nothing here runs by itself.
 */
export interface Broker {
  readonly kind: 'paper' | 'live';
  readonly symbol: string;
  readonly account: Account;
  /** What is not known of the orders or the position; null where all is known. Meanwhile nothing is opened. */
  readonly unresolved: string | null;
  /** Relative difference of the last fill to its expected price, cost positive; NaN before the first. */
  readonly lastSlippage: number;
  /** Relative bid-ask spread at the last close; NaN where it isn't known. */
  readonly spread: number;
  /** Base quantity that is the bot's, dust too; a decimal. */
  readonly owned: string;
  /** True while an order that changes balances is under way. */
  readonly busy: boolean;
  /** Books the bar that closed: pending fills, protective levels, the mark. */
  closeBar(candle: Candle, elapsedMs: number): Promise<void>;
  /** Places an order, once. What can't be placed is written down as denied; it is no error. */
  place(intent: OrderIntent): Promise<void>;
  /** Sets where the protective levels come from, until the next call; null where all is being closed: no entry goes on. */
  protect(levels: Shield['levels'] | null): Promise<void>;
  /** Called every few seconds: asks after unresolved orders, fetches fills, keeps the stop, retries exits. */
  poll(): Promise<void>;
  /** Whether nothing is under way, nor can have filled since without being known. */
  settled(): Promise<boolean>;
  /** Cancels whatever of the bot's rests at the venue, known or not, and places none of it anew before the next decision. */
  cancelAll(): Promise<readonly string[]>;
  /** After a restart, once state and entries are back: finds out what became of everything that was under way. */
  recover(): Promise<void>;
  /**
   * State as of a decision; entries written later are applied on top of it.
   * @param whole also what the entries before it tell, for whoever won't read them
   */
  save(whole?: boolean): Json;
  restore(state: Json): void;
  apply(entry: BrokerEntry): void;
}

/** How a broker writes down what happens before it acts on it. */
export interface JournalWriter {
  record(entry: BrokerEntry): void;
  /** Makes everything recorded durable; false where the disk fails: then nothing may leave. */
  sync(): boolean;
}
