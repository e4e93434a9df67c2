import type { Clock } from '../core/clock.ts';
import { ExchangeError } from '../core/errors.ts';
import { addDecimals, compareDecimals, decimalOf, subtractDecimals } from '../exchange/decimal.ts';
import type { Venue } from '../exchange/venue.ts';
import type { HoldingsEntry } from './entries.ts';
import type { LiveBroker, Reconciled } from './live.ts';
import type { Alarm } from './order-desk.ts';

/**
 * Compares what the brokers own with what the venue holds, by currency. The difference belongs to somebody else: the
 * bot owns its allocation, not the balance. Where it changes, a deposit, withdrawal or manual trade happened, and that
 * is said; where the venue holds less than the brokers own, nothing more is opened until a person has looked.
 */
export class Reconciler {
  readonly #venue: Venue;
  readonly #clock: Clock;
  readonly #brokers: readonly LiveBroker[];
  readonly #record: (entry: HoldingsEntry) => void;
  readonly #alarm: Alarm;
  /** What the venue held beyond the brokers' share, when last looked at. */
  readonly foreign = new Map<string, string>();

  constructor(options: {
    readonly venue: Venue;
    readonly clock: Clock;
    readonly brokers: readonly LiveBroker[];
    readonly record: (entry: HoldingsEntry) => void;
    readonly alarm: Alarm;
  }) {
    this.#venue = options.venue;
    this.#clock = options.clock;
    this.#brokers = options.brokers;
    this.#record = options.record;
    this.#alarm = options.alarm;
  }

  apply(entry: HoldingsEntry): void {
    this.foreign.set(entry.currency, entry.foreign);
  }

  /**
   * What each broker lacks; null where orders are under way or the venue didn't answer: then try again later. All
   * queues stand still.
   */
  async reconcile(): Promise<ReadonlyMap<LiveBroker, Reconciled> | null> {
    if (this.#brokers.some((broker) => broker.busy)) return null;
    const activity = this.#activity();
    const missing = new Map<string, string>();
    try {
      const balances = await this.#venue.fetchBalances();
      for (const broker of this.#brokers) await broker.checkOpenOrders();
      if (this.#activity() !== activity) return null;
      for (const [currency, owned] of this.#owned()) {
        const held = balances.get(currency);
        const total = held === undefined ? '0' : addDecimals(held.free, held.locked);
        if (this.#isShort(currency, subtractDecimals(total, owned))) missing.set(currency, total);
      }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      this.#alarm('venue-error', { code: error.code, message: error.message });
      return null;
    }
    const result = (broker: LiveBroker): Reconciled => ({
      shortage: missing.get(broker.book.base) ?? null,
      quoteShortage: missing.has(broker.book.quote),
    });
    return new Map(this.#brokers.map((broker) => [broker, result(broker)]));
  }

  #activity(): number {
    return this.#brokers.reduce((sum, broker) => sum + broker.activity, 0);
  }

  /** What the brokers own by currency: allocations, what fills moved, less fees in third coins. */
  #owned(): Map<string, string> {
    const owned = new Map<string, string>();
    const add = (currency: string, amount: string) =>
      owned.set(currency, addDecimals(owned.get(currency) ?? '0', amount));
    for (const { book, account } of this.#brokers) {
      add(book.base, book.baseOwned);
      add(book.quote, addDecimals(decimalOf(account.config.startingEquity), book.quoteMoved));
      for (const [currency, amount] of book.otherFees) add(currency, `-${amount}`);
    }
    return owned;
  }

  /** Takes in what the venue holds beyond the brokers' share; true where it is less than that. */
  #isShort(currency: string, foreign: string): boolean {
    const before = this.foreign.get(currency);
    const change = before === undefined ? '0' : subtractDecimals(foreign, before);
    const changed = before === undefined || change !== '0';
    if (changed) this.#record({ type: 'holdings', currency, foreign, change, timeMs: this.#clock.nowMs() });
    this.foreign.set(currency, foreign);
    if (change !== '0') this.#alarm('holdings-changed', { currency, change, foreign });
    const short = compareDecimals(foreign, '0') < 0;
    if (short && changed) this.#alarm('holdings-short', { currency, missing: subtractDecimals('0', foreign) });
    return short;
  }
}
