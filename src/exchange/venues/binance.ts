import { flag, has, hasList, isMessage, type Message, rowsOf, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 1000;

export const binance: VenueRow = {
  name: 'binance',
  tested: true,
  onExchangeStop: true,
  candlesPerPage: 1000,
  orderWindowMs: 5_000,
  settleMs: 45_000,
  placesOrder: (method, path) => method === 'POST' && /\/order(List.*|\/oco|\/cancelReplace)?$/.test(path),
  fetchFillsPage: async (exchange, { symbol, orderId, sinceMs, cursor }) => {
    // Pages go by id. An order is asked for without a time, since the two don't go together, and from the first id on,
    // since the newest would come otherwise.
    const from = cursor !== null ? { fromId: cursor } : orderId === null ? {} : { fromId: '0' };
    const only = orderId === null ? {} : { orderId };
    const since = cursor === null && orderId === null ? sinceMs : undefined;
    const fills = await exchange.fetchMyTrades(symbol, since, FILLS_PER_PAGE, { ...only, ...from });
    const last = rowsOf(fills).reduce((highest, { id }) => Math.max(highest, Number(id)), -1);
    return { fills, next: rowsOf(fills).length < FILLS_PER_PAGE ? null : String(last + 1) };
  },
  options: {
    defaultType: 'spot',
    fetchMarkets: { types: ['spot'] },
    fetchCurrencies: false,
    fetchMargins: false,
    recvWindow: 5_000,
    warnOnFetchOpenOrdersWithoutSymbol: false,
  },
  books: [{}],
  wireId: (id) => id,
  orderParameters: (clientOrderId) => ({ clientOrderId }),
  marketBuy: 'quantity',
  findOrder: (exchange, clientOrderId, symbol) => exchange.fetchOrder(undefined, symbol, { clientOrderId }),
  cancelOrder: (exchange, clientOrderId, symbol) => exchange.cancelOrder(undefined, symbol, { clientOrderId }),
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
