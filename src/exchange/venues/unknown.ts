import { fillsBackwards, pick, type VenueRow } from './row.ts';

const placesSomething = (method: string, path: string) =>
  method === 'POST' && /order/i.test(path) && !/cancel|query|open|history|fills/i.test(path);

/**
 * A venue of which nothing is known but what ccxt makes alike: good for candles and paper trading. Everything that
 * touches orders assumes little, and was never tried.
 */
export const unknownVenue = (name: string): VenueRow => ({
  name,
  tested: false,
  onExchangeStop: false,
  candlesPerPage: 300,
  orderWindowMs: 60_000,
  settleMs: 60_000,
  placesOrder: placesSomething,
  options: { defaultType: 'spot' },
  isWhole: () => true,
  books: [{}],
  wireId: (id) => id,
  orderParameters: (clientOrderId) => ({ clientOrderId }),
  marketBuy: 'quantity',
  findOrder: async (exchange, wireId, symbol) => {
    const open = pick(await exchange.fetchOpenOrders(symbol), wireId);
    return open ?? pick(await exchange.fetchClosedOrders(symbol), wireId);
  },
  cancelOrder: async (exchange, wireId, symbol) => {
    const order = pick(await exchange.fetchOpenOrders(symbol), wireId) as { readonly id: string } | null;
    return order === null ? null : exchange.cancelOrder(order.id, symbol);
  },
  fetchFillsPage: fillsBackwards(
    100,
    (exchange, { symbol, sinceMs }) => exchange.fetchMyTrades(symbol, sinceMs, 100),
    () => undefined,
  ),
  stopParameters: () => ({}),
  fetchRows: null,
  readUpdates: null,
  keyRights: null,
  pointAt: null,
});
