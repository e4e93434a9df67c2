import { ExchangeError } from '../core/errors.ts';
import { decimalOf, multiplyDecimals } from '../exchange/decimal.ts';
import type { OrderDesk } from './order-desk.ts';

/** A coin that has no price now is asked for again after this. */
const AGAIN_MS = 30_000;

/**
 * Books what a venue took in a coin that is neither base nor quote (BNB, KCS, ...) at that coin's price, so that it counts
 * in the equity. Until the price is known the fee is its own state, in which nothing is opened.
 */
export class ThirdCoinFees {
  readonly #desk: OrderDesk;
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(desk: OrderDesk) {
    this.#desk = desk;
  }

  async run(): Promise<void> {
    const desk = this.#desk;
    const { symbol, alarm } = desk.options;
    if (desk.book.unpricedFees.size === 0 || desk.elapsedMs < this.#quietUntilMs) return;
    for (const [currency, amount] of desk.book.unpricedFees) {
      const price = await this.#priceOf(currency);
      if (price !== null) desk.note({ type: 'fee', symbol, currency, amount, price, timeMs: desk.nowMs });
      else {
        this.#quietUntilMs = desk.elapsedMs + AGAIN_MS;
        alarm('fee-unpriced', { symbol, currency, amount });
      }
    }
  }

  /** In quote currency: of a market of its own, of the reverse one, or by way of the base currency. */
  async #priceOf(currency: string): Promise<string | null> {
    const { base, quote, account } = this.#desk.book;
    const direct = await this.#ask(`${currency}/${quote}`, 'ask');
    if (direct !== null) return direct;
    const reverse = await this.#ask(`${quote}/${currency}`, 'bid');
    if (reverse !== null) return decimalOf(1 / Number(reverse));
    const inBase = await this.#ask(`${currency}/${base}`, 'ask');
    return inBase === null || !(account.mark > 0) ? null : multiplyDecimals(inBase, decimalOf(account.mark));
  }

  async #ask(symbol: string, side: 'bid' | 'ask'): Promise<string | null> {
    try {
      const price = (await this.#desk.options.venue.fetchQuote(symbol))[side];
      return Number(price) > 0 ? price : null;
    } catch (error) {
      if (error instanceof ExchangeError) return null;
      throw error;
    }
  }
}
