import { assert } from '../core/errors.ts';
import { compareDecimals, isDecimal } from './decimal.ts';
import type { OrderRequest } from './venue.ts';

/**
 * The last look at an order before it leaves: the request that goes over the wire must carry our id, quantity, side
 * and price to the letter, and a market order no price and no quote amount. Throws (a bug) otherwise; nothing is sent.
 */
export function assertOutgoing(request: OrderRequest, url: string, body: unknown): void {
  const fields = outgoingFields(url, body);
  const has = (wanted: string) => fields.some(([, value]) => isDecimal(value) && compareDecimals(value, wanted) === 0);
  const quantity = fields.some(
    ([name, value]) =>
      /^(quantity|qty|amount|size|sz|volume|vol|base_size)$/i.test(name) && same(value, request.quantity),
  );
  assert(quantity, `the outgoing order doesn't carry the quantity ${request.quantity}`);
  assert(
    fields.some(([, value]) => value.toLowerCase() === request.side),
    `the outgoing order doesn't say ${request.side}`,
  );
  if (request.price !== undefined)
    assert(has(request.price), `the outgoing order doesn't carry the price ${request.price}`);
  if (request.type !== 'market') return;
  for (const [name, value] of fields) {
    const forbidden =
      /price|quoteOrderQty|cost|funds/i.test(name) && isDecimal(value) && compareDecimals(value, '0') !== 0;
    assert(!forbidden, `an outgoing market order carries ${name}`);
  }
}

/** Orders between `createOrder` and the wire: each is looked at as it leaves, and leaves once. */
export class OutgoingOrders {
  readonly #leaving = new Map<string, { readonly request: OrderRequest; sent: boolean }>();

  /** Has `send` send the order, and no other time may it leave. */
  async expect<T>(request: OrderRequest, send: () => Promise<T>): Promise<T> {
    this.#leaving.set(request.clientOrderId, { request, sent: false });
    try {
      return await send();
    } finally {
      this.#leaving.delete(request.clientOrderId);
    }
  }

  /** Every request on its way; throws (a bug) where it is an order that may not leave like this. */
  look(method: string, url: string, body: unknown): void {
    for (const order of this.#leaving.values()) {
      if (!carriesOrder(order.request, method, url, body)) continue;
      assert(!order.sent, `order ${order.request.clientOrderId} would leave twice`);
      assertOutgoing(order.request, url, body);
      order.sent = true;
    }
  }
}

/** Whether a request is the one that carries this order. */
export function carriesOrder(request: OrderRequest, method: string, url: string, body: unknown): boolean {
  return method === 'POST' && outgoingFields(url, body).some(([, value]) => value === request.clientOrderId);
}

function same(value: string, wanted: string): boolean {
  return isDecimal(value) && compareDecimals(value, wanted) === 0;
}

/** Names and values of a request, from its query and its JSON or form body. */
function outgoingFields(url: string, body: unknown): [string, string][] {
  const query = url.indexOf('?');
  const fields: [string, string][] = query < 0 ? [] : [...new URLSearchParams(url.slice(query + 1))];
  if (typeof body !== 'string') return fields;
  try {
    collect('', JSON.parse(body), fields);
  } catch {
    fields.push(...new URLSearchParams(body));
  }
  return fields;
}

function collect(name: string, value: unknown, fields: [string, string][]): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) collect(key, inner, fields);
  } else fields.push([name, String(value)]);
}
