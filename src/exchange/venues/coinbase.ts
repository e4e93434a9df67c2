import { hasList, isMessage, pick, pointElsewhere, rawOf, rowsOf, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 100;
const NEWEST_ORDERS = 250;

/** https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api */
export const coinbase: VenueRow = {
  name: 'coinbase',
  tested: true,
  // Stops there are stop-limit orders, which may not fill.
  onExchangeStop: false,
  candlesPerPage: 300,
  orderWindowMs: 120_000,
  settleMs: 60_000,
  placesOrder: (method, path) => method === 'POST' && /\/brokerage\/orders(\/edit)?$/.test(path),
  options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] } },
  books: [{}],
  wireId: (id) => id,
  orderParameters: (id) => ({ client_order_id: id }),
  // A market order there buys for a quote amount.
  marketBuy: 'capped-limit',
  // There is no question for a client id: the newest orders are looked through.
  findOrder: async (exchange, wireId, symbol) =>
    pick(await exchange.fetchOrders(symbol, undefined, NEWEST_ORDERS), wireId),
  cancelOrder: async (exchange, wireId, symbol) => {
    const orders = await exchange.fetchOrders(symbol, undefined, NEWEST_ORDERS);
    const order = pick(orders, wireId) as { readonly id: string; readonly status: string } | null;
    return order === null || order.status !== 'open' ? null : exchange.cancelOrder(order.id, symbol);
  },
  fetchFillsPage: async (exchange, { symbol, orderId, sinceMs, cursor }) => {
    const only = orderId === null ? {} : { order_ids: [orderId] };
    const page = cursor === null ? {} : { cursor };
    const since = orderId === null ? sinceMs : undefined;
    const fills = await exchange.fetchMyTrades(symbol, since, FILLS_PER_PAGE, { ...only, ...page });
    const more = rowsOf(fills)
      .map((row) => rawOf(row).cursor)
      .find((one) => typeof one === 'string' && one !== '');
    return { fills, next: more === undefined ? null : String(more) };
  },
  stopParameters: () => ({}),
  fetchRows: null,
  readUpdates: null,
  isWhole: (method, path, answer) => {
    if (!isMessage(answer)) return false;
    if (method === 'GET' && path.endsWith('/orders/historical/batch')) return hasList(answer, 'orders');
    if (method === 'GET' && path.endsWith('/orders/historical/fills')) return hasList(answer, 'fills');
    return true;
  },
  keyRights: null,
  pointAt: pointElsewhere,
};
