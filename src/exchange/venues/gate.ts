import { isOrderNotFound } from '../venue-errors.ts';
import { has, isMessage, pick, pointElsewhere, rowsOf, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 1_000;
const ORDERS_PER_PAGE = 100;
/** An order is looked for among so many pages of those that ended last. */
const ENDED_PAGES = 5;

/** https://www.gate.com/docs/developers/apiv4/en/#create-an-order */
export const gate: VenueRow = {
  name: 'gate',
  tested: true,
  onExchangeStop: false,
  candlesPerPage: 1_000,
  orderWindowMs: 60_000,
  settleMs: 60_000,
  placesOrder: (method, path) => method === 'POST' && /\/spot\/(orders|batch_orders|price_orders)$/.test(path),
  options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] }, unifiedAccount: false },
  books: [{}],
  // An id of one's own begins with 't-' there, and has 28 characters after that.
  wireId: (id) => `t-${id}`,
  orderParameters: (text) => ({ text }),
  // A market order there buys for a quote amount.
  marketBuy: 'capped-limit',
  // By our name it is known while it is open; afterwards the list of ended ones tells it.
  findOrder: async (exchange, text, symbol) => {
    const open = await exchange
      .fetchOrder(undefined, symbol, { text })
      .catch((error) => (isOrderNotFound(error) ? null : Promise.reject(error)));
    if (open !== null) return open;
    for (let page = 1; page <= ENDED_PAGES; page++) {
      const ended = await exchange.fetchClosedOrders(symbol, undefined, ORDERS_PER_PAGE, { page });
      const found = pick(ended, text);
      if (found !== null || rowsOf(ended).length < ORDERS_PER_PAGE) return found;
    }
    return null;
  },
  // One that has ended is refused in words that ccxt doesn't know.
  cancelOrder: (exchange, text, symbol) =>
    exchange
      .cancelOrder(text, symbol)
      .catch((error) => (/ORDER_(CLOSED|CANCELLED|NOT_FOUND)/.test(String(error)) ? null : Promise.reject(error))),
  fetchFillsPage: async (exchange, { symbol, orderId, sinceMs, cursor }) => {
    const page = Number(cursor ?? 1);
    const only = orderId === null ? {} : { order_id: orderId };
    const since = orderId === null ? sinceMs : undefined;
    const fills = await exchange.fetchMyTrades(symbol, since, FILLS_PER_PAGE, { ...only, page });
    return { fills, next: rowsOf(fills).length < FILLS_PER_PAGE ? null : String(page + 1) };
  },
  stopParameters: () => ({}),
  fetchRows: null,
  readUpdates: null,
  isWhole: (method, path, answer) => {
    if (isMessage(answer) && has(answer, 'label')) return true;
    if (method === 'POST' && path.endsWith('/orders')) return has(answer, 'id');
    if (method === 'GET' && path.endsWith('/spot/orders')) return Array.isArray(answer);
    return /\/(my_trades|candlesticks|accounts|open_orders)$/.test(path) ? Array.isArray(answer) : true;
  },
  keyRights: null,
  pointAt: pointElsewhere,
};
