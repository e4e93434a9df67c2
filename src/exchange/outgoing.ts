import type { Clock } from '../core/clock.ts';
import { ExchangeError } from '../core/errors.ts';
import { compareDecimals, isDecimal } from './decimal.ts';
import type { OrderRequest } from './venue.ts';

/**
 * What is wrong with a request that carries an order; null where it carries our id, quantity, side and price to the
 * letter, and a market order no price and no quote amount.
 */
export function outgoingProblem(request: OrderRequest, url: string, body: unknown): string | null {
  const fields = outgoingFields(url, body);
  const has = (wanted: string) => fields.some(([, value]) => same(value, wanted));
  const quantity = fields.some(
    ([name, value]) =>
      /^(quantity|qty|amount|size|sz|volume|vol|base_size)$/i.test(name) && same(value, request.quantity),
  );
  if (!quantity) return `the outgoing order doesn't carry the quantity ${request.quantity}`;
  if (!fields.some(([, value]) => value.toLowerCase() === request.side))
    return `the outgoing order doesn't say ${request.side}`;
  if (request.price !== undefined && !has(request.price))
    return `the outgoing order doesn't carry the price ${request.price}`;
  if (request.type !== 'market') return null;
  for (const [name, value] of fields)
    if (/price|quoteOrderQty|cost|funds/i.test(name) && isDecimal(value) && compareDecimals(value, '0') !== 0)
      return `an outgoing market order carries ${name}`;
  return null;
}

/** Whether a request places an order at the venue, whatever it carries. */
export type PlacesOrder = (method: string, path: string) => boolean;

interface LeavingOrder {
  readonly request: OrderRequest;
  readonly untilMs: number;
  sent: boolean;
}

/**
 * Orders between `createOrder` and the wire. Each is looked at as it leaves; it leaves once, within its time, and as it
 * was asked for; what nobody asked for doesn't leave at all.
 */
export class OutgoingOrders {
  readonly #clock: Clock;
  readonly #lifeMs: number;
  readonly #placesOrder: PlacesOrder;
  readonly #leaving = new Map<string, LeavingOrder>();

  /** @param lifeMs how long after `createOrder` a request may still leave */
  constructor(clock: Clock, lifeMs: number, placesOrder: PlacesOrder) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
    this.#placesOrder = placesOrder;
  }

  /** Has `send` send the order, and makes sure that it was looked at. */
  async expect<T>(request: OrderRequest, send: () => Promise<T>): Promise<T> {
    const order = { request, untilMs: this.#clock.elapsedMs() + this.#lifeMs, sent: false };
    this.#leaving.set(request.clientOrderId, order);
    try {
      const answer = await send();
      if (!order.sent) throw unexpected(`order ${request.clientOrderId} was answered, but nobody saw it leave`, true);
      return answer;
    } finally {
      this.#leaving.delete(request.clientOrderId);
    }
  }

  /** Every request on its way. @throws ExchangeError where it is an order that may not leave like this */
  look(method: string, url: string, body: unknown): void {
    const orders = [...this.#leaving.values()];
    const order = orders.find(({ request }) => carriesOrder(request, method, url, body));
    if (order === undefined) {
      if (!this.#placesOrder(method, new URL(url).pathname)) return;
      throw unexpected('an order that nobody asked for, or without our id, was about to leave', false);
    }
    const { request, untilMs, sent } = order;
    if (sent) throw unexpected(`order ${request.clientOrderId} would leave twice`, true);
    if (this.#clock.elapsedMs() > untilMs)
      throw unexpected(`order ${request.clientOrderId} waited too long for its turn`, false);
    const wrong = outgoingProblem(request, url, body);
    if (wrong !== null) throw unexpected(wrong, false);
    order.sent = true;
  }
}

/** @param mayLive whether the order may be at the venue all the same */
function unexpected(message: string, mayLive: boolean): ExchangeError {
  return new ExchangeError(message, { code: mayLive ? 'unknown' : 'not-sent', retryable: false });
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
