import { isMessage, pick, pointElsewhere, rowsOf, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 50;

/** https://docs.kraken.com/api/docs/rest-api/add-order, get-open-orders, get-closed-orders, cancel-order, get-trade-history */
export const kraken: VenueRow = {
  name: 'kraken',
  tested: true,
  onExchangeStop: true,
  candlesPerPage: 720,
  // `deadline`: from 2 s to 60 s after now.
  orderWindowMs: 5_000,
  settleMs: 45_000,
  placesOrder: (method, path) => method === 'POST' && /\/(AddOrder|AddOrderBatch|EditOrder|AmendOrder)$/.test(path),
  risingNonce: true,
  options: { defaultType: 'spot' },
  books: [{}],
  // At most 18 characters, which ours have.
  wireId: (id) => id,
  orderParameters: (clientOrderId, nowMs) => ({
    clientOrderId,
    deadline: new Date(nowMs + 5_000).toISOString(),
    // Otherwise a sell's fee is taken of the base coin, and told in the quote coin.
    oflags: 'fciq',
  }),
  marketBuy: 'quantity',
  // `QueryOrders` takes no client id; both lists do.
  findOrder: async (exchange, clientOrderId, symbol) => {
    const ask = { clientOrderId };
    const open = pick(await exchange.fetchOpenOrders(symbol, undefined, undefined, ask), clientOrderId);
    return open ?? pick(await exchange.fetchClosedOrders(symbol, undefined, undefined, ask), clientOrderId);
  },
  cancelOrder: (exchange, clientOrderId, symbol) => exchange.cancelOrder(undefined, symbol, { clientOrderId }),
  fetchFillsPage: async (exchange, { symbol, sinceMs, cursor }) => {
    // The start is exclusive and in seconds; pages go by an offset from the newest.
    const offset = Number(cursor ?? 0);
    const fills = await exchange.fetchMyTrades(symbol, sinceMs - 1_000, undefined, { ofs: offset });
    // ccxt leaves out those of other symbols, so that only an empty page is surely the last.
    return { fills, next: rowsOf(fills).length === 0 ? null : String(offset + FILLS_PER_PAGE) };
  },
  stopParameters: (stopLossPrice) => ({ stopLossPrice }),
  fetchRows: null,
  readUpdates: null,
  isWhole: (_method, path, answer) => {
    if (!isMessage(answer)) return false;
    if (Array.isArray(answer.error) && answer.error.length > 0) return true;
    if (!isMessage(answer.result)) return !path.includes('/private/');
    if (path.endsWith('/OpenOrders')) return isMessage(answer.result.open);
    if (path.endsWith('/ClosedOrders')) return isMessage(answer.result.closed);
    if (path.endsWith('/TradesHistory')) return isMessage(answer.result.trades);
    return path.endsWith('/AddOrder') ? Array.isArray(answer.result.txid) : true;
  },
  keyRights: null,
  pointAt: pointElsewhere,
};
