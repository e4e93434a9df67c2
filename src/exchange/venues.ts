import type { PlacesOrder } from './outgoing.ts';
import type { KeyRights } from './venue.ts';

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

/** The part of a ccxt exchange that a row of this table touches. */
export interface VenueHandle {
  urls: { api: Record<string, unknown> };
  options: Record<string, unknown>;
  fetchOrder(id: string | undefined, symbol: string, params: object): Promise<unknown>;
  fetchOpenOrders(symbol: string, since?: number, limit?: number, params?: object): Promise<unknown>;
  fetchCanceledAndClosedOrders(symbol: string, since?: number, limit?: number, params?: object): Promise<unknown>;
  [method: string]: unknown;
}

/** What the connector must know of a venue beyond what ccxt makes alike. */
export interface VenueRow {
  readonly name: string;
  /** This project's tests run against a server that speaks the venue's protocol. */
  readonly tested: boolean;
  readonly onExchangeStop: boolean;
  readonly candlesPerPage: number;
  /** The venue refuses orders that arrive later than this after they were signed. */
  readonly orderWindowMs: number;
  /** As in `VenueCapabilities`. */
  readonly settleMs: number;
  readonly placesOrder: PlacesOrder;
  /** Longest stretch of time that one question for fills may cover; null where there is no limit. */
  readonly fillsWindowMs: number | null;
  readonly fillsPerPage: number;
  /** ccxt options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Parameters of the venue's order books, one for each that is asked for apart (such as conditional orders). */
  readonly books: readonly Readonly<Record<string, unknown>>[];
  /** The parameter that carries our client id. */
  readonly clientIdParameter: string;
  /** The order with this client id; null or OrderNotFound where there is none. */
  readonly findOrder: (exchange: VenueHandle, clientOrderId: string, symbol: string) => Promise<unknown>;
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

type Message = Readonly<Record<string, unknown>>;
const isMessage = (value: unknown): value is Message => typeof value === 'object' && value !== null;

const has = (value: unknown, name: string) => isMessage(value) && value[name] !== undefined && value[name] !== null;
const hasList = (value: unknown, name: string) => isMessage(value) && Array.isArray(value[name]);

const binance: VenueRow = {
  name: 'binance',
  tested: true,
  onExchangeStop: true,
  candlesPerPage: 1000,
  orderWindowMs: 5_000,
  settleMs: 45_000,
  placesOrder: (method, path) => method === 'POST' && /\/order(List.*|\/oco|\/cancelReplace)?$/.test(path),
  fillsWindowMs: null,
  fillsPerPage: 1000,
  options: {
    defaultType: 'spot',
    fetchMarkets: { types: ['spot'] },
    fetchCurrencies: false,
    fetchMargins: false,
    recvWindow: 5_000,
    warnOnFetchOpenOrdersWithoutSymbol: false,
  },
  books: [{}],
  clientIdParameter: 'clientOrderId',
  findOrder: (exchange, clientOrderId, symbol) => exchange.fetchOrder(undefined, symbol, { clientOrderId }),
  stopParameters: (stopLossPrice) => ({ stopLossPrice }),
  fetchRows: async (exchange, { marketId, timeframeId, fromMs, untilMs, limit }) => {
    const ask = exchange.publicGetKlines as (request: object) => Promise<unknown>;
    const rows = await ask({ symbol: marketId, interval: timeframeId, startTime: fromMs, endTime: untilMs, limit });
    // The ninth column is the number of trades, which ccxt leaves out.
    return Array.isArray(rows) ? rows.map((row) => (Array.isArray(row) ? [...row.slice(0, 6), row[8]] : row)) : rows;
  },
  readUpdates: (message) => {
    const kline = isMessage(message) ? message.k : undefined;
    if (!isMessage(kline)) return [];
    const row = [kline.t, kline.o, kline.h, kline.l, kline.c, kline.v, kline.n];
    return [{ marketId: String(kline.s), timeframeId: String(kline.i), closed: kline.x === true, row }];
  },
  isWhole: (_method, path, answer) => {
    if (/\/(klines|openOrders|myTrades)$/.test(path))
      return Array.isArray(answer) && answer.every((row) => typeof row === 'object' && row !== null);
    if (path.endsWith('/account'))
      return (
        hasList(answer, 'balances') && (answer as { balances: unknown[] }).balances.every((row) => has(row, 'asset'))
      );
    if (path.endsWith('/exchangeInfo')) return hasList(answer, 'symbols');
    return path.endsWith('/order') ? has(answer, 'orderId') : true;
  },
  keyRights: async (exchange) => {
    const rights = await (exchange.sapiGetAccountApiRestrictions as () => Promise<Message>)();
    return { trade: flag(rights.enableSpotAndMarginTrading), withdraw: flag(rights.enableWithdrawals) };
  },
  pointAt: (exchange, http, socket) => {
    const api = exchange.urls.api;
    for (const name of Object.keys(api)) if (typeof api[name] === 'string') api[name] = `${http}/nowhere`;
    Object.assign(api, {
      public: `${http}/api/v3`,
      private: `${http}/api/v3`,
      v1: `${http}/api/v1`,
      sapi: `${http}/sapi/v1`,
    });
    // The path must contain '/stream', or ccxt's watchers can hang.
    api.ws = { spot: `${socket}/stream/ws` };
  },
};

const bybit: VenueRow = {
  name: 'bybit',
  tested: true,
  onExchangeStop: true,
  candlesPerPage: 1000,
  orderWindowMs: 5_000,
  settleMs: 45_000,
  placesOrder: (method, path) => method === 'POST' && /\/order\/(create|create-batch|amend)$/.test(path),
  fillsWindowMs: 7 * 86_400_000,
  fillsPerPage: 100,
  options: {
    defaultType: 'spot',
    fetchMarkets: { types: ['spot'] },
    fetchCurrencies: false,
    recvWindow: 5_000,
    // Unified accounts are all there are for spot; asking would need rights that a trading key shouldn't have.
    enableUnifiedMargin: false,
    enableUnifiedAccount: true,
  },
  books: [{}, { trigger: true }],
  clientIdParameter: 'orderLinkId',
  // ccxt's fetchOrder wants the venue's id. The list of open orders tells of recent closed ones too if named, the
  // history of older ones.
  findOrder: async (exchange, orderLinkId, symbol) => {
    const askers = [
      () => exchange.fetchOpenOrders(symbol, undefined, undefined, { orderLinkId }),
      () => exchange.fetchOpenOrders(symbol, undefined, undefined, { orderLinkId, trigger: true }),
      () => exchange.fetchCanceledAndClosedOrders(symbol, undefined, undefined, { orderLinkId }),
    ];
    for (const ask of askers) {
      const orders = await ask();
      if (!Array.isArray(orders)) return orders;
      if (orders.length > 0) return orders[0];
    }
    return null;
  },
  stopParameters: (triggerPrice) => ({ triggerPrice }),
  fetchRows: null,
  readUpdates: (message) => {
    if (!isMessage(message) || typeof message.topic !== 'string' || !Array.isArray(message.data)) return [];
    const [channel, timeframeId, marketId] = message.topic.split('.');
    if (channel !== 'kline') return [];
    return message.data.filter(isMessage).map((kline) => ({
      marketId,
      timeframeId,
      closed: kline.confirm === true,
      row: [kline.start, kline.open, kline.high, kline.low, kline.close, kline.volume],
    }));
  },
  isWhole: (method, path, answer) => {
    if (!isMessage(answer) || Number(answer.retCode ?? Number.NaN) !== 0) return false;
    if (method === 'POST') return has(answer.result, 'orderId');
    if (!/(list|kline|tickers|instruments-info|wallet-balance|realtime|history)$/.test(path)) return true;
    if (!hasList(answer.result, 'list')) return false;
    const list = (answer.result as { list: unknown[] }).list;
    if (!list.every((row) => typeof row === 'object' && row !== null)) return false;
    if (path.endsWith('wallet-balance'))
      return (
        list.length > 0 &&
        list.every(
          (row) => hasList(row, 'coin') && (row as { coin: unknown[] }).coin.every((coin) => has(coin, 'coin')),
        )
      );
    return true;
  },
  keyRights: async (exchange) => {
    const answer = await (exchange.privateGetV5UserQueryApi as () => Promise<Message>)();
    const result = isMessage(answer.result) ? answer.result : {};
    const permissions = isMessage(result.permissions) ? result.permissions : {};
    const names = (group: string) => (Array.isArray(permissions[group]) ? (permissions[group] as unknown[]) : null);
    const readOnly = result.readOnly === 1 || result.readOnly === '1';
    return {
      trade: names('Spot') === null ? null : !readOnly && names('Spot')!.includes('SpotTrade'),
      withdraw: names('Wallet') === null ? null : !readOnly && names('Wallet')!.includes('Withdraw'),
    };
  },
  pointAt: (exchange, http, socket) => {
    const api = exchange.urls.api;
    for (const name of Object.keys(api)) if (typeof api[name] === 'string') api[name] = http;
    api.ws = { public: { spot: `${socket}/v5/public/spot` }, private: { spot: {} } };
  },
};

function flag(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

/** Every venue that was tried; a new one is a row here and a dialect of the rehearsal server. */
export const venueRows: readonly VenueRow[] = [binance, bybit];

/** The venue's row; for others one that assumes little, untested. */
export function venueRow(name: string): VenueRow {
  const row = venueRows.find((other) => other.name === name);
  if (row !== undefined) return row;
  return {
    name,
    tested: false,
    onExchangeStop: false,
    candlesPerPage: 300,
    orderWindowMs: 60_000,
    settleMs: 60_000,
    placesOrder: (method, path) => method === 'POST' && /order/i.test(path) && !/cancel|query|open/i.test(path),
    fillsWindowMs: null,
    fillsPerPage: 100,
    options: { defaultType: 'spot' },
    isWhole: () => true,
    books: [{}],
    clientIdParameter: 'clientOrderId',
    findOrder: (exchange, clientOrderId, symbol) => exchange.fetchOrder(undefined, symbol, { clientOrderId }),
    stopParameters: () => ({}),
    fetchRows: null,
    readUpdates: null,
    keyRights: null,
    pointAt: null,
  };
}
