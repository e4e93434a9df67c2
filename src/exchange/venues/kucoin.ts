import { fillsBackwards, has, isMessage, pointElsewhere, type VenueRow } from './row.ts';

const FILLS_PER_PAGE = 100;
type Ask = (id: string | undefined, symbol: string, params: object) => Promise<unknown>;

/** https://www.kucoin.com/docs-new/rest/spot-trading/orders */
export const kucoin: VenueRow = {
  name: 'kucoin',
  tested: true,
  onExchangeStop: false,
  candlesPerPage: 1_500,
  orderWindowMs: 10_000,
  settleMs: 45_000,
  placesOrder: (method, path) =>
    method === 'POST' && /\/(orders|stop-order|oco\/order|hf\/orders(\/sync|\/multi|\/alter)?)$/.test(path),
  options: { defaultType: 'spot', hf: true, uta: false, fetchMarkets: { types: ['spot'] } },
  books: [{}],
  wireId: (id) => id,
  orderParameters: (clientOid) => ({ clientOid }),
  marketBuy: 'quantity',
  // ccxt's fetchOrder and cancelOrder insist on the venue's id before they look at ours.
  findOrder: (exchange, clientOid, symbol) =>
    (exchange.fetchSpotOrder as Ask).call(exchange, undefined, symbol, { clientOid }),
  cancelOrder: (exchange, clientOid, symbol) =>
    (exchange.cancelSpotOrder as Ask).call(exchange, undefined, symbol, { clientOid }),
  fetchFillsPage: fillsBackwards(
    FILLS_PER_PAGE,
    (exchange, { symbol, orderId, sinceMs, cursor }) =>
      exchange.fetchMyTrades(symbol, orderId === null ? sinceMs : undefined, FILLS_PER_PAGE, {
        ...(orderId === null ? {} : { orderId }),
        ...(cursor === null ? {} : { lastId: cursor }),
      }),
    (raw) => raw.id,
  ),
  stopParameters: () => ({}),
  fetchRows: null,
  readUpdates: null,
  isWhole: (method, path, answer) => {
    if (!isMessage(answer) || !has(answer, 'code')) return false;
    if (answer.code !== '200000') return true;
    return method === 'POST' && /orders$/.test(path) ? has(answer.data, 'orderId') : 'data' in answer;
  },
  keyRights: null,
  pointAt: pointElsewhere,
};
