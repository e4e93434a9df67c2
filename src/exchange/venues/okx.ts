import { fillsBackwards, has, hasList, isMessage, pointElsewhere, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 100;

/** https://www.okx.com/docs-v5/en/#order-book-trading-trade */
export const okx: VenueRow = {
  name: 'okx',
  tested: true,
  // Stops are orders of another kind there, with ids of their own once they are triggered.
  onExchangeStop: false,
  candlesPerPage: 300,
  // Requests that were signed longer ago are refused.
  orderWindowMs: 30_000,
  settleMs: 45_000,
  placesOrder: (method, path) =>
    method === 'POST' && /\/trade\/(order|batch-orders|order-algo|amend-order|close-position)$/.test(path),
  options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] } },
  books: [{}],
  // Letters and digits only, up to 32.
  wireId: (id) => id,
  orderParameters: (clOrdId) => ({ clOrdId, tgtCcy: 'base_ccy' }),
  marketBuy: 'quantity',
  findOrder: (exchange, clOrdId, symbol) => exchange.fetchOrder(undefined, symbol, { clOrdId }),
  cancelOrder: (exchange, clOrdId, symbol) => exchange.cancelOrder(undefined, symbol, { clOrdId }),
  fetchFillsPage: fillsBackwards(
    FILLS_PER_PAGE,
    (exchange, { symbol, orderId, sinceMs, cursor }) =>
      exchange.fetchMyTrades(symbol, undefined, FILLS_PER_PAGE, {
        begin: sinceMs,
        ...(orderId === null ? {} : { ordId: orderId }),
        ...(cursor === null ? {} : { after: cursor }),
      }),
    (raw) => raw.billId,
  ),
  stopParameters: () => ({}),
  fetchRows: null,
  readUpdates: (message) => {
    if (!isMessage(message) || !isMessage(message.arg) || !Array.isArray(message.data)) return [];
    const { channel, instId } = message.arg;
    if (typeof channel !== 'string' || !channel.startsWith('candle')) return [];
    const timeframeId = channel.slice('candle'.length);
    return message.data.filter(Array.isArray).map((row: unknown[]) => ({
      marketId: String(instId),
      timeframeId,
      closed: row[8] === '1',
      row: row.slice(0, 6),
    }));
  },
  isWhole: (method, path, answer) => {
    if (!isMessage(answer) || !has(answer, 'code')) return false;
    if (answer.code !== '0') return true;
    if (!hasList(answer, 'data')) return false;
    const data = answer.data as unknown[];
    if (method === 'POST' && path.endsWith('/order')) return data.length > 0 && data.every((row) => has(row, 'ordId'));
    return path.endsWith('/balance') ? data.length > 0 && data.every((row) => hasList(row, 'details')) : true;
  },
  keyRights: null,
  pointAt: pointElsewhere,
};
