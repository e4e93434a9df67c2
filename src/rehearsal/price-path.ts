import type { Candle } from '../core/candle.ts';

/**
 * A price at every instant, from candles: open, then the extreme on the other side of the close, the other extreme,
 * and the close, with straight lines between (four knots, a third of the bar apart). A candle seen whole is the stored
 * one to the last digit; one seen early is what that path did so far.
 */
export class PricePath {
  readonly timeframeMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly #candles: readonly Candle[];
  /** Decimal places that prices are rounded to between the knots. */
  readonly #places: number;

  /** `candles`: ascending, on the grid of `timeframeMs`; holes are allowed (the price stands still in them). */
  constructor(candles: readonly Candle[], timeframeMs: number, priceTick: string) {
    if (candles.length === 0) throw new RangeError('a price path needs at least one candle');
    this.timeframeMs = timeframeMs;
    this.startMs = candles[0].timeMs;
    this.endMs = candles[candles.length - 1].timeMs + timeframeMs;
    this.#candles = candles;
    this.#places = (priceTick.split('.')[1] ?? '').length;
  }

  /** Price at an instant; before the first candle its open, after the last its close. */
  priceAt(timeMs: number): number {
    const index = this.#indexAt(timeMs);
    if (index < 0) return this.#candles[0].open;
    const candle = this.#candles[index];
    const share = (timeMs - candle.timeMs) / this.timeframeMs;
    if (share >= 1) return candle.close;
    const knots = knotsOf(candle);
    const leg = Math.floor(share * 3);
    const price = knots[leg] + (knots[leg + 1] - knots[leg]) * (share * 3 - leg);
    return this.#round(price);
  }

  /** Lowest and highest price in [fromMs, toMs]. */
  rangeBetween(fromMs: number, toMs: number): { low: number; high: number } {
    let low = Math.min(this.priceAt(fromMs), this.priceAt(toMs));
    let high = Math.max(this.priceAt(fromMs), this.priceAt(toMs));
    for (let i = Math.max(0, this.#indexAt(fromMs)); i < this.#candles.length; i++) {
      const candle = this.#candles[i];
      if (candle.timeMs > toMs) break;
      const knots = knotsOf(candle);
      for (let k = 0; k < 4; k++) {
        const at = candle.timeMs + (k * this.timeframeMs) / 3;
        if (at < fromMs || at > toMs) continue;
        low = Math.min(low, knots[k]);
        high = Math.max(high, knots[k]);
      }
    }
    return { low, high };
  }

  /** The first instant in [fromMs, toMs] at which the price is at or beyond `level`; NaN where it never is. */
  firstTouch(fromMs: number, toMs: number, level: number, direction: 'below' | 'above'): number {
    const beyond = (price: number) => (direction === 'below' ? price <= level : price >= level);
    if (beyond(this.priceAt(fromMs))) return fromMs;
    for (let i = Math.max(0, this.#indexAt(fromMs)); i < this.#candles.length; i++) {
      const candle = this.#candles[i];
      if (candle.timeMs > toMs) break;
      const knots = knotsOf(candle);
      for (let k = 0; k < 4; k++) {
        const at = candle.timeMs + (k * this.timeframeMs) / 3;
        if (!beyond(knots[k]) || at < fromMs) continue;
        const legStart = at - this.timeframeMs / 3;
        const reached =
          k === 0 ? at : legStart + ((level - knots[k - 1]) / (knots[k] - knots[k - 1])) * (at - legStart);
        const touchMs = Math.max(fromMs, Math.ceil(reached));
        return touchMs <= toMs ? touchMs : Number.NaN;
      }
    }
    return Number.NaN;
  }

  /** Whether there are bars of that length: what the candles are made of, and no finer. */
  offers(timeframeMs: number): boolean {
    return timeframeMs % this.timeframeMs === 0;
  }

  /** The bar [openMs, openMs + timeframeMs) as far as it is known at `nowMs`; null where nothing traded. */
  candleSeen(openMs: number, timeframeMs: number, nowMs: number): Candle | null {
    if (!this.offers(timeframeMs)) throw new RangeError(`no candles of ${timeframeMs} ms from ${this.timeframeMs} ms`);
    let seen: Candle | null = null;
    for (let i = this.#firstAtOrAfter(openMs); i < this.#candles.length; i++) {
      const candle = this.#candles[i];
      if (candle.timeMs >= openMs + timeframeMs || candle.timeMs > nowMs) break;
      const part = nowMs >= candle.timeMs + this.timeframeMs ? candle : this.#partOf(candle, nowMs);
      seen = seen === null ? { ...part, timeMs: openMs } : merge(seen, part);
    }
    return seen;
  }

  /** Bars with fromMs <= timeMs < toMs that have begun by `nowMs`, the running one included as far as it is known. */
  candlesSeen(fromMs: number, toMs: number, timeframeMs: number, nowMs: number, limit: number): Candle[] {
    const rows: Candle[] = [];
    const first = Math.max(Math.ceil(fromMs / timeframeMs), Math.floor(this.startMs / timeframeMs)) * timeframeMs;
    const last = Math.min(toMs, nowMs + 1, this.endMs);
    for (let openMs = first; openMs < last && rows.length < limit; openMs += timeframeMs) {
      const candle = this.candleSeen(openMs, timeframeMs, nowMs);
      if (candle !== null) rows.push(candle);
    }
    return rows;
  }

  #partOf(candle: Candle, nowMs: number): Candle {
    const { low, high } = this.rangeBetween(candle.timeMs, nowMs);
    const share = (nowMs - candle.timeMs) / this.timeframeMs;
    const volume = Math.round(candle.volume * share * 1e8) / 1e8;
    const trades = Number.isNaN(candle.trades) ? candle.trades : Math.floor(candle.trades * share);
    return { ...candle, low, high, close: this.priceAt(nowMs), volume, trades };
  }

  #round(price: number): number {
    return Number(price.toFixed(this.#places));
  }

  #firstAtOrAfter(timeMs: number): number {
    const index = this.#indexAt(timeMs);
    return index >= 0 && this.#candles[index].timeMs === timeMs ? index : index + 1;
  }

  /** Index of the last candle that opens at or before `timeMs`; -1 before the first. */
  #indexAt(timeMs: number): number {
    let low = 0;
    let high = this.#candles.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#candles[middle].timeMs <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function knotsOf(candle: Candle): [number, number, number, number] {
  return candle.close >= candle.open
    ? [candle.open, candle.low, candle.high, candle.close]
    : [candle.open, candle.high, candle.low, candle.close];
}

function merge(a: Candle, b: Candle): Candle {
  return {
    ...a,
    high: Math.max(a.high, b.high),
    low: Math.min(a.low, b.low),
    close: b.close,
    volume: Math.round((a.volume + b.volume) * 1e8) / 1e8,
    trades: a.trades + b.trades,
  };
}
