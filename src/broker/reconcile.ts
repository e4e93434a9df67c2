import type { Clock } from '../core/clock.ts';
import { ExchangeError } from '../core/errors.ts';
import { addDecimals, compareDecimals, subtractDecimals } from '../exchange/decimal.ts';
import type { Venue } from '../exchange/venue.ts';
import type { CommandEntry } from './command.ts';
import type { HoldingsEntry } from './entries.ts';
import type { CurrencyLook, Holdings } from './holdings.ts';
import type { LiveBroker, Reconciled } from './live.ts';
import { type Alarm, least } from './order-desk.ts';

/** A currency that an answer leaves out, and of which something is expected, is believed to be gone only after this. */
const LEFT_OUT_MS = 5 * 60_000;
/** Venues round price times quantity to eight digits, each fill by itself: between two looks no more than this. */
const ROUNDING = '0.00002';

interface Pending {
  readonly difference: string;
  readonly sinceMs: number;
}

/**
 * Compares what the brokers own with what the venue holds, by currency. The difference belongs to somebody else. Where
 * it changes, a deposit, withdrawal or manual trade happened, and that is said; where the venue holds less than the
 * brokers own, nothing more is opened until a person has looked. One answer proves nothing, since balances can lag or
 * lack a part: a change counts once it was seen again after the venue's lag, and nothing is opened meanwhile.
 */
export class Reconciler {
  readonly #venue: Venue;
  readonly #clock: Clock;
  readonly #holdings: Holdings;
  readonly #brokers: readonly LiveBroker[];
  readonly #record: (entry: HoldingsEntry) => void;
  readonly #alarm: Alarm;
  readonly #pending = new Map<string, Pending>();
  #activity = -1;

  constructor(options: {
    readonly venue: Venue;
    readonly clock: Clock;
    readonly holdings: Holdings;
    readonly brokers: readonly LiveBroker[];
    readonly record: (entry: HoldingsEntry) => void;
    readonly alarm: Alarm;
  }) {
    this.#venue = options.venue;
    this.#clock = options.clock;
    this.#holdings = options.holdings;
    this.#brokers = options.brokers;
    this.#record = options.record;
    this.#alarm = options.alarm;
  }

  apply({ currency, foreign }: Pick<HoldingsEntry, 'currency' | 'foreign'>): void {
    this.#holdings.foreign.set(currency, foreign);
  }

  /** What is somebody else's, by currency, as last confirmed. */
  get foreign(): ReadonlyMap<string, string> {
    return this.#holdings.foreign;
  }

  /** Coins that change hands between the bot and the person stay where they are. */
  obey(entry: CommandEntry): void {
    if (entry.command !== 'adopt' && entry.command !== 'abandon') return;
    const [base] = entry.symbol.split('/');
    const before = this.#holdings.foreign.get(base);
    if (before === undefined) return;
    const move = entry.command === 'adopt' ? subtractDecimals : addDecimals;
    this.#holdings.foreign.set(base, move(before, entry.quantity));
  }

  /** What the account surely holds of a currency beyond what the brokers own; undefined where that isn't known. */
  async othersHold(currency: string): Promise<string | undefined> {
    const look = (await this.#holdings.look()).get(currency);
    const known = this.#holdings.foreign.get(currency);
    if (known === undefined || look?.difference === null || look === undefined) return undefined;
    return least(known, addDecimals(known, look.difference));
  }

  /** Whether a difference waits for being seen again: then look again soon. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /**
   * What was found for each broker; null where orders are under way or the venue didn't answer: then try again later.
   * All queues stand still.
   */
  async reconcile(): Promise<ReadonlyMap<LiveBroker, Reconciled> | null> {
    if (this.#brokers.some((broker) => broker.busy)) return null;
    const activity = this.#countActivity();
    // What was seen before an order moved something says nothing of what is seen after it.
    if (activity !== this.#activity) this.#pending.clear();
    this.#activity = activity;
    try {
      for (const broker of this.#brokers) await broker.checkOrders(this.isPending);
      const looks = await this.#holdings.look();
      if (this.#countActivity() !== activity) return null;
      for (const [currency, look] of looks) this.#compare(currency, look);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      this.#alarm('venue-error', { step: 'reconcile', code: error.code, message: error.message });
      return null;
    }
    if (this.#brokers.some(({ book }) => !this.#isKnown(book.base) || !this.#isKnown(book.quote))) return null;
    return new Map(this.#brokers.map((broker) => [broker, this.#resultFor(broker)]));
  }

  #countActivity(): number {
    return this.#brokers.reduce((sum, broker) => sum + broker.activity, 0);
  }

  #isKnown(currency: string): boolean {
    return this.#holdings.foreign.has(currency);
  }

  #resultFor({ book: { base, quote } }: LiveBroker): Reconciled {
    const isShort = (currency: string) => compareDecimals(this.#holdings.foreign.get(currency) ?? '0', '0') < 0;
    const unconfirmed = [base, quote].find((currency) => this.#pending.has(currency));
    return {
      shortage: isShort(base) ? (this.#holdings.last.get(base)?.total ?? '0') : null,
      quoteShortage: isShort(quote),
      unconfirmed: unconfirmed === undefined ? null : `the balance of ${unconfirmed} is not what it should be`,
    };
  }

  /** Takes a look in: as expected, different for the first time, or different for so long that it must be true. */
  #compare(currency: string, look: CurrencyLook): void {
    const owned = this.#holdings.owned().get(currency)!;
    const before = this.#holdings.foreign.get(currency);
    const foreign = subtractDecimals(look.total, owned);
    if (look.difference === '0') {
      this.#pending.delete(currency);
      return;
    }
    if (before !== undefined && this.#isRounding(currency, look)) {
      this.#pending.delete(currency);
      this.#record({ type: 'holdings', currency, foreign, change: look.difference!, timeMs: this.#clock.nowMs() });
      this.#holdings.foreign.set(currency, foreign);
      return;
    }
    if (this.#isTrue(currency, look, foreign, before)) {
      this.#pending.delete(currency);
      this.#accept(currency, foreign, before);
    }
  }

  /** Quantities of the base currency are exact; what they cost is not. */
  #isRounding(currency: string, { difference }: CurrencyLook): boolean {
    if (difference === null || !this.#brokers.some(({ book }) => book.quote === currency)) return false;
    return compareDecimals(difference.replace('-', ''), ROUNDING) <= 0;
  }

  #isTrue(currency: string, look: CurrencyLook, foreign: string, before: string | undefined): boolean {
    const short = compareDecimals(foreign, '0') < 0;
    // At the first look of all there is nothing to differ from; and what was missing may well be back.
    if (before === undefined && !short) return true;
    if (before !== undefined && compareDecimals(before, '0') < 0 && !short) return true;
    const nowMs = this.#clock.elapsedMs();
    const pending = this.#pending.get(currency);
    if (pending?.difference !== foreign) {
      this.#pending.set(currency, { difference: foreign, sinceMs: nowMs });
      return false;
    }
    const { settleMs } = this.#venue.capabilities;
    return nowMs - pending.sinceMs >= (look.listed ? settleMs : Math.max(settleMs, LEFT_OUT_MS));
  }

  #accept(currency: string, foreign: string, before: string | undefined): void {
    const change = before === undefined ? '0' : subtractDecimals(foreign, before);
    this.#record({ type: 'holdings', currency, foreign, change, timeMs: this.#clock.nowMs() });
    this.#holdings.foreign.set(currency, foreign);
    if (change !== '0') this.#alarm('holdings-changed', { currency, change, foreign });
    if (compareDecimals(foreign, '0') < 0)
      this.#alarm('holdings-short', { currency, missing: subtractDecimals('0', foreign) });
  }
}
