import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import { compareDecimals, decimalOf, subtractDecimals } from '../exchange/decimal.ts';
import { canonicalOrder, checkOrder } from '../exchange/order-rules.ts';
import type { Fill, Market, Venue, VenueOrder } from '../exchange/venue.ts';
import { type JournalWriter, TOO_LITTLE } from './broker.ts';
import type { BrokerEntry, OrderEnd } from './entries.ts';
import type { Holdings } from './holdings.ts';
import { LiveBook, type TrackedOrder } from './live-book.ts';

/** Something a person should hear of. */
export type Alarm = (code: string, numbers: Readonly<Record<string, string>>) => void;

export interface LiveOptions {
  readonly symbol: string;
  readonly account: Account;
  readonly venue: Venue;
  readonly clock: Clock;
  readonly journal: JournalWriter;
  /** Shared by all brokers on the account at the venue. */
  readonly holdings: Holdings;
  /** Begins every client order id; unique to the journal, so that no two bots share an id. Letters and digits, <= 9. */
  readonly tag: string;
  /** 4 letters or digits, drawn for this run alone. */
  readonly runId: string;
  /** An entry is sent (or tried again) only this long after its decision. */
  readonly freshMs: number;
  readonly alarm: Alarm;
  /** When the journal's last entry was written; null where it begins. */
  readonly knownUntilMs?: number | null;
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
  /**
   * When a sell ended of which not all was filled, elapsed time, until balances have shown that nothing of the rest was:
   * before that another sell could sell what isn't the bot's. Null where there is none.
   */
  openSellMs: number | null = null;
  lastContactMs: number;
  /** Of this run, elapsed time. */
  readonly startMs: number;
  /** Elapsed times of orders of this run. */
  readonly #sentMs = new Map<string, number>();
  readonly #endedMs = new Map<string, number>();
  #market: Market | null = null;

  constructor(options: LiveOptions) {
    this.options = options;
    this.book = new LiveBook(options.symbol, options.account);
    options.holdings.add(this.book);
    this.startMs = options.clock.elapsedMs();
    this.lastContactMs = this.startMs;
  }

  get account(): Account {
    return this.options.account;
  }

  get holdings(): Holdings {
    return this.options.holdings;
  }

  /** For what is written down. */
  get nowMs(): number {
    return this.options.clock.nowMs();
  }

  /** For every duration. */
  get elapsedMs(): number {
    return this.options.clock.elapsedMs();
  }

  /** When an order was sent, elapsed time; the start of this run for those of earlier ones. */
  sentMs(id: string): number {
    return this.#sentMs.get(id) ?? this.startMs;
  }

  wasSentHere(id: string): boolean {
    return this.#sentMs.has(id);
  }

  /** When its end was noted, elapsed time; the start of this run for those of earlier ones. */
  endedMs(id: string): number {
    return this.#endedMs.get(id) ?? this.startMs;
  }

  /** What is owned and no order that hasn't ended may sell: no more than this is ever offered. */
  get unpromised(): string {
    return [...this.book.orders.values()]
      .filter(({ role }) => role !== 'entry')
      .reduce(
        (free, { quantity, seen }) => subtractDecimals(free, subtractDecimals(quantity, seen)),
        this.book.baseOwned,
      );
  }

  async market(refresh = false): Promise<Market> {
    const { venue, symbol } = this.options;
    if (this.#market === null || refresh) this.#market = await venue.fetchMarket(symbol, refresh);
    return this.#market;
  }

  /**
   * Unlike any other, also where a journal is put back from a copy and counts the same numbers again, whatever the clock
   * says: it holds what was drawn for this run alone. Letters and digits, 18 at most, which every venue takes.
   */
  nextId(): string {
    return `${this.options.tag}${this.options.runId}${(this.book.sequence + 1).toString(36)}`;
  }

  /** Whether the journal speaks of the order. */
  knows({ clientOrderId, venueOrderId }: VenueOrder): boolean {
    const { orders, ended, venueOrderIds } = this.book;
    return orders.has(clientOrderId) || ended.has(clientOrderId) || venueOrderIds.has(venueOrderId);
  }

  isOurs(clientOrderId: string): boolean {
    return clientOrderId.startsWith(this.options.tag);
  }

  heardFrom(): void {
    this.lastContactMs = this.elapsedMs;
  }

  note(entry: BrokerEntry): void {
    if (entry.type === 'intent') {
      this.activity++;
      this.#sentMs.set(entry.id, this.elapsedMs);
    }
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

  /** @param proven balances have shown that nothing was filled beyond what is known */
  noteEnd(order: TrackedOrder, end: OrderEnd, why: string, proven = false): void {
    this.activity++;
    this.#endedMs.set(order.id, this.elapsedMs);
    const { symbol } = this.options;
    const dust = order.role !== 'entry' && this.#leavesDust();
    this.note({ type: 'order-end', symbol, id: order.id, end, why, dust, timeMs: this.nowMs });
    const whole = order.seen === order.quantity || end === 'rejected' || proven;
    if (order.role !== 'entry' && !whole) this.openSellMs = this.elapsedMs;
  }

  /** Books those of an order's fills that are not here yet; returns how many. */
  bookFills(id: string, fills: readonly Fill[]): number {
    const { symbol } = this.options;
    const order = this.book.orders.get(id) ?? this.book.ended.get(id);
    const missing = fills.filter(({ fillId }) => order?.fillIds.includes(fillId) === false);
    for (const { fillId, side, price, quantity, feeAmount, feeCurrency, timeMs: fillMs } of missing) {
      this.activity++;
      const what = { fillId, side, price, quantity, feeAmount, feeCurrency, fillMs };
      this.note({ type: 'fill', symbol, id, ...what, timeMs: this.nowMs });
    }
    return missing.length;
  }

  /** Notes an order that was wanted and is not sent. */
  noteDenied(code: string, numbers: Readonly<Record<string, string>>, dust = false): void {
    this.#noteDenied(code, numbers, null, dust);
  }

  /** Notes that the entry that was to be tried again no longer is. */
  noteGivenUp(code: string, numbers: Readonly<Record<string, string>>): void {
    this.#noteDenied(code, numbers, this.book.retry?.id ?? null, false);
  }

  #noteDenied(code: string, numbers: Readonly<Record<string, string>>, gaveUp: string | null, dust: boolean): void {
    this.note({ type: 'denied', symbol: this.options.symbol, code, numbers, gaveUp, dust, timeMs: this.nowMs });
  }

  /** Whether what is left of the position is too little to be sold. */
  #leavesDust(): boolean {
    if (this.account.units <= 0 || this.#market === null) return false;
    const draft = { clientOrderId: 'dust', symbol: this.options.symbol, side: 'sell', type: 'market' } as const;
    const rest = canonicalOrder({ ...draft, quantity: this.book.baseOwned }, this.#market);
    return TOO_LITTLE.has(checkOrder(rest, this.#market, decimalOf(this.account.mark))?.code ?? '');
  }
}

/** The smaller of two amounts. */
export const least = (a: string, b: string): string => (compareDecimals(a, b) < 0 ? a : b);
