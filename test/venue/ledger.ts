/** What is whose: every movement of every coin, in order, with what it was for. Balances are its sums, at any time. */
import type { Amount } from './amount.ts';
import { short } from './amount.ts';

export interface Posting {
  readonly ms: number;
  readonly coin: string;
  /** What becomes free, or (negative) stops being so. */
  readonly free: Amount;
  readonly locked: Amount;
  readonly why: string;
}

export interface Holding {
  readonly free: Amount;
  readonly locked: Amount;
}

export class VenueLedger {
  readonly postings: Posting[] = [];
  /** Least that the account ever held of a coin, free and locked. */
  readonly least = new Map<string, Amount>();
  readonly #now = new Map<string, { free: Amount; locked: Amount }>();

  post(ms: number, coin: string, free: Amount, locked: Amount, why: string): void {
    const held = this.#now.get(coin) ?? { free: 0n, locked: 0n };
    held.free += free;
    held.locked += locked;
    if (held.free < 0n || held.locked < 0n)
      throw new Error(
        `the venue itself is wrong: ${coin} ${short(held.free)} free, ${short(held.locked)} locked: ${why}`,
      );
    this.#now.set(coin, held);
    this.postings.push({ ms, coin, free, locked, why });
    const total = held.free + held.locked;
    const least = this.least.get(coin);
    if (least === undefined || total < least) this.least.set(coin, total);
  }

  holding(coin: string): Holding {
    return this.#now.get(coin) ?? { free: 0n, locked: 0n };
  }

  total(coin: string): Amount {
    const { free, locked } = this.holding(coin);
    return free + locked;
  }

  /** What the account held at an earlier time: a stale answer. */
  holdingsAt(ms: number): Map<string, Holding> {
    const held = new Map<string, { free: Amount; locked: Amount }>();
    for (const { ms: at, coin, free, locked } of this.postings) {
      if (at > ms) break;
      const one = held.get(coin) ?? { free: 0n, locked: 0n };
      one.free += free;
      one.locked += locked;
      held.set(coin, one);
    }
    return held;
  }
}
