import { compareDecimals } from '../exchange/decimal.ts';
import type { VenueOrder } from '../exchange/venue.ts';
import type { AbsenceProof } from './absence.ts';
import type { TrackedOrder } from './live-book.ts';
import type { OrderDesk } from './order-desk.ts';
import { nextState } from './order-life.ts';

/** A market order that is still open after so long is cancelled. */
const STUCK_MS = 120_000;

/** Asks the venue what became of an order, by our own id. */
export async function inquire(desk: OrderDesk, absence: AbsenceProof, order: TrackedOrder): Promise<void> {
  const { venue, symbol, alarm } = desk.options;
  const answer = await venue.fetchOrder(order.id, symbol);
  desk.heardFrom();
  if (answer !== null) {
    absence.found(order.id);
    await takeAnswer(desk, order, answer);
    return endStuck(desk, order);
  }
  // Ended at the venue with fills to come: its own list will tell of it again.
  if (order.state === 'closing') return;
  const proven = await absence.missing(order);
  const known = desk.book.orders.get(order.id)!;
  const state = nextState(known.state, proven ? 'absent' : 'missing');
  if (state === 'done') {
    if (known.acknowledged) alarm('order-vanished', { symbol, id: order.id });
    const end = known.acknowledged ? 'vanished' : 'never-arrived';
    desk.noteEnd(known, end, 'neither orders nor fills nor balances show it', true);
  } else if (state !== known.state) desk.noteState(known, state as 'unknown', null, 'not found');
}

/** Takes in what the venue says of an order: state, fills, end. */
export async function takeAnswer(desk: OrderDesk, order: TrackedOrder, answer: VenueOrder): Promise<void> {
  const { book } = desk;
  const { venue, symbol } = desk.options;
  desk.heardFrom();
  const ended = answer.status !== 'open';
  const state = nextState(order.state, ended ? 'ended' : 'open');
  const end = answer.status === 'open' ? null : answer.status;
  if (state !== order.state || answer.filled !== order.filled || !order.acknowledged)
    desk.noteState(order, state as 'open' | 'closing', answer, answer.status, end);
  if (compareDecimals(answer.filled, book.orders.get(order.id)!.seen) > 0)
    desk.bookFills(order.id, await venue.fetchFills(symbol, { order: answer }));
  const known = book.orders.get(order.id)!;
  // Fills can be listed later than the order's own count of them: then it stays open to us.
  if (ended && compareDecimals(known.seen, known.filled) >= 0)
    desk.noteEnd(known, known.end ?? 'filled', answer.status);
}

/** A market order fills or ends at once; one that does neither is cancelled, and what it got is kept. */
async function endStuck(desk: OrderDesk, { id, role }: TrackedOrder): Promise<void> {
  const { venue, symbol, alarm } = desk.options;
  const stuck = desk.elapsedMs - desk.sentMs(id) >= STUCK_MS;
  if (role === 'stop' || desk.book.orders.get(id)?.state !== 'open' || !stuck) return;
  alarm('order-stuck', { symbol, id });
  await venue.cancelOrder(id, symbol);
}
