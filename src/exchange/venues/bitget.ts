import { fillsBackwards, has, hasList, isMessage, pick, pointElsewhere, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 100;

/** https://www.bitget.com/api-doc/spot/trade/Place-Order */
export const bitget: VenueRow = {
  name: 'bitget',
  tested: true,
  onExchangeStop: false,
  candlesPerPage: 200,
  orderWindowMs: 30_000,
  settleMs: 45_000,
  placesOrder: (method, path) =>
    method === 'POST' && /\/spot\/trade\/(place-order|place-plan-order|batch-orders|cancel-replace-order)$/.test(path),
  options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] }, uta: false },
  books: [{}],
  wireId: (id) => id,
  orderParameters: (clientOid) => ({ clientOid }),
  // A market order there buys for a quote amount.
  marketBuy: 'capped-limit',
  // The single-order question answers with an empty list where there is none, of which ccxt makes an order of nothing.
  findOrder: async (exchange, clientOid, symbol) => {
    const order = await exchange.fetchOrder(undefined, symbol, { clientOid });
    return isMessage(order) && order.id === undefined ? null : pick([order], clientOid);
  },
  cancelOrder: (exchange, clientOid, symbol) => exchange.cancelOrder(undefined, symbol, { clientOid }),
  fetchFillsPage: fillsBackwards(
    FILLS_PER_PAGE,
    (exchange, { symbol, orderId, sinceMs, cursor }) =>
      exchange.fetchMyTrades(symbol, orderId === null ? sinceMs : undefined, FILLS_PER_PAGE, {
        ...(orderId === null ? {} : { orderId }),
        ...(cursor === null ? {} : { idLessThan: cursor }),
      }),
    (raw) => raw.tradeId,
  ),
  stopParameters: () => ({}),
  fetchRows: null,
  readUpdates: null,
  isWhole: (method, path, answer) => {
    if (!isMessage(answer) || !has(answer, 'code')) return false;
    if (answer.code !== '00000') return true;
    if (method === 'POST' && path.endsWith('/place-order')) return has(answer.data, 'orderId');
    return /\/(fills|orderInfo|unfilled-orders|history-orders|assets|candles)$/.test(path)
      ? hasList(answer, 'data')
      : true;
  },
  keyRights: null,
  pointAt: pointElsewhere,
};
