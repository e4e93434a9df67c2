import type { Fill } from '../exchange/venue.ts';
import type { TrackedOrder } from './live-book.ts';
import type { OrderDesk } from './order-desk.ts';

/** Ended orders of which not all was filled are looked at again for so long. */
const LOOK_AGAIN_MS = 15 * 60_000;
/** After the venue's lag has passed once, so often is enough. */
const RARELY_MS = 60_000;
/** Clocks of two machines, rounded. */
const MARGIN_MS = 60_000;
/** What a wall clock may have been wrong by when an order was written down before a restart. */
const WALL_MARGIN_MS = 2 * 3_600_000;

/** All fills of the symbol since just before the order was sent, by the venue's time. */
export function fillsSince(desk: OrderDesk, order: TrackedOrder): Promise<Fill[]> {
  const { venue, symbol } = desk.options;
  const venueMs = venue.serverTimeMs();
  const sinceMs = desk.wasSentHere(order.id)
    ? venueMs - (desk.elapsedMs - desk.sentMs(order.id)) - MARGIN_MS
    : Math.min(order.timeMs, venueMs) - WALL_MARGIN_MS;
  return venue.fetchFills(symbol, { sinceMs: Math.floor(sinceMs) });
}

/** Ended orders that can still have fills that nobody told of. */
export function unfinished(desk: OrderDesk): TrackedOrder[] {
  return [...desk.book.ended.values()].filter(
    ({ id, seen, quantity, end }) =>
      seen !== quantity && end !== 'rejected' && desk.elapsedMs - desk.endedMs(id) < LOOK_AGAIN_MS,
  );
}

/** Books what shows after an order's end: a venue may answer a cancel before it tells of the fills that came first. */
export class FillSweep {
  readonly #desk: OrderDesk;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(desk: OrderDesk) {
    this.#desk = desk;
  }

  /** @param now also where the last look was a short time ago */
  async run(now = false): Promise<void> {
    const desk = this.#desk;
    const orders = unfinished(desk);
    if (orders.length === 0) return;
    const { settleMs } = desk.options.venue.capabilities;
    const recent = orders.some(({ id }) => desk.elapsedMs - desk.endedMs(id) < settleMs);
    if (!now && !recent && desk.elapsedMs - this.#lastMs < RARELY_MS) return;
    const fills = await fillsSince(desk, orders[0]);
    this.#lastMs = desk.elapsedMs;
    for (const { id, venueOrderId, end } of orders) {
      if (venueOrderId === null) await this.#askAgain(id);
      else if (
        desk.bookFills(
          id,
          fills.filter((fill) => fill.venueOrderId === venueOrderId),
        ) > 0
      )
        desk.options.alarm('late-fill', { symbol: desk.options.symbol, id, end: String(end) });
    }
  }

  /** Proven absent and there all the same: then the proof's bounds are wrong, and a person should hear of it. */
  async #askAgain(id: string): Promise<void> {
    const desk = this.#desk;
    const { venue, symbol, alarm } = desk.options;
    const answer = await venue.fetchOrder(id, symbol);
    if (answer === null) return;
    alarm('order-arrived-late', { symbol, id });
    desk.noteState(desk.book.ended.get(id)!, 'open', answer, 'arrived late');
  }
}
