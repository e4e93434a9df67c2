import { addDecimals, compareDecimals, subtractDecimals } from '../exchange/decimal.ts';
import type { CurrencyLook } from './holdings.ts';
import type { TrackedOrder } from './live-book.ts';
import type { OrderDesk } from './order-desk.ts';
import type { FillSweep } from './sweep.ts';

/**
 * Whether a sell may leave after another one ended without all of it having filled: a venue may answer a cancel with
 * nothing filled and tell later of a fill that came first, and a second sell would then sell what isn't the bot's.
 * Balances decide. An answer that shows the cancelled order's coins set free, with nothing missing, is younger than the
 * cancel, and enough; without that sign the venue's lag has to pass.
 */
export class SellGate {
  readonly #desk: OrderDesk;
  readonly #sweep: FillSweep;
  /** The base currency's locked amount once those orders are gone; null where it tells nothing. */
  #lockedAfter: string | null = null;

  constructor(desk: OrderDesk, sweep: FillSweep) {
    this.#desk = desk;
    this.#sweep = sweep;
  }

  /** Looks at what the orders lock, before they are cancelled. */
  async beforeCancel(orders: readonly TrackedOrder[]): Promise<void> {
    const desk = this.#desk;
    this.#lockedAfter = null;
    const { settleMs } = desk.options.venue.capabilities;
    // A younger order may be missing in an answer from before it was placed.
    if (orders.some(({ id }) => desk.elapsedMs - desk.sentMs(id) < settleMs)) return;
    const rest = orders.reduce(
      (sum, { quantity, filled }) => addDecimals(sum, subtractDecimals(quantity, filled)),
      '0',
    );
    const shows = (look: CurrencyLook | undefined) => look !== undefined && compareDecimals(look.locked, rest) >= 0;
    let look = desk.holdings.last.get(desk.book.base);
    if (!shows(look) || orders.some(({ id }) => look!.atMs < desk.sentMs(id) + settleMs))
      look = (await desk.holdings.look()).get(desk.book.base);
    if (shows(look)) this.#lockedAfter = subtractDecimals(look!.locked, rest);
  }

  /** True where nothing can be sold twice. */
  async isOpen(): Promise<boolean> {
    const desk = this.#desk;
    if (desk.openSellMs === null) return true;
    const settled = desk.elapsedMs - desk.openSellMs >= desk.options.venue.capabilities.settleMs;
    // By now every fill is listed: whatever balances say, it is booked before anything is sold again.
    if (settled) await this.#sweep.run(true);
    const base = (await desk.holdings.look()).get(desk.book.base)!;
    const freed =
      base.difference === '0' && this.#lockedAfter !== null && compareDecimals(base.locked, this.#lockedAfter) <= 0;
    if (!settled && !freed) return false;
    desk.openSellMs = null;
    this.#lockedAfter = null;
    return true;
  }
}
