import type { Clock } from '../core/clock.ts';
import { ExchangeError } from '../core/errors.ts';
import { addDecimals, compareDecimals, decimalOf, subtractDecimals } from '../exchange/decimal.ts';
import type { Venue } from '../exchange/venue.ts';
import type { HoldingsEntry } from './entries.ts';
import type { Alarm, LiveBroker } from './live.ts';

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
  /** The end of the last whole reconciliation, our clock; NaN before it. */
  lastMs = Number.NaN;

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

  /** False where orders are under way or the venue didn't answer: then try again later. All lanes stand still. */
  async reconcile(): Promise<boolean> {
    if (this.#brokers.some((broker) => broker.busy)) return false;
    const activity = this.#activity();
    try {
      const balances = await this.#venue.fetchBalances();
      for (const broker of this.#brokers) await broker.checkOpenOrders();
      if (this.#activity() !== activity) return false;
      for (const [currency, owned] of this.#owned()) {
        const held = balances.get(currency);
        const total = held === undefined ? '0' : addDecimals(held.free, held.locked);
        this.#compare(currency, total, subtractDecimals(total, owned));
      }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      this.#alarm('venue-error', { code: error.code, message: error.message });
      return false;
    }
    for (const broker of this.#brokers) broker.reconciled = true;
    this.lastMs = this.#clock.nowMs();
    return true;
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

  #compare(currency: string, total: string, foreign: string): void {
    const before = this.foreign.get(currency);
    const change = before === undefined ? '0' : subtractDecimals(foreign, before);
    if (before === undefined || change !== '0') {
      const timeMs = this.#clock.nowMs();
      this.#record({ type: 'holdings', currency, foreign, change, timeMs });
      this.foreign.set(currency, foreign);
    }
    if (change !== '0') this.#alarm('holdings-changed', { currency, change, foreign });
    const short = compareDecimals(foreign, '0') < 0;
    if (short && (before === undefined || change !== '0'))
      this.#alarm('holdings-short', { currency, missing: subtractDecimals('0', foreign) });
    for (const broker of this.#brokers) {
      if (broker.book.base === currency) broker.shortage = short ? total : null;
      if (broker.book.quote === currency) broker.quoteShortage = short;
    }
  }
}
