/**
 * Bybit's REST API v5, spot, of a unified account (bybit-exchange.github.io/docs/v5). Answers are HTTP 200 with a
 * retCode. An order to cancel or list is of one of three kinds, which a call has to name.
 */
import { createHmac } from 'node:crypto';
import { type Amount, fixed, over, placesOf, read, short, text, times } from './amount.ts';
import {
  barsOf,
  type Call,
  type Dialect,
  feeOf,
  nameOf,
  Refused,
  type Reply,
  tradesOf,
  unnamed,
  viewsOf,
} from './dialect-server.ts';
import type { DialectRow } from './dialects.ts';
import type { HostileExchange, Order, OrderView, Reason, Refusal, Rules, Side, Trade } from './exchange.ts';

const credentials = { apiKey: 'bybit-key-3c5e', secret: 'bybit-secret-88a2' };
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const RECENT = 500;
const CANDLES = { usual: 200, most: 1_000 };
const MINUTES: Readonly<Record<string, number>> = {
  ...{ 1: 1, 3: 3, 5: 5, 15: 15, 30: 30, 60: 60, 120: 120, 240: 240, 360: 360, 720: 720, D: 1_440 },
};

const CODES: Partial<Record<Reason, readonly [number, string]>> = {
  symbol: [170121, 'Invalid symbol.'],
  'unknown-order': [170213, 'Order does not exist.'],
  'duplicate-id': [170141, 'Duplicate clientOrderId'],
  quantity: [170136, 'Order quantity exceeded lower limit.'],
  'quantity-step': [170137, 'Order volume decimal too long.'],
  'market-quantity': [170135, 'Order quantity exceeded upper limit.'],
  'price-step': [170134, 'Order price decimal too long.'],
  notional: [170140, 'Order value exceeded lower limit.'],
  'stop-side': [170130, 'Data sent for parameter triggerPrice is not valid.'],
  'would-take': [170218, 'The LIMIT-MAKER order is rejected due to invalid price.'],
  funds: [170131, 'Insufficient balance.'],
};

const FILTERS = ['Order', 'tpslOrder', 'StopOrder'] as const;
type Filter = (typeof FILTERS)[number];

const fail = (retCode: number, retMsg: string) => new Refused(200, { retCode, retMsg, result: {}, retExtInfo: {} });
const parameter = (name: string) => fail(10001, `params error: ${name}`);
const orderId = ({ number }: { readonly number: number }) => `21${String(number).padStart(17, '0')}`;
const stamp = (ms: number) => String(Math.floor(ms));

type Asked = Readonly<Record<string, string | undefined>>;

export class BybitDialect implements Dialect {
  readonly #exchange: HostileExchange;
  /** Which kind of stop an order is. */
  readonly #filters = new Map<Order, Filter>();

  constructor(exchange: HostileExchange) {
    this.#exchange = exchange;
  }

  isPrivate = ({ path }: Call) => /^\/v5\/(order|execution|account|user|asset)\//.test(path);
  isOrder = ({ path }: Call) => path === '/v5/order/create';
  tooMany = (seconds: number): Reply => ({
    status: 200,
    body: { retCode: 10006, retMsg: 'Too many visits. Exceeded the API Rate Limit.', result: {}, retExtInfo: {} },
    headers: { 'x-bapi-limit-status': '0', 'x-bapi-limit-reset-timestamp': String(seconds * 1_000) },
  });
  down = (): Reply => ({ status: 503, body: 'Service Unavailable', headers: { 'content-type': 'text/plain' } });
  word = ({ reason, message }: Refusal): Reply => {
    const [retCode, retMsg] = CODES[reason] ?? [10001, message];
    return { status: 200, body: { retCode, retMsg, result: {}, retExtInfo: {} } };
  };

  answer(call: Call): unknown {
    const result = this.isPrivate(call) ? this.#private(call) : this.#public(call);
    return { retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: Math.floor(call.nowMs) };
  }

  #public({ path, query, nowMs }: Call): unknown {
    const exchange = this.#exchange;
    const rules = () => exchange.find(query.get('symbol') ?? '');
    if (path === '/v5/market/time') return { timeSecond: stamp(nowMs / 1_000), timeNano: stamp(nowMs * 1e6) };
    const category = query.get('category');
    if (category === null) throw parameter('category');
    switch (path) {
      case '/v5/market/instruments-info':
        return { category, list: category === 'spot' ? exchange.rules.map(describe) : [], nextPageCursor: '' };
      case '/v5/market/tickers': {
        const [lastPrice, bid1Price, ask1Price] = this.#prices(rules(), nowMs);
        const day = {
          highPrice24h: lastPrice,
          lowPrice24h: lastPrice,
          prevPrice24h: lastPrice,
          volume24h: '3',
          turnover24h: '9',
        };
        return {
          category,
          list: [{ symbol: rules().id, lastPrice, bid1Price, bid1Size: '3', ask1Price, ask1Size: '3', ...day }],
        };
      }
      case '/v5/market/orderbook': {
        const [, bid, ask] = this.#prices(rules(), nowMs);
        return { s: rules().id, b: [[bid, '3']], a: [[ask, '3']], ts: Math.floor(nowMs), u: 1, seq: 1 };
      }
      case '/v5/market/kline':
        return { category, symbol: rules().id, list: this.#candles(rules(), query, nowMs) };
    }
    throw fail(10001, 'Not supported path');
  }

  /** Newest first. From a start the first ones, up to an end the last ones. */
  #candles(rules: Rules, query: URLSearchParams, nowMs: number): unknown {
    const minutes = MINUTES[query.get('interval') ?? ''];
    if (minutes === undefined) throw parameter('interval');
    const lengthMs = minutes * 60_000;
    const limit = Math.min(Number(query.get('limit') ?? CANDLES.usual), CANDLES.most);
    const [start, end] = ['start', 'end'].map((name) => (query.get(name) === null ? null : Number(query.get(name))));
    const toMs = Math.min(end ?? (start === null ? nowMs : start + (limit - 1) * lengthMs), nowMs);
    const fromMs = Math.max(start ?? 0, Math.floor(toMs / lengthMs) * lengthMs - (limit - 1) * lengthMs);
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    return barsOf(this.#exchange, rules, { lengthMs, fromMs, toMs, nowMs })
      .reverse()
      .map(({ openMs, open, high, low, close, volume }) => [
        ...[stamp(openMs), price(open), price(high), price(low), price(close), text(volume), '0'],
      ]);
  }

  #private(call: Call): unknown {
    this.#verify(call);
    const exchange = this.#exchange;
    const { method, query, nowMs, body } = call;
    exchange.advance(nowMs);
    const asked = { ...Object.fromEntries(query), ...(body === '' ? {} : (JSON.parse(body) as object)) } as Asked;
    const path = `${method} ${call.path.replace('/v5/', '')}`;
    switch (path) {
      case 'GET user/query-api':
        return { readOnly: 0, permissions: { Spot: ['SpotTrade'], Wallet: [] }, ips: ['*'], unified: 0, uta: 1 };
      case 'GET account/info':
        return { unifiedMarginStatus: 6, marginMode: 'REGULAR_MARGIN' };
      case 'GET account/fee-rate':
        return { list: [{ symbol: asked.symbol ?? '', takerFeeRate: '0.001', makerFeeRate: '0.001' }] };
      case 'GET asset/coin/query-info':
        return {
          rows: [...new Set(exchange.rules.flatMap(({ base, quote }) => [base, quote]))].map((coin) => ({
            ...{ name: coin, coin, remainAmount: '1000', chains: [] },
          })),
        };
      case 'GET account/wallet-balance':
        if (asked.accountType !== 'UNIFIED') throw fail(10001, 'accountType only support UNIFIED.');
        return {
          list: [{ accountType: 'UNIFIED', totalEquity: '0', coin: [...exchange.balances(nowMs)].map(tellBalance) }],
        };
    }
    if (asked.category !== 'spot') throw parameter('category');
    const filter = (asked.orderFilter ?? 'Order') as Filter;
    if (!FILTERS.includes(filter)) throw parameter('orderFilter');
    const isOf = ({ order }: OrderView) => this.#filterOf(order) === filter;
    const byId = !blank(asked.orderId) || !blank(asked.orderLinkId);
    // An id goes before a name, and either before all else.
    const isOne = (order: Order) =>
      blank(asked.orderId) ? nameOf(order) === asked.orderLinkId : orderId(order) === asked.orderId;
    const isAsked = ({ order }: OrderView) =>
      byId ? isOne(order) : blank(asked.symbol) || order.rules.id === asked.symbol;
    switch (path) {
      case 'POST order/create':
        return this.#order(asked, filter, nowMs);
      case 'POST order/cancel': {
        if (!byId || blank(asked.symbol)) throw parameter('orderId or orderLinkId, and symbol');
        const found = exchange.openOrders(null, nowMs).find((one) => isOf(one) && isAsked(one));
        if (found === undefined) throw fail(170213, 'Order does not exist.');
        exchange.endOrder(found.order, nowMs);
        return { orderId: orderId(found.order), orderLinkId: nameOf(found.order) };
      }
      case 'POST order/cancel-all': {
        const those = exchange.openOrders(null, nowMs).filter((one) => isOf(one) && isAsked(one));
        for (const { order } of those) exchange.endOrder(order, nowMs);
        return {
          list: those.map(({ order }) => ({ orderId: orderId(order), orderLinkId: nameOf(order) })),
          success: '1',
        };
      }
      case 'GET order/realtime': {
        // By id or name the newest 500 are known, whatever became of them; a list is of the open ones.
        const recent = viewsOf(exchange, nowMs).slice(-RECENT);
        const those = byId || asked.openOnly === '1' ? recent : exchange.openOrders(null, nowMs);
        const found = those.filter((one) => isAsked(one) && (asked.orderFilter === undefined || isOf(one)));
        return page(found, asked, [20, 50], (one) => this.#tell(one, nowMs));
      }
      case 'GET order/history': {
        const ended = viewsOf(exchange, nowMs)
          .filter((one) => one.order.end !== null && isAsked(one) && (asked.orderFilter === undefined || isOf(one)))
          .filter(({ order }) => byId || isWithin(order.createdMs, asked, nowMs))
          // What ended without a fill is forgotten after a day.
          .filter(({ order, executed }) => executed > 0n || nowMs - order.end!.ms <= DAY_MS)
          .filter((one) => blank(asked.orderStatus) || statusOf(one) === asked.orderStatus);
        return page(ended, asked, [20, 50], (one) => this.#tell(one, nowMs));
      }
      case 'GET execution/list': {
        const trades = tradesOf(exchange, nowMs)
          .filter((one) => (byId ? isOne(this.#orderOf(one)) : blank(asked.symbol) || one.rules.id === asked.symbol))
          .filter(({ ms }) => byId || isWithin(ms, asked, nowMs));
        return page(trades, asked, [50, 100], (one) => this.#tellTrade(one));
      }
    }
    throw fail(10001, 'Not supported path');
  }

  #verify({ method, search, body, headers, nowMs }: Call): void {
    const header = (name: string) => String(headers[`x-bapi-${name}`] ?? '');
    if (header('api-key') !== credentials.apiKey) throw fail(10003, 'API key is invalid.');
    const [time, window] = [header('timestamp'), header('recv-window') || '5000'];
    if (!(nowMs - Number(window) <= Number(time) && Number(time) < nowMs + 1_000))
      throw fail(10002, 'invalid request, please check your server timestamp or recv_window param');
    const whole = `${time}${credentials.apiKey}${window}${method === 'GET' ? search : body}`;
    if (createHmac('sha256', credentials.secret).update(whole).digest('hex') !== header('sign'))
      throw fail(10004, 'error sign! origin_string');
  }

  /** A market buy is by quote coin unless `marketUnit` says baseCoin. */
  #order(asked: Asked, filter: Filter, nowMs: number): unknown {
    const rules = this.#exchange.find(asked.symbol ?? '');
    const {
      side,
      orderType,
      orderLinkId: name = '',
      timeInForce = orderType === 'Market' ? 'IOC' : 'GTC',
      marketUnit,
    } = asked;
    if (side !== 'Buy' && side !== 'Sell') throw parameter('side');
    if (orderType !== 'Market' && orderType !== 'Limit') throw parameter('orderType');
    if (name !== '' && !/^[a-zA-Z0-9_-]{1,36}$/.test(name)) throw parameter('orderLinkId');
    if (!['GTC', 'IOC', 'PostOnly'].includes(timeInForce)) throw parameter('timeInForce');
    const qty = read(asked.qty);
    if (qty === null) throw fail(170137, 'Order volume decimal too long.');
    const market = orderType === 'Market';
    const limit = market ? null : read(asked.price);
    if (!market && limit === null) throw fail(170134, 'Order price decimal too long.');
    const stop = filter === 'Order' ? null : read(asked.triggerPrice);
    if (filter !== 'Order' && (stop === null || !market)) throw parameter('triggerPrice');
    const byCost = market && side === 'Buy' && filter === 'Order' && (marketUnit ?? 'quoteCoin') === 'quoteCoin';
    const order = this.#exchange.place(
      {
        ...{
          clientId: name === '' ? unnamed(this.#exchange) : name,
          symbolId: rules.id,
          side: side.toUpperCase() as Side,
        },
        ...{ quantity: qty, immediate: !market && timeInForce === 'IOC', holdsNothing: filter === 'StopOrder' },
        type: stop !== null ? 'STOP_LOSS' : market ? 'MARKET' : timeInForce === 'PostOnly' ? 'LIMIT_MAKER' : 'LIMIT',
        ...(byCost ? { spend: qty } : {}),
        ...(limit === null ? {} : { limit }),
        ...(stop === null ? {} : { stop }),
      },
      nowMs,
    );
    this.#filters.set(order, filter);
    return { orderId: orderId(order), orderLinkId: name };
  }

  /** What was reached is an ordinary order, under the id that it had. */
  #filterOf(order: Order): Filter {
    return order.triggeredMs === null ? this.#filters.get(order)! : 'Order';
  }

  #orderOf = ({ order }: Trade): Order => this.#exchange.orders.find(({ number }) => number === order)!;

  #tell(view: OrderView, nowMs: number) {
    const { order, executed, spent } = view;
    const { rules, side, type, limit, stop, quantity, spend, createdMs, end, trades } = order;
    const feeCoin = trades[0]?.feeCoin;
    const fee = text(feeOf(order, nowMs));
    return {
      ...{
        category: 'spot',
        symbol: rules.id,
        orderId: orderId(order),
        orderLinkId: nameOf(order),
        side: side === 'BUY' ? 'Buy' : 'Sell',
      },
      ...{
        orderType: limit === null ? 'Market' : 'Limit',
        price: limit === null ? '0' : text(limit),
        qty: text(spend ?? quantity),
      },
      ...{
        timeInForce: type === 'LIMIT_MAKER' ? 'PostOnly' : limit === null ? 'IOC' : 'GTC',
        orderStatus: statusOf(view),
      },
      ...{
        avgPrice: executed === 0n ? '' : text(over(spent, executed)),
        cumExecQty: text(executed),
        cumExecValue: text(spent),
      },
      ...{ leavesQty: end === null ? text(quantity - executed) : '0', leavesValue: '0', cumExecFee: fee },
      ...{
        cumFeeDetail: feeCoin === undefined ? {} : { [feeCoin]: fee },
        marketUnit: limit !== null ? '' : spend === null ? 'baseCoin' : 'quoteCoin',
      },
      ...{
        orderFilter: this.#filters.get(order),
        triggerPrice: stop === null ? '0' : text(stop),
        triggerDirection: 0,
        reduceOnly: false,
      },
      ...{
        stopOrderType: stop === null ? '' : 'Stop',
        isLeverage: '0',
        createdTime: stamp(createdMs),
        updatedTime: stamp(end?.ms ?? createdMs),
      },
    };
  }

  #tellTrade(trade: Trade) {
    const { id, rules, side, price, quantity, fee, feeCoin, ms } = trade;
    const order = this.#orderOf(trade);
    return {
      ...{
        symbol: rules.id,
        orderId: orderId(order),
        orderLinkId: nameOf(order),
        side: side === 'BUY' ? 'Buy' : 'Sell',
      },
      ...{
        execId: String(id),
        execPrice: text(price),
        execQty: text(quantity),
        execValue: text(times(price, quantity)),
      },
      ...{
        execFee: text(fee),
        feeCurrency: feeCoin,
        feeRate: '0.001',
        execType: 'Trade',
        execTime: stamp(ms),
        isMaker: order.limit !== null,
      },
      ...{
        orderType: order.limit === null ? 'Market' : 'Limit',
        orderPrice: '0',
        orderQty: text(order.quantity),
        leavesQty: '0',
      },
    };
  }

  /** Last, bid, ask. */
  #prices(rules: Rules, nowMs: number): string[] {
    const exchange = this.#exchange;
    return [exchange.path(rules).priceAt(nowMs), exchange.bid(rules, nowMs), exchange.ask(rules, nowMs)].map((value) =>
      fixed(value, placesOf(rules.tick)),
    );
  }
}

const blank = (value: string | undefined): boolean => value === undefined || value === '';

function statusOf({ order, status, executed }: OrderView): string {
  if (status === 'FILLED') return 'Filled';
  const waits = order.type === 'STOP_LOSS' && order.triggeredMs === null;
  if (order.end === null) return waits ? 'Untriggered' : executed > 0n ? 'PartiallyFilled' : 'New';
  if (executed > 0n) return 'PartiallyFilledCanceled';
  // A stop whose coins were gone when it was reached is rejected; one that was called back before is deactivated.
  return waits ? 'Deactivated' : order.type === 'STOP_LOSS' ? 'Rejected' : 'Cancelled';
}

/** A week at once: up to an end, or from a start; the last one unless said. */
function isWithin(ms: number, { startTime, endTime }: Asked, nowMs: number): boolean {
  const [start, end] = [startTime, endTime].map((value) => (blank(value) ? null : Number(value)));
  if (start !== null && end !== null && end - start > WEEK_MS)
    throw fail(10001, 'The time range between startTime and endTime can not exceed 7 days');
  const at = Math.floor(ms);
  return (
    at >= (start ?? (end ?? nowMs) - WEEK_MS) &&
    at <= (end ?? (start === null ? Number.POSITIVE_INFINITY : start + WEEK_MS))
  );
}

/** Newest first; a cursor is the place of the next one. */
function page<T>(
  ascending: readonly T[],
  asked: Asked,
  [usual, most]: readonly [number, number],
  tell: (one: T) => unknown,
) {
  const limit = Number(asked.limit ?? usual);
  if (!(limit >= 1 && limit <= most)) throw parameter('limit');
  const from = blank(asked.cursor) ? 0 : Number(asked.cursor);
  const list = [...ascending].reverse().slice(from, from + limit);
  return {
    category: 'spot',
    list: list.map(tell),
    nextPageCursor: from + limit < ascending.length ? String(from + limit) : '',
  };
}

const tellBalance = ([coin, { free, locked }]: [string, { free: Amount; locked: Amount }]) => ({
  ...{ coin, walletBalance: text(free + locked), equity: text(free + locked), locked: text(locked), free: '' },
  ...{ availableToWithdraw: '', totalOrderIM: '0', totalPositionIM: '0', borrowAmount: '0', accruedInterest: '0' },
});

const describe = (rules: Rules) => ({
  ...{
    symbol: rules.id,
    baseCoin: rules.base,
    quoteCoin: rules.quote,
    innovation: '0',
    status: 'Trading',
    marginTrading: 'none',
  },
  lotSizeFilter: {
    ...{ basePrecision: short(rules.step), quotePrecision: '0.0000001', minOrderQty: short(rules.minQuantity) },
    ...{
      maxOrderQty: short(rules.maxQuantity),
      maxMarketOrderQty: short(rules.maxMarketQuantity),
      maxOrderAmt: '4000000',
    },
    minOrderAmt: short(rules.minNotional),
  },
  priceFilter: { tickSize: short(rules.tick) },
  riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
});

export const bybitRow: DialectRow = {
  ...{ name: 'bybit', credentials, feeRate: 100_000n },
  ways: { clientIds: /./, idsUnique: 'ever' },
  rules: (base, quote) => ({
    ...{ symbol: `${base}/${quote}`, id: `${base}${quote}`, base, quote, tick: 1_000_000n, step: 100n },
    ...{
      minQuantity: 4_800n,
      maxQuantity: 8_300_000_000n,
      maxMarketQuantity: 4_150_000_000n,
      minNotional: 500_000_000n,
    },
  }),
  dialect: (exchange) => new BybitDialect(exchange),
  urls: (url) => ({ spot: url, futures: url, v2: url, public: url, private: url }),
  options: { fetchOrder: { acknowledged: true } },
  quirks: [
    'orderLinkId: 36 letters, digits, _ and -; never again',
    'a market buy is by quote coin unless marketUnit is baseCoin',
    'stops are of two kinds: a tpslOrder sets its coins aside at once, a StopOrder when it is reached',
    'cancel and cancel-all are of one kind (orderFilter), Order unless said: ccxt says Order, or StopOrder with trigger, never tpslOrder',
    'a reached stop keeps its id and its name; one that is called back before is Deactivated',
    'a list of open orders has 20 unless asked, 50 at most; trades 50 and 100; seven days at once; on by cursor',
    'order/history forgets after a day what ended without a fill',
    'by id or name, order/realtime knows the newest 500 orders, ended ones too; ccxt wants that acknowledged',
    'what an IOC order filled in part is PartiallyFilledCanceled, which ccxt calls closed',
    'a stop on the other side of the price than its order waits for the price to come from there: refused here',
    'requests older than recv_window, or a second ahead, are refused; a rate limit is HTTP 200 with retCode 10006',
  ],
};
