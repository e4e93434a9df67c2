/** Prices of one market, a tick a second, and the candles that they make. */
import type { Amount } from './amount.ts';
import { Random } from './random.ts';

export const SECOND = 1_000;

export interface Bar {
  readonly openMs: number;
  readonly open: Amount;
  readonly high: Amount;
  readonly low: Amount;
  readonly close: Amount;
  readonly volume: Amount;
  readonly trades: number;
}

const CENT = 1_000_000n;

export class MarketPath {
  readonly startMs: number;
  readonly #cents: Float64Array;
  readonly #volume: Float64Array;

  /** `volatility`: standard deviation of the return of a minute. */
  constructor(seed: number, startMs: number, seconds: number, price: number, volatility = 0.004) {
    const random = new Random(seed);
    this.startMs = startMs;
    this.#cents = new Float64Array(seconds);
    this.#volume = new Float64Array(seconds);
    let cents = Math.round(price * 100);
    for (let i = 0; i < seconds; i++) {
      this.#cents[i] = cents;
      this.#volume[i] = 1 + random.below(50_000);
      // The sum of four uniform numbers is near enough to normal: mean 0, variance 1/3.
      const shock = random.next() + random.next() + random.next() + random.next() - 2;
      cents = Math.max(100, Math.round(cents * (1 + shock * 1.732 * (volatility / 7.746))));
    }
  }

  get endMs(): number {
    return this.startMs + this.#cents.length * SECOND;
  }

  #index(ms: number): number {
    return Math.min(this.#cents.length - 1, Math.max(0, Math.floor((ms - this.startMs) / SECOND)));
  }

  /** Last traded price at a time. */
  priceAt(ms: number): Amount {
    return BigInt(this.#cents[this.#index(ms)]) * CENT;
  }

  /** The bar of `lengthMs` that opens at `openMs`, as far as it has come at `nowMs`; null before its first tick. */
  bar(openMs: number, lengthMs: number, nowMs: number): Bar | null {
    const from = Math.ceil((openMs - this.startMs) / SECOND);
    const to = Math.min(
      Math.floor((Math.min(openMs + lengthMs - 1, nowMs) - this.startMs) / SECOND),
      this.#cents.length - 1,
    );
    if (openMs > nowMs || from < 0 || to < from) return null;
    let [high, low, volume] = [0, Number.POSITIVE_INFINITY, 0];
    for (let i = from; i <= to; i++) {
      high = Math.max(high, this.#cents[i]);
      low = Math.min(low, this.#cents[i]);
      volume += this.#volume[i];
    }
    return {
      openMs,
      open: BigInt(this.#cents[from]) * CENT,
      high: BigInt(high) * CENT,
      low: BigInt(low) * CENT,
      close: BigInt(this.#cents[to]) * CENT,
      volume: BigInt(Math.round(volume)) * 1_000n,
      trades: to - from + 1,
    };
  }
}
