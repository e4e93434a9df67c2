import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import { compareDecimals, decimalOf } from '../exchange/decimal.ts';
import { canonicalOrder, checkOrder } from '../exchange/order-rules.ts';
import type { Market, Venue, VenueOrder } from '../exchange/venue.ts';
import { type JournalWriter, TOO_LITTLE } from './broker.ts';
import type { BrokerEntry, OrderEnd } from './entries.ts';
import { LiveBook, type TrackedOrder } from './live-book.ts';

/** Something a person should hear of. */
export type Alarm = (code: string, numbers: Readonly<Record<string, string>>) => void;

export interface LiveOptions {
  readonly symbol: string;
  readonly account: Account;
  readonly venue: Venue;
  readonly clock: Clock;
  readonly journal: JournalWriter;
  /** Begins every client order id; unique to the journal, so that no two bots share an id. Letters and digits, <= 16. */
  readonly tag: string;
  /** After this many ms a request can't reach the venue any more: its receive window and a margin. */
  readonly requestLifeMs: number;
  /** An entry is sent (or tried again) only this long after its decision. */
  readonly freshMs: number;
  readonly alarm: Alarm;
}

/**
 * What the parts of a live broker share: the book, the journal that it is a fold of, and the symbol's filters. Whatever
 * becomes known of an order is written down here, and nowhere else.
 */
export class OrderDesk {
  readonly options: LiveOptions;
  readonly book: LiveBook;
  /** Set by reconciliation: what the venue holds where that is less than the book owns. */
  shortage: string | null = null;
  /** Counts everything that can change balances; reconciliation holds only where it stood still. */
  activity = 0;
  lastContactMs: number;
  #market: Market | null = null;

  constructor(options: LiveOptions) {
    this.options = options;
    this.book = new LiveBook(options.symbol, options.account);
    this.lastContactMs = options.clock.nowMs();
  }

  get account(): Account {
    return this.options.account;
  }

  get nowMs(): number {
    return this.options.clock.nowMs();
  }

  async market(refresh = false): Promise<Market> {
    const { venue, symbol } = this.options;
    if (this.#market === null || refresh) this.#market = await venue.fetchMarket(symbol, refresh);
    return this.#market;
  }

  /** What an exit may sell: what is owned, or what is there where that is less. */
  get sellable(): string {
    const { baseOwned } = this.book;
    return this.shortage !== null && compareDecimals(this.shortage, baseOwned) < 0 ? this.shortage : baseOwned;
  }

  nextId(): string {
    return `${this.options.tag}-${(this.book.sequence + 1).toString(36)}`;
  }

  heardFrom(): void {
    this.lastContactMs = this.nowMs;
  }

  note(entry: BrokerEntry): void {
    if (entry.type === 'intent') this.activity++;
    this.options.journal.record(entry);
    this.book.apply(entry);
  }

  /** Notes what is now known of an order that hasn't ended. */
  noteState(
    order: TrackedOrder,
    state: 'open' | 'unknown' | 'closing',
    answer: VenueOrder | null,
    why: string,
    end: OrderEnd | null = null,
  ): void {
    const { symbol } = this.options;
    const filled = answer?.filled ?? order.filled;
    const venueOrderId = answer?.venueOrderId ?? null;
    this.note({ type: 'order', symbol, id: order.id, state, venueOrderId, filled, end, why, timeMs: this.nowMs });
  }

  noteEnd(order: TrackedOrder, end: OrderEnd, why: string): void {
    this.activity++;
    const { symbol } = this.options;
    const dust = order.role !== 'entry' && this.#leavesDust();
    this.note({ type: 'order-end', symbol, id: order.id, end, why, dust, timeMs: this.nowMs });
  }

  /** Notes an order that was wanted and is not sent. */
  noteDenied(code: string, numbers: Readonly<Record<string, string>>): void {
    this.#noteDenied(code, numbers, null, false);
  }

  /** Notes that what is to be tried again no longer is. */
  noteGivenUp(code: string, numbers: Readonly<Record<string, string>>, dust = false): void {
    this.#noteDenied(code, numbers, this.book.retry?.id ?? null, dust);
  }

  #noteDenied(code: string, numbers: Readonly<Record<string, string>>, gaveUp: string | null, dust: boolean): void {
    this.note({ type: 'denied', symbol: this.options.symbol, code, numbers, gaveUp, dust, timeMs: this.nowMs });
  }

  /** Whether what is left of the position is too little to be sold. */
  #leavesDust(): boolean {
    if (this.account.units <= 0 || this.#market === null || this.shortage !== null) return false;
    const draft = { clientOrderId: 'dust', symbol: this.options.symbol, side: 'sell', type: 'market' } as const;
    const rest = canonicalOrder({ ...draft, quantity: this.book.baseOwned }, this.#market);
    return TOO_LITTLE.has(checkOrder(rest, this.#market, decimalOf(this.account.mark))?.code ?? '');
  }
}
