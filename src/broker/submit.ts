import { ExchangeError, InputError } from '../core/errors.ts';
import { decimalOf } from '../exchange/decimal.ts';
import { canonicalOrder, checkOrder, type OrderProblem } from '../exchange/order-rules.ts';
import { mayHaveBeenPlaced, type OrderRequest } from '../exchange/venue.ts';
import type { OrderIntent } from './broker.ts';
import type { OrderRole } from './entries.ts';
import { takeAnswer } from './inquire.ts';
import type { TrackedOrder } from './live-book.ts';
import type { OrderDesk } from './order-desk.ts';

/** The venue judges a market order by its own average price: an entry leaves it some room. */
const ENTRY_JUDGED_AT = 0.99;

export interface Submission {
  readonly role: OrderRole;
  readonly quantity: string;
  /** A stop's trigger; undefined for a market order. */
  readonly price?: string;
  readonly intent: Pick<OrderIntent, 'close' | 'decisionMs'> & { readonly reason: 'order' | 'flatten' | 'stop' };
  /** 1 for the first attempt at what the decision ordered. */
  readonly attempt: number;
}

/** 'sent' and answered, 'refused' by the venue, or why the filters let nothing leave. */
export type SubmitResult = 'sent' | 'refused' | OrderProblem;

/** The request of a submission under the next id, as it would leave before it is put on the venue's grid. */
export function draftOrder(
  desk: OrderDesk,
  { role, quantity, price }: Omit<Submission, 'intent' | 'attempt'>,
): OrderRequest {
  const what = { clientOrderId: desk.nextId(), symbol: desk.options.symbol, quantity };
  const side = role === 'entry' ? 'buy' : 'sell';
  return price === undefined ? { ...what, side, type: 'market' } : { ...what, side, type: 'stop-loss', price };
}

/**
 * Sends an order: checked, written down and made durable before it leaves; it leaves once. Rejects with the venue's
 * error where it may have been placed although no answer said so; the order is tracked, and the next round asks.
 */
export async function submitOrder(desk: OrderDesk, submission: Submission): Promise<SubmitResult> {
  const { venue, symbol, journal } = desk.options;
  const { role, intent, attempt } = submission;
  const market = await desk.market();
  const request = canonicalOrder(draftOrder(desk, submission), market);
  const problem = checkOrder(request, market, decimalOf(intent.close * (role === 'entry' ? ENTRY_JUDGED_AT : 1)));
  if (problem !== null) return problem;
  const { clientOrderId: id, quantity, price = null } = request;
  const { close: reference, decisionMs, reason } = intent;
  const what = { symbol, id, role, quantity, price, reference, decisionMs, attempt, reason };
  desk.note({ type: 'intent', ...what, timeMs: desk.nowMs });
  journal.sync();
  const order = desk.book.orders.get(id)!;
  try {
    await takeAnswer(desk, order, await venue.createOrder(request));
    return 'sent';
  } catch (error) {
    // The answer came and something after it failed: the order is tracked, the next round asks.
    if (desk.book.orders.get(id)?.state !== 'intended') throw error;
    await refusedOrLost(desk, order, error);
    return 'refused';
  }
}

async function refusedOrLost(desk: OrderDesk, order: TrackedOrder, error: unknown): Promise<void> {
  if (!(error instanceof ExchangeError) && !(error instanceof InputError)) throw error;
  const code = error instanceof ExchangeError ? error.code : 'input';
  if (mayHaveBeenPlaced(code)) {
    desk.noteState(order, 'unknown', null, code);
    throw error;
  }
  // A refused timestamp is the one refusal that says nothing about the order itself.
  desk.noteEnd(order, code === 'clock' ? 'never-arrived' : 'rejected', code);
  const { symbol, alarm } = desk.options;
  if (code === 'filter') await desk.market(true);
  else if (code !== 'clock') alarm('order-refused', { symbol, id: order.id, code });
}
