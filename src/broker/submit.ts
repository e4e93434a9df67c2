import { ExchangeError } from '../core/errors.ts';
import { compareDecimals, decimalOf } from '../exchange/decimal.ts';
import { canonicalOrder, checkOrder, largestQuantity, type OrderProblem } from '../exchange/order-rules.ts';
import { mayHaveBeenPlaced, type OrderRequest } from '../exchange/venue.ts';
import type { IntentEntry, OrderRole } from './entries.ts';
import { takeAnswer } from './inquire.ts';
import type { TrackedOrder } from './live-book.ts';
import { least, type OrderDesk } from './order-desk.ts';

/** The venue judges a market order by its own average price: an entry leaves it some room. */
const ENTRY_JUDGED_AT = 0.99;

export interface Submission {
  readonly role: OrderRole;
  /** Cut to the venue's grid, and to the largest that one order may be. */
  readonly quantity: string;
  /** A stop's trigger; undefined for a market order. */
  readonly price?: string;
  /** The decision's close, against which slippage is told. */
  readonly reference: number;
  readonly decisionMs: number;
  readonly reason: IntentEntry['reason'];
  /** 1 for the first attempt at what the decision ordered. */
  readonly attempt: number;
}

export type SubmitResult =
  | { readonly kind: 'answered' }
  /** By the venue, which never had it. */
  | { readonly kind: 'refused'; readonly code: string }
  /** By the filters; nothing left. */
  | { readonly kind: 'denied'; readonly problem: OrderProblem };

/**
 * Sends an order: checked, written down and made durable before it leaves; it leaves once. Rejects with the venue's
 * error where it may have been placed although no answer said so; the order is tracked, and the next round asks.
 */
export async function submitOrder(desk: OrderDesk, submission: Submission): Promise<SubmitResult> {
  const { venue, symbol, journal } = desk.options;
  const { role, reference, decisionMs, reason, attempt } = submission;
  const market = await desk.market();
  const largest = largestQuantity(role === 'stop' ? 'stop-loss' : 'market', market);
  const whole = submission.quantity;
  const request = canonicalOrder(
    draftOrder(desk, { ...submission, quantity: largest === null ? whole : least(whole, largest) }),
    market,
  );
  const problem = checkOrder(request, market, decimalOf(reference * (role === 'entry' ? ENTRY_JUDGED_AT : 1)));
  if (problem !== null) return { kind: 'denied', problem };
  const free = desk.unpromised;
  if (request.side === 'sell' && compareDecimals(request.quantity, free) > 0)
    return { kind: 'denied', problem: { code: 'not-owned', numbers: { quantity: request.quantity, free } } };
  const { clientOrderId: id, quantity, price = null } = request;
  const what = { symbol, id, role, quantity, price, reference, decisionMs, attempt, reason };
  desk.note({ type: 'intent', ...what, timeMs: desk.nowMs });
  const isDurable = journal.sync();
  const order = desk.book.orders.get(id)!;
  if (!isDurable) {
    // It surely never left.
    desk.noteEnd(order, 'never-arrived', 'the journal could not be written', true);
    return { kind: 'refused', code: 'journal' };
  }
  try {
    await takeAnswer(desk, order, await venue.createOrder(request));
    return { kind: 'answered' };
  } catch (error) {
    // The answer came and something after it failed: the order is tracked, the next round asks.
    if (desk.book.orders.get(id)?.state !== 'intended') throw error;
    return { kind: 'refused', code: await refusedOrLost(desk, order, error) };
  }
}

function draftOrder(desk: OrderDesk, { role, quantity, price }: Submission): OrderRequest {
  const what = { clientOrderId: desk.nextId(), symbol: desk.options.symbol, quantity };
  const side = role === 'entry' ? 'buy' : 'sell';
  return price === undefined ? { ...what, side, type: 'market' } : { ...what, side, type: 'stop-loss', price };
}

async function refusedOrLost(desk: OrderDesk, order: TrackedOrder, error: unknown): Promise<string> {
  if (!(error instanceof ExchangeError)) throw error;
  const { code } = error;
  if (mayHaveBeenPlaced(code)) {
    desk.noteState(order, 'unknown', null, code);
    throw error;
  }
  // A refused timestamp is the one refusal that says nothing about the order itself.
  desk.noteEnd(order, code === 'clock' ? 'never-arrived' : 'rejected', code, true);
  const { symbol, alarm } = desk.options;
  if (code === 'filter') await desk.market(true);
  else if (code !== 'clock') alarm('order-refused', { symbol, id: order.id, code, message: error.message });
  return code;
}
