import { createHmac } from 'node:crypto';
import { addDecimals } from '../exchange/decimal.ts';
import type { OrderRequest, VenueOrder } from '../exchange/venue.ts';
import { type Call, type Dialect, filledOf, marketIdOf, type Reply, symbolOf } from './dialect.ts';
import type { VenueWorld } from './venue-world.ts';

/** Bybit's v5 spot REST and public kline stream, as documented, as far as ccxt asks for them. Errors come with status 200. */

const timeframes: ReadonlyMap<string, number> = new Map([
  ['1', 60_000],
  ['3', 180_000],
  ['5', 300_000],
  ['15', 900_000],
  ['30', 1_800_000],
  ['60', 3_600_000],
  ['120', 7_200_000],
  ['240', 14_400_000],
  ['360', 21_600_000],
  ['720', 43_200_000],
  ['D', 86_400_000],
]);

const say = (retCode: number, retMsg: string, result: unknown = {}, time = 0): Reply => ({
  status: 200,
  body: { retCode, retMsg, result, retExtInfo: {}, time },
});
const ok = (result: unknown) => say(0, 'OK', result);

const refusals: Readonly<Record<string, Reply>> = {
  'insufficient-funds': say(170131, 'Insufficient balance.'),
  'duplicate-id': say(170141, 'Duplicate clientOrderId.'),
  'price-grid': say(170134, 'Order price has too many decimals.'),
  'quantity-grid': say(170137, 'Order quantity has too many decimals.'),
  'quantity-too-small': say(170136, 'Order quantity lower than the minimum.'),
  'quantity-too-large': say(170135, 'Order quantity exceeded upper limit.'),
  'notional-too-small': say(170140, 'Order value exceeded lower limit.'),
};

const statuses = { filled: 'Filled', cancelled: 'Cancelled', expired: 'Cancelled', rejected: 'Rejected' } as const;

function statusOf(order: VenueOrder): string {
  if (order.status === 'cancelled' && order.filled !== '0') return 'PartiallyFilledCanceled';
  if (order.status !== 'open') return statuses[order.status];
  if (order.type === 'stop-loss') return 'Untriggered';
  return order.filled === '0' ? 'New' : 'PartiallyFilled';
}

function orderBody(order: VenueOrder, world: VenueWorld) {
  const filled = filledOf(order, world);
  const stop = order.type === 'stop-loss';
  return {
    symbol: marketIdOf(order.symbol),
    orderId: order.venueOrderId,
    orderLinkId: order.clientOrderId,
    side: order.side === 'buy' ? 'Buy' : 'Sell',
    orderType: order.type === 'limit' ? 'Limit' : 'Market',
    stopOrderType: stop ? 'Stop' : '',
    price: order.type === 'limit' ? order.price : '0',
    triggerPrice: stop ? order.price : '0',
    qty: order.quantity,
    cumExecQty: order.filled,
    cumExecValue: String(filled.cost),
    avgPrice: filled.quantity === 0 ? '' : String(filled.cost / filled.quantity),
    leavesQty: String(Number(order.quantity) - filled.quantity),
    orderStatus: statusOf(order),
    timeInForce: order.type === 'limit' ? 'GTC' : 'IOC',
    createdTime: String(order.timeMs),
    updatedTime: String(order.timeMs),
    marketUnit: 'baseCoin',
    rejectReason: 'EC_NoError',
  };
}

function findOrder(fields: Call['fields'], world: VenueWorld): VenueOrder | undefined {
  return fields.orderId
    ? world.engine.find({ venueOrderId: fields.orderId })
    : world.engine.find({ clientOrderId: fields.orderLinkId });
}

/** Conditional orders are asked for apart. */
function rightBook(order: VenueOrder, fields: Call['fields']): boolean {
  return (order.type === 'stop-loss') === (fields.orderFilter === 'StopOrder');
}

export const bybitDialect: Dialect = {
  name: 'bybit',

  speaks: (path) => path.startsWith('/v5/'),

  kind(call) {
    if (call.path === '/v5/order/create') return 'place';
    if (call.path === '/v5/order/cancel') return 'cancel';
    return call.path.startsWith('/v5/market/') ? 'public' : 'signed';
  },

  refuseSignature(call, keys, nowMs, widenBy) {
    const { headers } = call;
    if (headers['x-bapi-api-key'] !== keys.key) return this.revokedKey;
    const window = String(headers['x-bapi-recv-window'] ?? '5000');
    const timestamp = String(headers['x-bapi-timestamp']);
    const payload = timestamp + keys.key + window + (call.method === 'GET' ? call.query : call.body);
    const expected = createHmac('sha256', keys.secret).update(payload).digest('hex');
    if (headers['x-bapi-sign'] !== expected)
      return say(10004, 'Error sign, please check your signature generation algorithm.');
    const aheadMs = Number(timestamp) - nowMs;
    if (!(aheadMs < 1000 * widenBy) || -aheadMs > Number(window) * widenBy) {
      return say(10002, 'invalid request, please check your server timestamp or recv_window param.');
    }
    return null;
  },

  revokedKey: say(10003, 'API key is invalid.'),
  rateLimited: say(10006, 'Too many visits. Exceeded the API Rate Limit.'),
  banned: { status: 418, body: { retCode: 10018, retMsg: 'Exceeded the IP Rate Limit.' } },

  readOrder({ fields }, world) {
    const symbol = symbolOf(fields.symbol ?? '', world);
    if (symbol === undefined) return say(170121, 'Invalid symbol.');
    const market = fields.orderType === 'Market';
    if (market && fields.side === 'Buy' && fields.marketUnit !== 'baseCoin')
      return say(170130, "Data sent for parameter 'marketUnit' is not valid.");
    const stop = fields.orderFilter === 'StopOrder';
    const type: OrderRequest['type'] = stop ? 'stop-loss' : market ? 'market' : 'limit';
    const price = stop ? fields.triggerPrice : market ? undefined : fields.price;
    const clientOrderId = fields.orderLinkId || `web-${world.engine.orders().length + 1}`;
    const side = fields.side === 'Buy' ? 'buy' : 'sell';
    return { clientOrderId, symbol, side, type, quantity: fields.qty ?? '', ...(price === undefined ? {} : { price }) };
  },

  placed(order) {
    if (!('refused' in order)) return ok({ orderId: order.venueOrderId, orderLinkId: order.clientOrderId });
    return refusals[order.refused] ?? refusals[order.reason] ?? say(170130, order.reason);
  },

  answer(call, world, paths) {
    const { fields } = call;
    const symbol = fields.symbol === undefined ? undefined : symbolOf(fields.symbol, world);
    const named = symbol !== undefined && paths.has(symbol);
    const general = /(time|instruments-info|wallet-balance|query-api)$/.test(call.path);
    if (!named && (!general || fields.symbol !== undefined)) return say(10001, 'Not supported symbols');
    switch (`${call.method} ${call.path}`) {
      case 'GET /v5/market/time':
        return say(
          0,
          'OK',
          { timeSecond: String(Math.floor(world.timeMs / 1000)), timeNano: `${world.timeMs}000000` },
          world.timeMs,
        );
      case 'GET /v5/market/instruments-info': {
        const list = world.engine.markets.map((market) => ({
          symbol: marketIdOf(market.symbol),
          baseCoin: market.base,
          quoteCoin: market.quote,
          innovation: '0',
          status: market.active ? 'Trading' : 'Closed',
          marginTrading: 'none',
          lotSizeFilter: {
            basePrecision: market.quantityStep,
            quotePrecision: '0.00000001',
            minOrderQty: market.minQuantity,
            maxOrderQty: market.maxQuantity ?? '9000000',
            minOrderAmt: market.minNotional,
            maxOrderAmt: '9000000',
          },
          priceFilter: { tickSize: market.priceTick },
          riskParameters: {},
        }));
        return ok({ category: 'spot', list });
      }
      case 'GET /v5/market/kline': {
        const timeframeMs = timeframes.get(fields.interval ?? '');
        if (timeframeMs === undefined || !paths.get(symbol!)!.offers(timeframeMs)) return say(10001, 'Invalid period!');
        const limit = Math.min(1000, Number(fields.limit ?? 200));
        const toMs = fields.end === undefined ? Number.POSITIVE_INFINITY : Number(fields.end) + 1;
        const fromMs =
          fields.start === undefined ? Math.min(toMs, world.timeMs) - limit * timeframeMs : Number(fields.start);
        // Newest first, and of too many the newest.
        const rows = paths
          .get(symbol!)!
          .candlesSeen(fromMs, toMs, timeframeMs, world.timeMs, 100_000)
          .slice(-limit)
          .reverse();
        const list = rows.map((candle) =>
          [
            candle.timeMs,
            candle.open,
            candle.high,
            candle.low,
            candle.close,
            candle.volume,
            candle.volume * candle.close,
          ].map(String),
        );
        return ok({ symbol: fields.symbol, category: 'spot', list });
      }
      case 'GET /v5/market/tickers': {
        const bid1Price = world.engine.bid(symbol!, world.timeMs);
        const ask1Price = world.engine.ask(symbol!, world.timeMs);
        return ok({
          category: 'spot',
          list: [{ symbol: fields.symbol, bid1Price, bid1Size: '1', ask1Price, ask1Size: '1', lastPrice: bid1Price }],
        });
      }
      case 'GET /v5/account/wallet-balance': {
        const coin = [...world.engine.balances()].map(([name, held]) => {
          const total = addDecimals(held.free, held.locked);
          return {
            coin: name,
            equity: total,
            walletBalance: total,
            locked: held.locked,
            availableToWithdraw: held.free,
          };
        });
        return ok({ list: [{ accountType: 'UNIFIED', totalEquity: '0', coin }] });
      }
      case 'GET /v5/user/query-api':
        return ok({ id: '1', readOnly: 0, permissions: { Spot: ['SpotTrade'], Wallet: [] }, uta: 1 });
      case 'GET /v5/order/realtime': {
        const orders =
          fields.orderId || fields.orderLinkId ? [findOrder(fields, world)] : world.engine.openOrders(symbol!);
        const list = orders.flatMap((order) =>
          order !== undefined && rightBook(order, fields) ? [orderBody(order, world)] : [],
        );
        return ok({ category: 'spot', nextPageCursor: '', list });
      }
      case 'GET /v5/order/history': {
        const order = findOrder(fields, world);
        return ok({
          category: 'spot',
          nextPageCursor: '',
          list: order === undefined || order.status === 'open' ? [] : [orderBody(order, world)],
        });
      }
      case 'GET /v5/execution/list': {
        const list = world.engine.fills
          .filter((fill) => fill.symbol === symbol && (!fields.orderId || fill.venueOrderId === fields.orderId))
          .filter((fill) => !fields.startTime || fill.timeMs >= Number(fields.startTime))
          .filter((fill) => !fields.endTime || fill.timeMs <= Number(fields.endTime))
          // Newest first; the cursor is where the next page begins.
          .sort((a, b) => b.timeMs - a.timeMs)
          .map((fill) => ({
            symbol: fields.symbol,
            orderId: fill.venueOrderId,
            orderLinkId: fill.clientOrderId,
            execId: fill.fillId,
            execPrice: fill.price,
            execQty: fill.quantity,
            execValue: String(Number(fill.price) * Number(fill.quantity)),
            execFee: fill.feeAmount,
            feeCurrency: fill.feeCurrency,
            feeRate: '0.001',
            execType: 'Trade',
            side: fill.side === 'buy' ? 'Buy' : 'Sell',
            orderType: 'Market',
            execTime: String(fill.timeMs),
            isMaker: false,
          }));
        const from = Number(fields.cursor ?? 0);
        const to = from + Number(fields.limit ?? 50);
        return ok({
          category: 'spot',
          nextPageCursor: to < list.length ? String(to) : '',
          list: list.slice(from, to),
        });
      }
      case 'POST /v5/order/cancel': {
        const order = findOrder(fields, world);
        const right = order !== undefined && rightBook(order, fields);
        if (!right || !world.engine.cancel({ venueOrderId: order.venueOrderId }, world.timeMs))
          return say(170213, 'Order does not exist.');
        return ok({ orderId: order.venueOrderId, orderLinkId: order.clientOrderId });
      }
    }
    return { status: 404, body: { retCode: 10404, retMsg: `not spoken here: ${call.method} ${call.path}` } };
  },

  hear(message, world) {
    const req_id = message.req_id;
    if (message.op === 'ping')
      return { reply: { success: true, ret_msg: 'pong', conn_id: 'x', req_id, op: 'ping' }, begin: [], end: [] };
    const topics = Array.isArray(message.args) ? message.args.map(String) : [];
    const reply = { success: true, ret_msg: String(message.op), conn_id: 'x', req_id, op: message.op };
    if (message.op === 'unsubscribe') return { reply, begin: [], end: topics };
    const begin = topics.flatMap((topic) => {
      const [channel, interval, marketId] = topic.split('.');
      const symbol = symbolOf(marketId ?? '', world);
      const timeframeMs = timeframes.get(interval ?? '');
      return channel !== 'kline' || symbol === undefined || timeframeMs === undefined
        ? []
        : [{ symbol, timeframeMs, topic }];
    });
    return { reply, begin, end: [] };
  },

  klineMessage({ timeframeMs, topic }, candle, closed, nowMs) {
    const data = {
      start: candle.timeMs,
      end: candle.timeMs + timeframeMs - 1,
      interval: topic.split('.')[1],
      open: String(candle.open),
      close: String(candle.close),
      high: String(candle.high),
      low: String(candle.low),
      volume: String(candle.volume),
      turnover: '0',
      confirm: closed,
      timestamp: nowMs,
    };
    return { topic, type: 'snapshot', ts: nowMs, data: [data] };
  },
};
