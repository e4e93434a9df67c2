import { isOrderNotFound } from '../venue-errors.ts';
import { has, hasList, isMessage, type Message, rawOf, rowsOf, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 100;
const WEEK_MS = 7 * 86_400_000;

export const bybit: VenueRow = {
  name: 'bybit',
  tested: true,
  onExchangeStop: true,
  candlesPerPage: 1000,
  orderWindowMs: 5_000,
  settleMs: 45_000,
  placesOrder: (method, path) => method === 'POST' && /\/order\/(create|create-batch|amend)$/.test(path),
  fetchFillsPage: async (exchange, { symbol, orderId, sinceMs, nowMs, cursor }) => {
    // A stretch of time is a week at most; within it, and within an order, pages go by the venue's cursor.
    const [fromMs, page] = cursor === null ? [sinceMs, ''] : [Number(cursor.split(' ')[0]), cursor.split(' ')[1]];
    const only = orderId === null ? { until: fromMs + WEEK_MS - 1 } : { orderId };
    const since = orderId === null ? fromMs : undefined;
    const params = page === '' ? only : { ...only, cursor: page };
    const fills = await exchange.fetchMyTrades(symbol, since, FILLS_PER_PAGE, params);
    const rows = rowsOf(fills);
    const more = rows.map((row) => rawOf(row).nextPageCursor).find((one) => typeof one === 'string' && one !== '');
    if (more !== undefined && rows.length >= FILLS_PER_PAGE) return { fills, next: `${fromMs} ${more}` };
    const later = orderId === null && fromMs + WEEK_MS < nowMs;
    return { fills, next: later ? `${fromMs + WEEK_MS} ` : null };
  },
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
  wireId: (id) => id,
  orderParameters: (orderLinkId) => ({ orderLinkId }),
  marketBuy: 'quantity',
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
  findPlaced: async (exchange, orderId, symbol) => {
    const ask = { orderId };
    const [open] = rowsOf(await exchange.fetchOpenOrders(symbol, undefined, undefined, ask));
    return open ?? rowsOf(await exchange.fetchCanceledAndClosedOrders(symbol, undefined, undefined, ask))[0] ?? null;
  },
  cancelOrder: async (exchange, orderLinkId, symbol) => {
    for (const book of [{}, { trigger: true }]) {
      const answer = await exchange
        .cancelOrder(undefined, symbol, { ...book, orderLinkId })
        .catch((error) => (isOrderNotFound(error) ? null : Promise.reject(error)));
      if (answer !== null) return answer;
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
