import type { PlacesOrder } from '../outgoing.ts';
import type { KeyRights } from '../venue.ts';

/** A candle message of a stream, before validation. */
export interface RawUpdate {
  /** The venue's own names of symbol and timeframe. */
  readonly marketId: string;
  readonly timeframeId: string;
  readonly closed: boolean;
  /** [time, open, high, low, close, volume, number of trades where the venue tells it] */
  readonly row: readonly unknown[];
}

export interface RowRequest {
  readonly marketId: string;
  readonly timeframeId: string;
  /** First open time and last millisecond. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly limit: number;
}

export interface FillsRequest {
  readonly symbol: string;
  readonly marketId: string;
  /** Fills of this order alone; null for all. */
  readonly orderId: string | null;
  /** From this time on; for an order from a little before it was placed. */
  readonly sinceMs: number;
  readonly nowMs: number;
  /** As the page before said; null for the first. */
  readonly cursor: string | null;
}

export interface FillsPage {
  /** ccxt's trades, in any order. */
  readonly fills: unknown;
  /** null where this was the last page. */
  readonly next: string | null;
}

/** The part of a ccxt exchange that a row of this table touches. */
export interface VenueHandle {
  urls: { api: Record<string, unknown> };
  options: Record<string, unknown>;
  nonce(): number;
  fetchOrder(id: string | undefined, symbol: string, params: object): Promise<unknown>;
  cancelOrder(id: string | undefined, symbol: string, params?: object): Promise<unknown>;
  fetchOrders(symbol: string, since?: number, limit?: number, params?: object): Promise<unknown>;
  fetchClosedOrders(symbol: string, since?: number, limit?: number, params?: object): Promise<unknown>;
  fetchMyTrades(symbol: string, since?: number, limit?: number, params?: object): Promise<unknown>;
  fetchOpenOrders(symbol: string, since?: number, limit?: number, params?: object): Promise<unknown>;
  fetchCanceledAndClosedOrders(symbol: string, since?: number, limit?: number, params?: object): Promise<unknown>;
  [method: string]: unknown;
}

/** What the connector must know of a venue beyond what ccxt makes alike. */
export interface VenueRow {
  readonly name: string;
  /** The conformance suite passes against a server that speaks the venue's documented dialect, in this project's tests. */
  readonly tested: boolean;
  readonly onExchangeStop: boolean;
  readonly candlesPerPage: number;
  /** The venue refuses orders that arrive later than this after they were signed. */
  readonly orderWindowMs: number;
  /** As in `VenueCapabilities`. */
  readonly settleMs: number;
  readonly placesOrder: PlacesOrder;
  /** The number that signs a request must be above the last one's, not just the time. */
  readonly risingNonce?: true;
  /** One page of fills, and where the next one begins. */
  readonly fetchFillsPage: (exchange: VenueHandle, request: FillsRequest) => Promise<FillsPage>;
  /** ccxt options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Parameters of the venue's order books, one for each that is asked for apart (such as conditional orders). */
  readonly books: readonly Readonly<Record<string, unknown>>[];
  /** Our client id as it stands in requests and answers of the venue. */
  readonly wireId: (clientOrderId: string) => string;
  /** Parameters that carry our client id, by its form on the wire, and whatever else an order of ours must say. */
  readonly orderParameters: (wireId: string, nowMs: number) => Readonly<Record<string, unknown>>;
  /**
   * How a market order buys a quantity: the venue takes one, or would take a quote amount only, so that a limit order
   * which is filled at once or cancelled, a little above the ask, must do.
   */
  readonly marketBuy: 'quantity' | 'capped-limit';
  /** The order with this client id; null or OrderNotFound where there is none. */
  readonly findOrder: (exchange: VenueHandle, wireId: string, symbol: string) => Promise<unknown>;
  /** The order with the venue's own id, where ccxt's fetchOrder doesn't find it. */
  readonly findPlaced?: (exchange: VenueHandle, venueOrderId: string, symbol: string) => Promise<unknown>;
  /** Cancels it; null or OrderNotFound where there is no such open order. */
  readonly cancelOrder: (exchange: VenueHandle, wireId: string, symbol: string) => Promise<unknown>;
  /** Parameters that make a market order a stop-loss. */
  readonly stopParameters: (trigger: string) => Readonly<Record<string, unknown>>;
  /** Asks for candle rows as `RawUpdate.row` has them; null where ccxt's fetchOHLCV, without trade counts, must do. */
  readonly fetchRows: ((exchange: VenueHandle, request: RowRequest) => Promise<unknown>) | null;
  /** Reads a stream message that marks finals; null where ccxt's reading (without the mark) must do. */
  readonly readUpdates: ((message: unknown) => readonly RawUpdate[]) | null;
  /**
   * Whether an answer has the parts that it must have. ccxt reads a missing list as an empty one, and an outage read as
   * 'no order, no balance' is how positions double.
   */
  readonly isWhole: (method: string, path: string, answer: unknown) => boolean;
  /** Asks what the key may do; null where nobody knows how. */
  readonly keyRights: ((exchange: VenueHandle) => Promise<KeyRights>) | null;
  /** Points every address at a local server; null where the rehearsal server doesn't speak the venue's protocol. */
  readonly pointAt: ((exchange: VenueHandle, http: string, socket: string) => void) | null;
}

export type Message = Readonly<Record<string, unknown>>;
export const isMessage = (value: unknown): value is Message => typeof value === 'object' && value !== null;
export const has = (value: unknown, name: string): boolean =>
  isMessage(value) && value[name] !== undefined && value[name] !== null;
export const hasList = (value: unknown, name: string): boolean => isMessage(value) && Array.isArray(value[name]);
export const flag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

/** The rows of an answer that should be a list; whatever else it is, the reader refuses it. */
export const rowsOf = (answer: unknown): readonly Message[] => (Array.isArray(answer) ? answer.filter(isMessage) : []);

/** What the venue itself said in a row that ccxt made. */
export const rawOf = (row: Message | undefined): Message => (isMessage(row?.info) ? row.info : {});

/** The order of ours in a list of ccxt's; null where it isn't there. */
export function pick(orders: unknown, wireId: string): unknown {
  if (!Array.isArray(orders)) return orders;
  return orders.find((order) => isMessage(order) && order.clientOrderId === wireId) ?? null;
}

/** Fills page after page towards older ones, each page beginning before the last fill of the one before. */
export function fillsBackwards(
  pageSize: number,
  ask: (exchange: VenueHandle, request: FillsRequest) => Promise<unknown>,
  idOf: (raw: Message) => unknown,
): VenueRow['fetchFillsPage'] {
  return async (exchange, request) => {
    const fills = await ask(exchange, request);
    const rows = rowsOf(fills);
    // ccxt sorts by time, the venue by its own ids: the oldest is the first or has the smallest id.
    const ids = rows.map((row) => String(idOf(rawOf(row)) ?? ''));
    const oldest = ids.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];
    return { fills, next: rows.length < pageSize || !oldest ? null : oldest };
  };
}

/** Points every address of a venue at a local server, paths as they are. */
export function pointElsewhere(exchange: VenueHandle, http: string, socket: string): void {
  const move = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(/^https?:\/\/[^/]+/, http).replace(/^wss?:\/\/[^/]+/, socket);
    if (!isMessage(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, move(inner)]));
  };
  exchange.urls.api = move(exchange.urls.api) as Record<string, unknown>;
}
