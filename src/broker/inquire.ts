import { compareDecimals } from '../exchange/decimal.ts';
import type { VenueOrder } from '../exchange/venue.ts';
import type { TrackedOrder } from './live-book.ts';
import type { OrderDesk } from './order-desk.ts';
import { nextState } from './order-life.ts';

/** A market order that is still open after so long is cancelled. */
const STUCK_MS = 120_000;

/** Asks the venue what became of an order, by our own id. */
export async function inquire(desk: OrderDesk, order: TrackedOrder): Promise<void> {
  const { venue, symbol, requestLifeMs, alarm } = desk.options;
  const answer = await venue.fetchOrder(order.id, symbol);
  if (answer !== null) {
    await takeAnswer(desk, order, answer);
    return endStuck(desk, order);
  }
  desk.heardFrom();
  const late = desk.nowMs - order.timeMs > requestLifeMs;
  const state = nextState(order.state, late ? 'missing-late' : 'missing-early', order.acknowledged);
  if (state === 'done') desk.noteEnd(order, 'never-arrived', 'the venue knows no such order');
  else if (state !== order.state) {
    if (order.acknowledged) alarm('order-vanished', { symbol, id: order.id });
    desk.noteState(order, state as 'unknown', null, 'not found');
  }
}

/** Takes in what the venue says of an order: state, fills, end. */
export async function takeAnswer(desk: OrderDesk, order: TrackedOrder, answer: VenueOrder): Promise<void> {
  const { book } = desk;
  desk.heardFrom();
  const ended = answer.status !== 'open';
  const state = nextState(order.state, ended ? 'ended' : 'open', true);
  const end = answer.status === 'open' ? null : answer.status;
  if (state !== order.state || answer.filled !== order.filled || !order.acknowledged)
    desk.noteState(order, state as 'open' | 'closing', answer, answer.status, end);
  if (compareDecimals(answer.filled, book.orders.get(order.id)!.seen) > 0) await bookFills(desk, order.id, answer);
  const known = book.orders.get(order.id)!;
  // Fills can be listed later than the order's own count of them: then it stays open to us.
  if (ended && compareDecimals(known.seen, known.filled) >= 0)
    desk.noteEnd(known, known.end ?? 'filled', answer.status);
}

async function bookFills(desk: OrderDesk, id: string, answer: VenueOrder): Promise<void> {
  const { venue, symbol } = desk.options;
  for (const fill of await venue.fetchFills(symbol, { order: answer })) {
    if (desk.book.orders.get(id)!.fillIds.includes(fill.fillId)) continue;
    desk.activity++;
    const { fillId, side, price, quantity, feeAmount, feeCurrency, timeMs: fillMs } = fill;
    const what = { fillId, side, price, quantity, feeAmount, feeCurrency, fillMs };
    desk.note({ type: 'fill', symbol, id, ...what, timeMs: desk.nowMs });
  }
}

/** A market order fills or ends at once; one that does neither is cancelled, and what it got is kept. */
async function endStuck(desk: OrderDesk, { id, role, timeMs }: TrackedOrder): Promise<void> {
  const { venue, symbol, alarm } = desk.options;
  if (role === 'stop' || desk.book.orders.get(id)?.state !== 'open' || desk.nowMs - timeMs < STUCK_MS) return;
  alarm('order-stuck', { symbol, id });
  await venue.cancelOrder(id, symbol);
}
