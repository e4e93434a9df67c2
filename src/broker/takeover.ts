import { InputError } from '../core/errors.ts';
import { compareDecimals } from '../exchange/decimal.ts';
import type { VenueOrder } from '../exchange/venue.ts';
import { takeAnswer } from './inquire.ts';
import type { OrderDesk } from './order-desk.ts';

/** What a wall clock may have been wrong by when the journal's last entry was written. */
const WALL_MARGIN_MS = 2 * 3_600_000;
/** What was looked at so long before the last look is looked at again. */
const AGAIN_MS = 10 * 60_000;
/** For so long after a start sells wait for the first look: a venue that doesn't tell keeps nobody in a position. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Finds what the venue knows of the bot and the journal doesn't: orders under the bot's own ids, open or filled, after
 * an older journal was put back. They are written down and booked as if they had been known all along; a sale of more
 * than the journal knows of is refused, and so is an order of another process, placed while this one runs.
 */
export class Takeover {
  readonly #desk: OrderDesk;
  /** Orders of the venue that somebody else placed. */
  readonly #strangers = new Set<string>();
  #sinceMs: number;
  /** By the venue's clock; what was placed long after it was placed by another process. */
  #startMs = Number.NaN;
  /** Whether everything since the journal's last entry was looked at; of a journal that begins nothing can be unknown. */
  #done: boolean;

  constructor(desk: OrderDesk) {
    this.#desk = desk;
    const { knownUntilMs, clock } = desk.options;
    this.#done = (knownUntilMs ?? null) === null;
    this.#sinceMs = (knownUntilMs ?? clock.nowMs()) - WALL_MARGIN_MS;
  }

  /** Whether a sale can rely on what the book says. */
  get letsSell(): boolean {
    return this.#done || this.#desk.elapsedMs - this.#desk.startMs > PATIENCE_MS;
  }

  /**
   * @param fills also those of orders that have ended; open ones are always looked at
   * @throws InputError where the journal can't go on
   */
  async run(fills: boolean): Promise<void> {
    const { venue } = this.#desk.options;
    const atMs = venue.serverTimeMs();
    if (Number.isNaN(this.#startMs)) this.#startMs = atMs;
    const found = [...(await this.#open()), ...(fills || !this.#done ? await this.#filled() : [])];
    for (const order of found.sort((a, b) => a.timeMs - b.timeMs)) await this.#take(order);
    if (!fills && this.#done) return;
    this.#sinceMs = Math.max(this.#sinceMs, atMs - AGAIN_MS);
    this.#done = true;
  }

  async #open(): Promise<VenueOrder[]> {
    const { venue, symbol, alarm } = this.#desk.options;
    const unknown = (await venue.fetchOpenOrders(symbol)).filter((order) => !this.#desk.knows(order));
    for (const { clientOrderId, venueOrderId, quantity } of unknown)
      if (!this.#desk.isOurs(clientOrderId))
        alarm('foreign-order', { symbol, id: clientOrderId || venueOrderId, quantity });
    return unknown.filter(({ clientOrderId }) => this.#desk.isOurs(clientOrderId));
  }

  async #filled(): Promise<VenueOrder[]> {
    const desk = this.#desk;
    const { venue, symbol } = desk.options;
    const found = new Map<string, VenueOrder>();
    for (const fill of await venue.fetchFills(symbol, { sinceMs: Math.floor(this.#sinceMs) })) {
      const { venueOrderId } = fill;
      if (desk.book.venueOrderIds.has(venueOrderId) || this.#strangers.has(venueOrderId) || found.has(venueOrderId))
        continue;
      const order = await venue.fetchOrderOf(fill);
      if (order !== null && desk.isOurs(order.clientOrderId)) found.set(venueOrderId, order);
      else this.#strangers.add(venueOrderId);
    }
    return [...found.values()].filter((order) => !desk.knows(order));
  }

  async #take(order: VenueOrder): Promise<void> {
    const desk = this.#desk;
    const { venue, symbol, alarm } = desk.options;
    const { clientOrderId: id, side, type, quantity, price, filled, timeMs } = order;
    if (desk.knows(order)) return;
    if (timeMs > this.#startMs + venue.capabilities.requestLifeMs)
      throw new InputError(
        `${symbol}: order ${id} has this bot's ids and was placed while this one runs: another bot trades from a copy of this journal; stop one of them`,
      );
    if (side === 'sell' && compareDecimals(filled, desk.book.baseOwned) > 0)
      throw new InputError(
        `${symbol}: order ${id} of this bot sold ${filled}, but the journal knows only of ${desk.book.baseOwned}: it is older than the venue tells; restore a newer one, or begin another with --journal`,
      );
    alarm('order-taken-over', { symbol, id, side, type, quantity, filled });
    const role = side === 'buy' ? 'entry' : type === 'stop-loss' ? 'stop' : 'exit';
    const [first] = compareDecimals(filled, '0') > 0 ? await venue.fetchFills(symbol, { order }) : [];
    const reference = Number(first?.price ?? price ?? desk.account.mark);
    const what = { symbol, id, role, quantity, price, reference, decisionMs: timeMs, attempt: 1 } as const;
    desk.note({ type: 'intent', ...what, reason: 'restored', timeMs: desk.nowMs });
    await takeAnswer(desk, desk.book.orders.get(id)!, order);
  }
}
