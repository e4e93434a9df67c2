import type { VenueOrder } from '../exchange/venue.ts';
import { movedLike } from './holdings.ts';
import type { TrackedOrder } from './live-book.ts';
import type { OrderDesk } from './order-desk.ts';
import { fillsSince } from './sweep.ts';

/** Between two looks that count. */
const BETWEEN_LOOKS_MS = 4_000;
/** How often absence has to be seen. */
const LOOKS = 2;

interface Watch {
  /** When absence was first seen, elapsed time. */
  readonly sinceMs: number;
  looks: number;
  lastMs: number;
  /** When fills of an order that we don't know were first seen. */
  strangersMs?: number;
}

/**
 * Proves that an order is not there. Time alone proves nothing: a venue may list what it took half a minute late, each
 * of its lists in its own time. So once nothing of the request can be on its way and the venue's lag has passed, the
 * open orders, the fills since and the balances are asked, twice; only where none of them shows a trace the order is
 * absent. All durations are of the monotonic clock; what was sent before a restart counts from the restart.
 */
export class AbsenceProof {
  readonly #desk: OrderDesk;
  readonly #watches = new Map<string, Watch>();

  constructor(desk: OrderDesk) {
    this.#desk = desk;
  }

  /** The venue says that it has the order: nothing is left to prove. */
  found(id: string): void {
    this.#watches.delete(id);
  }

  /** The venue has just said that it knows no such order. True once that is proven. */
  async missing(order: TrackedOrder): Promise<boolean> {
    const desk = this.#desk;
    const { requestLifeMs, settleMs } = desk.options.venue.capabilities;
    const nowMs = desk.elapsedMs;
    const watch: Watch = this.#watches.get(order.id) ?? { sinceMs: nowMs, looks: 0, lastMs: -Infinity };
    this.#watches.set(order.id, watch);
    // What the venue once had can't be on its way any more: its lag alone counts, from when it was first missed.
    const dueMs = order.acknowledged ? watch.sinceMs + settleMs : desk.sentMs(order.id) + requestLifeMs + settleMs;
    if (nowMs < dueMs || nowMs - watch.lastMs < BETWEEN_LOOKS_MS) return false;
    watch.looks = (await this.#leavesTrace(order, watch)) ? 0 : watch.looks + 1;
    watch.lastMs = nowMs;
    if (watch.looks < LOOKS) return false;
    this.#watches.delete(order.id);
    return true;
  }

  async #leavesTrace(order: TrackedOrder, watch: Watch): Promise<boolean> {
    const desk = this.#desk;
    const { venue, symbol } = desk.options;
    const open: readonly VenueOrder[] = await venue.fetchOpenOrders(symbol);
    if (open.some(({ clientOrderId }) => clientOrderId === order.id)) return true;
    const side = sideOf(order);
    const known = new Set([...desk.book.orders.values(), ...desk.book.ended.values()].map((one) => one.venueOrderId));
    const strangers = (await fillsSince(desk, order)).filter(
      (fill) => fill.side === side && !known.has(fill.venueOrderId),
    );
    const looks = await desk.holdings.look();
    const [base, quote] = [looks.get(desk.book.base)!, looks.get(desk.book.quote)!];
    if (strangers.length > 0) {
      // The order's own, of which only the fills are listed yet; or made by hand, if the order stays away beyond the lag.
      watch.strangersMs ??= desk.elapsedMs;
      return desk.elapsedMs - watch.strangersMs < venue.capabilities.settleMs;
    }
    if (!movedLike(side, base, quote)) return false;
    desk.options.alarm('order-untraceable', { symbol, id: order.id, difference: base.difference ?? 'unknown' });
    return true;
  }
}

const sideOf = ({ role }: Pick<TrackedOrder, 'role'>): 'buy' | 'sell' => (role === 'entry' ? 'buy' : 'sell');
