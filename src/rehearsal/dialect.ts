import type { Candle } from '../core/candle.ts';
import type { OrderRequest, VenueOrder } from '../exchange/venue.ts';
import type { Refusal } from './matching.ts';
import type { PricePath } from './price-path.ts';
import type { VenueWorld } from './venue-world.ts';

/** A request to the rehearsal server, taken apart. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** Query, form or JSON fields. */
  readonly fields: Readonly<Record<string, string>>;
  /** The query without '?', as it was signed. */
  readonly query: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface ServerKeys {
  readonly key: string;
  readonly secret: string;
}

/** What a socket message asks for. */
export interface Subscription {
  readonly symbol: string;
  readonly timeframeMs: number;
  /** The subscription's name on the wire. */
  readonly topic: string;
}

/** How one venue says it: paths, signatures, field names, refusals, stream. The venue itself is `VenueWorld`. */
export interface Dialect {
  readonly name: string;
  /** Whether a path belongs to this venue. */
  speaks(path: string): boolean;
  kind(call: Call): 'public' | 'signed' | 'place' | 'cancel';
  /** Null where key, signature and timestamp are good. `widenBy` stretches time windows for a fast clock. */
  refuseSignature(call: Call, keys: ServerKeys, nowMs: number, widenBy: number): Reply | null;
  readonly revokedKey: Reply;
  readonly rateLimited: Reply;
  readonly banned: Reply;
  /** The order in a 'place' call; a Reply where it makes no sense. */
  readOrder(call: Call, world: VenueWorld): OrderRequest | Reply;
  placed(order: VenueOrder | Refusal, world: VenueWorld): Reply;
  /** Every call but 'place'. */
  answer(call: Call, world: VenueWorld, paths: ReadonlyMap<string, PricePath>): Reply;
  /** Reads a client's socket message: what to answer at once, what to begin and what to end. */
  hear(
    message: Readonly<Record<string, unknown>>,
    world: VenueWorld,
  ): { reply?: unknown; begin: Subscription[]; end: string[] };
  klineMessage(subscription: Subscription, candle: Candle, closed: boolean, nowMs: number): unknown;
}

/** 'BTC/USDT' out of 'BTCUSDT' or 'btcusdt'. */
export function symbolOf(marketId: string, world: VenueWorld): string | undefined {
  const id = marketId.toUpperCase();
  return world.engine.markets.find((market) => market.base + market.quote === id)?.symbol;
}

export function marketIdOf(symbol: string): string {
  return symbol.replace('/', '');
}

/** Base and quote amounts of an order so far. */
export function filledOf(order: VenueOrder, world: VenueWorld): { quantity: number; cost: number } {
  let cost = 0;
  for (const fill of world.engine.fills) {
    if (fill.venueOrderId === order.venueOrderId) cost += Number(fill.price) * Number(fill.quantity);
  }
  return { quantity: Number(order.filled), cost };
}
