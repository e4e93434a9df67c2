import type { Clock } from '../core/clock.ts';
import { addDecimals, compareDecimals, decimalOf, subtractDecimals } from '../exchange/decimal.ts';
import type { Venue } from '../exchange/venue.ts';
import type { LiveBook } from './live-book.ts';

/** What the venue said of one currency, beside what was expected. */
export interface CurrencyLook {
  /** False where the answer lacks the currency: none is held, or the answer is incomplete. */
  readonly listed: boolean;
  readonly free: string;
  readonly locked: string;
  readonly total: string;
  /** Total less what the books own and what is somebody else's; null before that was first known. */
  readonly difference: string | null;
  /** When it was asked, elapsed time. */
  readonly atMs: number;
}

/**
 * What the account at the venue should hold, by currency: what the books of all symbols own, and what is somebody
 * else's. The bot owns its allocation, not the balance.
 */
export class Holdings {
  readonly #venue: Venue;
  readonly #clock: Clock;
  readonly #books: LiveBook[] = [];
  /** What the venue held beyond the books' share, as last confirmed. */
  readonly foreign = new Map<string, string>();
  #last: ReadonlyMap<string, CurrencyLook> = new Map();

  constructor(venue: Venue, clock: Clock) {
    this.#venue = venue;
    this.#clock = clock;
  }

  add(book: LiveBook): void {
    this.#books.push(book);
  }

  /** The newest answer of the venue. */
  get last(): ReadonlyMap<string, CurrencyLook> {
    return this.#last;
  }

  /** What the books own by currency: allocations, what fills moved, less fees in third coins. */
  owned(): Map<string, string> {
    const owned = new Map<string, string>();
    const add = (currency: string, amount: string) =>
      owned.set(currency, addDecimals(owned.get(currency) ?? '0', amount));
    for (const { base, quote, baseOwned, quoteMoved, otherFees, account } of this.#books) {
      add(base, baseOwned);
      add(quote, addDecimals(decimalOf(account.config.startingEquity), quoteMoved));
      for (const [currency, amount] of otherFees) add(currency, `-${amount}`);
    }
    return owned;
  }

  /** Asks the venue. Says nothing of whether the answer is right: it may lag behind, or lack a part. */
  async look(): Promise<ReadonlyMap<string, CurrencyLook>> {
    const atMs = this.#clock.elapsedMs();
    const balances = await this.#venue.fetchBalances();
    const looks = new Map<string, CurrencyLook>();
    for (const [currency, owned] of this.owned()) {
      const held = balances.get(currency);
      const { free, locked } = held ?? { free: '0', locked: '0' };
      const total = addDecimals(free, locked);
      const foreign = this.foreign.get(currency);
      const difference = foreign === undefined ? null : subtractDecimals(total, addDecimals(owned, foreign));
      looks.set(currency, { listed: held !== undefined, free, locked, total, difference, atMs });
    }
    this.#last = looks;
    return looks;
  }
}

/** Whether both sides of a trade moved the way an order would have moved them. */
export function movedLike(side: 'buy' | 'sell', base: CurrencyLook, quote: CurrencyLook): boolean {
  if (base.difference === null || quote.difference === null) return false;
  const direction = side === 'buy' ? 1 : -1;
  const baseMoved = direction * compareDecimals(base.difference, '0');
  return baseMoved > 0 && direction * compareDecimals(quote.difference, '0') < 0;
}
