import { has, isMessage, pointElsewhere, rowsOf, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 1_000;

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
  findOrder: (exchange, text, symbol) => exchange.fetchOrder(undefined, symbol, { text }),
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
    return /\/(my_trades|candlesticks|accounts)$/.test(path) ? Array.isArray(answer) : true;
  },
  keyRights: null,
  pointAt: pointElsewhere,
};
