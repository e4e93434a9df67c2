import { createHmac } from 'node:crypto';
import type { Candle } from '../core/candle.ts';
import { canonicalDecimal, decimalOf } from '../exchange/decimal.ts';
import type { OrderRequest, VenueOrder } from '../exchange/venue.ts';
import { type Call, type Dialect, filledOf, marketIdOf, type Reply, symbolOf } from './dialect.ts';
import type { VenueWorld } from './venue-world.ts';

/** Binance's spot REST (api/v3) and kline streams, as documented, as far as ccxt asks for them. */

const timeframes: ReadonlyMap<string, number> = new Map([
  ['1s', 1_000],
  ['1m', 60_000],
  ['3m', 180_000],
  ['5m', 300_000],
  ['15m', 900_000],
  ['30m', 1_800_000],
  ['1h', 3_600_000],
  ['2h', 7_200_000],
  ['4h', 14_400_000],
  ['6h', 21_600_000],
  ['8h', 28_800_000],
  ['12h', 43_200_000],
  ['1d', 86_400_000],
]);

const ok = (body: unknown): Reply => ({ status: 200, body });
const error = (status: number, code: number, msg: string): Reply => ({ status, body: { code, msg } });
/** Eight decimals, as Binance writes every amount; strings keep all their digits. */
function eight(value: string | number): string {
  if (typeof value === 'number') return value.toFixed(8);
  const [whole, fraction = ''] = canonicalDecimal(value).split('.');
  return `${whole}.${fraction.padEnd(8, '0')}`;
}

const filterNames: Readonly<Record<string, string>> = {
  'price-grid': 'PRICE_FILTER',
  'quantity-grid': 'LOT_SIZE',
  'quantity-too-small': 'LOT_SIZE',
  'quantity-too-large': 'MARKET_LOT_SIZE',
  'notional-too-small': 'NOTIONAL',
};

const statuses = { filled: 'FILLED', cancelled: 'CANCELED', expired: 'EXPIRED', rejected: 'REJECTED' } as const;
const orderTypes: ReadonlyMap<string, OrderRequest['type']> = new Map([
  ['MARKET', 'market'],
  ['LIMIT', 'limit'],
  ['STOP_LOSS', 'stop-loss'],
]);

function orderBody(order: VenueOrder, world: VenueWorld) {
  const filled = filledOf(order, world);
  const stop = order.type === 'stop-loss';
  return {
    symbol: marketIdOf(order.symbol),
    orderId: Number(order.venueOrderId),
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: order.timeMs,
    time: order.timeMs,
    updateTime: order.timeMs,
    workingTime: order.timeMs,
    price: eight(stop ? '0' : (order.price ?? '0')),
    origQty: eight(order.quantity),
    executedQty: eight(order.filled),
    cummulativeQuoteQty: eight(filled.cost),
    status: order.status === 'open' ? (filled.quantity > 0 ? 'PARTIALLY_FILLED' : 'NEW') : statuses[order.status],
    timeInForce: 'GTC',
    type: stop ? 'STOP_LOSS' : order.type.toUpperCase(),
    side: order.side.toUpperCase(),
    stopPrice: eight(stop ? order.price! : '0'),
    isWorking: true,
    selfTradePreventionMode: 'NONE',
  };
}

/** Binance always tells a number. */
function tradesOf(candle: Candle): number {
  return Number.isNaN(candle.trades) ? 0 : candle.trades;
}

function exchangeInfo(world: VenueWorld) {
  const symbols = world.engine.markets.map((market) => ({
    symbol: marketIdOf(market.symbol),
    status: market.active ? 'TRADING' : 'BREAK',
    baseAsset: market.base,
    baseAssetPrecision: 8,
    quoteAsset: market.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'],
    icebergAllowed: true,
    ocoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    permissions: [],
    permissionSets: [['SPOT']],
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: market.priceTick,
        maxPrice: '1000000.00000000',
        tickSize: market.priceTick,
      },
      {
        filterType: 'LOT_SIZE',
        minQty: market.minQuantity,
        maxQty: market.maxQuantity ?? '9000000',
        stepSize: market.quantityStep,
      },
      {
        filterType: 'MARKET_LOT_SIZE',
        minQty: '0.00000000',
        maxQty: market.maxMarketQuantity ?? '9000000',
        stepSize: '0.00000000',
      },
      {
        filterType: 'NOTIONAL',
        minNotional: market.minNotional,
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
  }));
  const rateLimits = [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 }];
  return { timezone: 'UTC', serverTime: world.timeMs, rateLimits, exchangeFilters: [], symbols };
}

const noOrder = error(400, -2013, 'Order does not exist.');
const badSymbol = error(400, -1121, 'Invalid symbol.');

function findOrder(call: Call, world: VenueWorld): VenueOrder | undefined {
  const { orderId, origClientOrderId } = call.fields;
  return orderId
    ? world.engine.find({ venueOrderId: orderId })
    : world.engine.find({ clientOrderId: origClientOrderId });
}

export const binanceDialect: Dialect = {
  name: 'binance',

  speaks: (path) => path.startsWith('/api/') || path.startsWith('/sapi/') || path.startsWith('/stream'),

  kind(call) {
    if (call.path === '/api/v3/order')
      return call.method === 'POST' ? 'place' : call.method === 'DELETE' ? 'cancel' : 'signed';
    return ['/api/v3/account', '/api/v3/openOrders', '/api/v3/myTrades', '/api/v3/order/test'].includes(call.path) ||
      call.path.startsWith('/sapi/')
      ? 'signed'
      : 'public';
  },

  refuseSignature(call, keys, nowMs, widenBy) {
    if (call.headers['x-mbx-apikey'] !== keys.key) return this.revokedKey;
    const payload = call.query === '' ? call.body : call.query;
    const cut = payload.lastIndexOf('&signature=');
    const expected = createHmac('sha256', keys.secret).update(payload.slice(0, cut)).digest('hex');
    if (cut < 0 || call.fields.signature !== expected)
      return error(400, -1022, 'Signature for this request is not valid.');
    const aheadMs = Number(call.fields.timestamp) - nowMs;
    const windowMs = Number(call.fields.recvWindow ?? 5000) * widenBy;
    if (!(aheadMs <= 1000 * widenBy))
      return error(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
    if (-aheadMs > windowMs) return error(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
    return null;
  },

  revokedKey: error(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
  rateLimited: error(429, -1003, 'Too many requests; please use the websocket for live updates.'),
  banned: error(418, -1003, 'Way too many requests; IP banned.'),

  readOrder({ fields }, world) {
    const symbol = symbolOf(fields.symbol ?? '', world);
    if (symbol === undefined) return badSymbol;
    const type = orderTypes.get(fields.type ?? '');
    if (type === undefined) return error(400, -1116, 'Invalid orderType.');
    if (!fields.quantity || fields.quoteOrderQty)
      return error(400, -1102, "Mandatory parameter 'quantity' was not sent.");
    const clientOrderId = fields.newClientOrderId || `web-${world.engine.orders().length + 1}`;
    const side = fields.side === 'BUY' ? 'buy' : 'sell';
    const price = type === 'limit' ? fields.price : type === 'stop-loss' ? fields.stopPrice : undefined;
    return { clientOrderId, symbol, side, type, quantity: fields.quantity, ...(price === undefined ? {} : { price }) };
  },

  placed(order, world) {
    if (!('refused' in order)) {
      const fills = world.engine.fills
        .filter((fill) => fill.venueOrderId === order.venueOrderId)
        .map((fill) => ({
          price: eight(fill.price),
          qty: eight(fill.quantity),
          commission: eight(fill.feeAmount),
          commissionAsset: fill.feeCurrency,
          tradeId: Number(fill.fillId),
        }));
      return ok({ ...orderBody(order, world), fills });
    }
    if (order.refused === 'insufficient-funds')
      return error(400, -2010, 'Account has insufficient balance for requested action.');
    if (order.refused === 'duplicate-id') return error(400, -2010, 'Duplicate order sent.');
    return error(400, -1013, `Filter failure: ${filterNames[order.reason] ?? order.reason.toUpperCase()}`);
  },

  answer(call, world, paths) {
    const { fields } = call;
    const symbol = fields.symbol === undefined ? undefined : symbolOf(fields.symbol, world);
    const named = symbol !== undefined && paths.has(symbol);
    const general = /(ping|time|exchangeInfo|account|apiRestrictions)$/.test(call.path);
    if (!named && (!general || fields.symbol !== undefined)) return badSymbol;
    switch (`${call.method} ${call.path}`) {
      case 'GET /api/v3/ping':
        return ok({});
      case 'GET /api/v3/time':
        return ok({ serverTime: world.timeMs });
      case 'GET /api/v3/exchangeInfo':
        return ok(exchangeInfo(world));
      case 'GET /api/v3/klines': {
        const timeframeMs = timeframes.get(fields.interval ?? '');
        if (timeframeMs === undefined || !paths.get(symbol!)!.offers(timeframeMs))
          return error(400, -1120, 'Invalid interval.');
        const limit = Math.min(1000, Number(fields.limit ?? 500));
        const toMs = fields.endTime === undefined ? Number.POSITIVE_INFINITY : Number(fields.endTime) + 1;
        const fromMs =
          fields.startTime === undefined
            ? Math.min(toMs, world.timeMs) - limit * timeframeMs
            : Number(fields.startTime);
        const rows = paths.get(symbol!)!.candlesSeen(fromMs, toMs, timeframeMs, world.timeMs, limit);
        return ok(
          rows.map((candle) => [
            candle.timeMs,
            ...[candle.open, candle.high, candle.low, candle.close, candle.volume].map(decimalOf),
            candle.timeMs + timeframeMs - 1,
            eight(candle.volume * candle.close),
            tradesOf(candle),
            '0',
            '0',
            '0',
          ]),
        );
      }
      case 'GET /api/v3/ticker/24hr': {
        const bidPrice = world.engine.bid(symbol!, world.timeMs);
        const askPrice = world.engine.ask(symbol!, world.timeMs);
        return ok({
          symbol: fields.symbol,
          bidPrice,
          bidQty: '1',
          askPrice,
          askQty: '1',
          lastPrice: bidPrice,
          closeTime: world.timeMs,
          openTime: world.timeMs - 86_400_000,
        });
      }
      case 'GET /api/v3/account': {
        const balances = [...world.engine.balances()].map(([asset, held]) => ({
          asset,
          free: eight(held.free),
          locked: eight(held.locked),
        }));
        return ok({
          makerCommission: 10,
          takerCommission: 10,
          canTrade: true,
          accountType: 'SPOT',
          updateTime: world.timeMs,
          balances,
          permissions: ['SPOT'],
          uid: 1,
        });
      }
      case 'GET /sapi/v1/account/apiRestrictions':
        return ok({
          ipRestrict: true,
          createTime: world.timeMs,
          enableReading: true,
          enableSpotAndMarginTrading: true,
          enableWithdrawals: false,
          enableMargin: false,
        });
      case 'GET /api/v3/order': {
        const order = findOrder(call, world);
        return order === undefined || order.symbol !== symbol ? noOrder : ok(orderBody(order, world));
      }
      case 'GET /api/v3/openOrders':
        return ok(world.engine.openOrders(symbol!).map((order) => orderBody(order, world)));
      case 'GET /api/v3/myTrades': {
        const fills = world.engine.fills
          .filter((fill) => fill.symbol === symbol && (!fields.orderId || fill.venueOrderId === fields.orderId))
          .filter((fill) => !fields.fromId || Number(fill.fillId) >= Number(fields.fromId))
          .filter((fill) => !fields.startTime || fill.timeMs >= Number(fields.startTime))
          .sort((a, b) => a.timeMs - b.timeMs)
          .slice(0, Number(fields.limit ?? 500));
        return ok(
          fills.map((fill) => ({
            symbol: fields.symbol,
            id: Number(fill.fillId),
            orderId: Number(fill.venueOrderId),
            price: eight(fill.price),
            qty: eight(fill.quantity),
            quoteQty: eight(Number(fill.price) * Number(fill.quantity)),
            commission: eight(fill.feeAmount),
            commissionAsset: fill.feeCurrency,
            time: fill.timeMs,
            isBuyer: fill.side === 'buy',
            isMaker: false,
            isBestMatch: true,
          })),
        );
      }
      case 'DELETE /api/v3/order': {
        const order = findOrder(call, world);
        const done = order !== undefined && world.engine.cancel({ venueOrderId: order.venueOrderId }, world.timeMs);
        if (!done) return error(400, -2011, 'Unknown order sent.');
        return ok({
          ...orderBody(world.engine.find({ venueOrderId: order.venueOrderId })!, world),
          origClientOrderId: order.clientOrderId,
        });
      }
    }
    return error(404, -1, `not spoken here: ${call.method} ${call.path}`);
  },

  hear(message, world) {
    const topics = Array.isArray(message.params) ? message.params.map(String) : [];
    const reply = { result: null, id: message.id };
    if (message.method === 'UNSUBSCRIBE') return { reply, begin: [], end: topics };
    const begin = topics.flatMap((topic) => {
      const [marketId, channel] = topic.split('@');
      const symbol = symbolOf(marketId, world);
      const timeframeMs = timeframes.get(channel?.replace('kline_', '') ?? '');
      return symbol === undefined || timeframeMs === undefined ? [] : [{ symbol, timeframeMs, topic }];
    });
    return { reply, begin, end: [] };
  },

  klineMessage({ symbol, timeframeMs, topic }, candle, closed, nowMs) {
    const s = marketIdOf(symbol);
    const k = {
      t: candle.timeMs,
      T: candle.timeMs + timeframeMs - 1,
      s,
      i: topic.split('kline_')[1],
      f: 1,
      L: 9,
      o: decimalOf(candle.open),
      c: decimalOf(candle.close),
      h: decimalOf(candle.high),
      l: decimalOf(candle.low),
      v: decimalOf(candle.volume),
      n: tradesOf(candle),
      x: closed,
      q: '0',
      V: '0',
      Q: '0',
      B: '0',
    };
    return { e: 'kline', E: nowMs, s, k };
  },
};
