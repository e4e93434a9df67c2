import {
  ceilToStep,
  compareDecimals,
  divideDecimals,
  floorToStep,
  isDecimal,
  isMultipleOf,
  multiplyDecimals,
  subtractDecimals,
} from './decimal.ts';
import type { Market, OrderRequest } from './venue.ts';

/** Why a venue would refuse an order; a value, not an error. */
export interface OrderProblem {
  readonly code:
    | 'not-trading'
    | 'client-id'
    | 'not-a-number'
    | 'price'
    | 'price-grid'
    | 'quantity-grid'
    | 'quantity-too-small'
    | 'quantity-too-large'
    | 'notional-too-small'
    /** More than the bot owns and has not promised to another order. */
    | 'not-owned';
  readonly numbers: Readonly<Record<string, string>>;
}

/**
 * Puts quantity and price on the venue's grid: quantities down; a buyer's price down and a seller's up, so that a limit
 * is never worse than asked and a long position's stop triggers no later.
 */
export function canonicalOrder(draft: OrderRequest, market: Market): OrderRequest {
  const quantity = floorToStep(draft.quantity, market.quantityStep);
  if (draft.price === undefined) return { ...draft, quantity };
  const toTick = draft.side === 'buy' ? floorToStep : ceilToStep;
  return { ...draft, quantity, price: toTick(draft.price, market.priceTick) };
}

/**
 * Checks the very object that will be sent against the venue's filters; null where it may leave. `referencePrice` is
 * what a market order's notional is judged by (the venue takes its own average, so leave a margin); null leaves that
 * check out.
 */
export function checkOrder(request: OrderRequest, market: Market, referencePrice: string | null): OrderProblem | null {
  const { quantity, price, type } = request;
  if (!market.active) return { code: 'not-trading', numbers: {} };
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(request.clientOrderId)) return { code: 'client-id', numbers: {} };
  if (!isDecimal(quantity) || !isDecimal(referencePrice ?? '0') || (price !== undefined && !isDecimal(price))) {
    return { code: 'not-a-number', numbers: { quantity: String(quantity), price: String(price) } };
  }
  // A market buy with a price would become an order for a quote amount.
  if ((type === 'market') !== (price === undefined)) return { code: 'price', numbers: { price: String(price) } };
  if (price !== undefined && (compareDecimals(price, '0') <= 0 || !isMultipleOf(price, market.priceTick))) {
    return { code: 'price-grid', numbers: { price, priceTick: market.priceTick } };
  }
  if (compareDecimals(quantity, '0') <= 0 || compareDecimals(quantity, market.minQuantity) < 0) {
    return { code: 'quantity-too-small', numbers: { quantity, minQuantity: market.minQuantity } };
  }
  if (!isMultipleOf(quantity, market.quantityStep)) {
    return { code: 'quantity-grid', numbers: { quantity, quantityStep: market.quantityStep } };
  }
  const largest = largestQuantity(type, market);
  if (largest !== null && compareDecimals(quantity, largest) > 0) {
    return { code: 'quantity-too-large', numbers: { quantity, maxQuantity: largest } };
  }
  const judgedBy = price ?? referencePrice;
  if (judgedBy === null) return null;
  const notional = multiplyDecimals(quantity, judgedBy);
  if (compareDecimals(notional, market.minNotional) < 0) {
    return { code: 'notional-too-small', numbers: { notional, minNotional: market.minNotional } };
  }
  return null;
}

/** The largest quantity that one order may have; null where nothing bounds it. */
export function largestQuantity(type: OrderRequest['type'], market: Market): string | null {
  const { maxQuantity, maxMarketQuantity } = market;
  if (type === 'limit' || maxMarketQuantity === null) return maxQuantity;
  return maxQuantity !== null && compareDecimals(maxQuantity, maxMarketQuantity) < 0 ? maxQuantity : maxMarketQuantity;
}

/** A quantity as the fewest parts that are at most `largest` each, as even as the step allows. */
export function splitQuantity(quantity: string, largest: string | null, step: string): string[] {
  if (largest === null || compareDecimals(quantity, largest) <= 0) return [quantity];
  const most = floorToStep(largest, step);
  // Cut to 0 decimals the quotient is one part too few, unless it comes out even.
  const whole = Number(divideDecimals(quantity, most, 0));
  const count = compareDecimals(multiplyDecimals(most, String(whole)), quantity) === 0 ? whole : whole + 1;
  const each = ceilToStep(divideDecimals(quantity, String(count), 18), step);
  const parts = Array.from({ length: count - 1 }, () => each);
  return [...parts, subtractDecimals(quantity, multiplyDecimals(each, String(count - 1)))];
}
