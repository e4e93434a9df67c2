/**
 * Bitget's REST API v2 for a classic spot account (bitget.com/api-doc: spot). A refusal is HTTP 400 with a code; what
 * went well has code 00000. Stops are plan orders with ids and lists of their own.
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
  unnamed,
  viewsOf,
} from './dialect-server.ts';
import type { DialectRow } from './dialects.ts';
import type { HostileExchange, NewOrder, Order, OrderView, Reason, Refusal, Rules, Side, Trade } from './exchange.ts';

const credentials = { apiKey: 'bitget-key-2d90', secret: 'bitget-secret-4e1f', password: 'bitget-passphrase' };
const WINDOW_MS = 30_000;
const PAGE = 100;
const CANDLES = { recent: 1_000, history: 200, usual: 100 };
/** How far from the last price a limit may be on the dear side: 5 %. */
const PRICE_RATIO = 5_000_000n;
const ONE = 100_000_000n;
const MINUTES: Readonly<Record<string, number>> = {
  ...{ '1min': 1, '3min': 3, '5min': 5, '15min': 15, '30min': 30, '1h': 60, '4h': 240, '6h': 360, '12h': 720 },
  ...{ '1day': 1_440, '6Hutc': 360, '12Hutc': 720, '1Dutc': 1_440 },
};

const WORDS: Partial<Record<Reason, readonly [string, string]>> = {
  symbol: ['40034', 'Parameter symbol does not exist'],
  'unknown-order': ['43001', 'The order does not exist'],
  'duplicate-id': ['43118', 'clientOrderId duplicate'],
  quantity: ['43009', 'The order quantity is out of range'],
  'quantity-step': ['40808', 'Parameter verification exception size checkBDScale error'],
  'market-quantity': ['43009', 'The order quantity is out of range'],
  'price-step': ['40808', 'Parameter verification exception price checkBDScale error'],
  notional: ['45110', 'less than the minimum amount 1 USDT'],
  'stop-side': ['43011', 'The parameter does not meet the specification triggerPrice'],
  'would-take': ['43039', 'Post only order would be filled at once'],
  funds: ['43012', 'Insufficient balance'],
};

const fail = (code: string, msg: string, status = 400) =>
  new Refused(status, { code, msg, requestTime: 0, data: null });
const orderId = ({ number }: { readonly number: number }) => `12${String(number).padStart(17, '0')}`;
const planId = ({ number }: { readonly number: number }) => `13${String(number).padStart(17, '0')}`;
const stamp = (ms: number) => String(Math.floor(ms));
const isPlan = ({ type }: Order) => type === 'STOP_LOSS';
/** A plan that was reached has made an order. */
const isOrder = (order: Order) => !isPlan(order) || (order.triggeredMs !== null && order.trades.length > 0);

type Asked = Readonly<Record<string, string | undefined>>;

export class BitgetDialect implements Dialect {
  readonly #exchange: HostileExchange;

  constructor(exchange: HostileExchange) {
    this.#exchange = exchange;
  }

  isPrivate = ({ path }: Call) => /^\/api\/v2\/spot\/(trade|account)\/|^\/api\/v3\/account\//.test(path);
  isOrder = ({ path }: Call) => /\/trade\/place-(plan-)?order$/.test(path);
  tooMany = (): Reply => ({ status: 429, body: { code: '429', msg: 'Too Many Requests', requestTime: 0, data: null } });
  down = (): Reply => ({
    status: 503,
    body: { code: '40200', msg: 'Server upgrade, please try again later', data: null },
  });
  word = ({ reason, message }: Refusal): Reply => {
    const [code, msg] = WORDS[reason] ?? ['40017', message];
    return { status: 400, body: { code, msg, requestTime: 0, data: null } };
  };

  answer(call: Call): unknown {
    const data = this.isPrivate(call) ? this.#private(call) : this.#public(call);
    return { code: '00000', msg: 'success', requestTime: Math.floor(call.nowMs), data };
  }

  #public({ path, query, nowMs }: Call): unknown {
    const exchange = this.#exchange;
    const rules = () => exchange.find(query.get('symbol') ?? '');
    switch (path) {
      case '/api/v2/public/time':
        return { serverTime: stamp(nowMs) };
      case '/api/v2/spot/public/symbols':
        return exchange.rules.map(describe);
      case '/api/v2/spot/public/coins':
        return [...new Set(exchange.rules.flatMap(({ base, quote }) => [base, quote]))].map((coin) => ({
          ...{
            coinId: coin,
            coin,
            transfer: 'true',
            chains: [{ chain: coin, withdrawable: 'true', rechargeable: 'true' }],
          },
        }));
      case '/api/v2/margin/currencies':
      case '/api/v2/mix/market/contracts':
        return [];
      case '/api/v2/spot/market/tickers': {
        const [lastPr, bidPr, askPr] = this.#prices(rules(), nowMs);
        const day = {
          open: lastPr,
          high24h: lastPr,
          low24h: lastPr,
          baseVolume: '3',
          quoteVolume: '90000',
          change24h: '0',
        };
        return [{ symbol: rules().id, lastPr, bidPr, askPr, bidSz: '3', askSz: '3', ts: stamp(nowMs), ...day }];
      }
      case '/api/v2/spot/market/orderbook': {
        const [, bid, ask] = this.#prices(rules(), nowMs);
        return { asks: [[ask, '3']], bids: [[bid, '3']], ts: stamp(nowMs) };
      }
      case '/api/v2/spot/market/candles':
        return this.#candles(rules(), query, nowMs, CANDLES.recent);
      case '/api/v2/spot/market/history-candles':
        if (query.get('endTime') === null) throw fail('40019', 'Parameter endTime cannot be empty');
        return this.#candles(rules(), query, nowMs, CANDLES.history);
    }
    throw fail('40404', 'Request URL NOT FOUND', 404);
  }

  /** Ascending; of more than a page the newest. */
  #candles(rules: Rules, query: URLSearchParams, nowMs: number, most: number): unknown {
    const minutes = MINUTES[query.get('granularity') ?? ''];
    if (minutes === undefined) throw fail('40020', 'Parameter granularity error');
    const limit = Math.min(Number(query.get('limit') ?? CANDLES.usual), most);
    const lengthMs = minutes * 60_000;
    const toMs = Number(query.get('endTime') ?? nowMs);
    const fromMs = Math.max(Number(query.get('startTime') ?? 0), toMs - limit * lengthMs);
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    return barsOf(this.#exchange, rules, { lengthMs, fromMs, toMs, nowMs })
      .slice(-limit)
      .map(({ openMs, open, high, low, close, volume }) => [
        ...[stamp(openMs), price(open), price(high), price(low), price(close), text(volume), '0', '0'],
      ]);
  }

  #private(call: Call): unknown {
    this.#verify(call);
    const exchange = this.#exchange;
    const { method, query, nowMs, body } = call;
    exchange.advance(nowMs);
    const asked = { ...Object.fromEntries(query), ...(body === '' ? {} : (JSON.parse(body) as object)) } as Asked;
    const open = (plans: boolean) =>
      exchange.openOrders(asked.symbol ?? null, nowMs).filter(({ order }) => isPlan(order) === plans);
    switch (`${method} ${call.path.replace(/^\/api\/v2\/spot\//, '')}`) {
      case 'GET /api/v3/account/settings':
        throw fail(
          '40084',
          'You are in Classic Account mode, and the Unified Account API is not supported at this time',
        );
      case 'GET account/info':
        return { userId: '1', authorities: ['stor', 'stow'], ips: '' };
      case 'GET account/assets':
        return [...exchange.balances(nowMs)]
          .filter(([coin]) => asked.coin === undefined || coin === asked.coin)
          .map(([coin, { free, locked }]) => ({
            ...{
              coin,
              available: text(free),
              frozen: text(locked),
              locked: '0',
              limitAvailable: '0',
              uTime: stamp(nowMs),
            },
          }));
      case 'POST trade/place-order':
        return this.#order(asked, nowMs);
      case 'POST trade/place-plan-order':
        return this.#plan(asked, nowMs);
      case 'POST trade/cancel-order': {
        const found = open(false).find(({ order }) => isAsked(order, asked, orderId));
        if (asked.symbol === undefined) throw fail('40019', 'Parameter symbol cannot be empty');
        if (found === undefined) throw fail('43001', 'The order does not exist');
        this.#end([found], nowMs);
        return { orderId: orderId(found.order), clientOid: nameOf(found.order) };
      }
      case 'POST trade/cancel-symbol-order':
        exchange.find(asked.symbol ?? '');
        this.#end(open(false), nowMs);
        return { symbol: asked.symbol };
      case 'POST trade/cancel-plan-order': {
        const found = open(true).find(({ order }) => isAsked(order, asked, planId));
        if (found === undefined) throw fail('43025', 'Plan order does not exist');
        this.#end([found], nowMs);
        return { result: 'success' };
      }
      case 'POST trade/batch-cancel-plan-order': {
        const plans = open(true);
        this.#end(plans, nowMs);
        return {
          successList: plans.map(({ order }) => ({ orderId: planId(order), clientOid: nameOf(order) })),
          failureList: [],
        };
      }
      case 'GET trade/orderInfo': {
        if (asked.orderId === undefined && asked.clientOid === undefined)
          throw fail('40019', 'Parameter orderId cannot be empty');
        const found = viewsOf(exchange, nowMs).findLast(
          ({ order }) => isOrder(order) && isAsked(order, asked, orderId, ownName),
        );
        return found === undefined ? [] : [tellOrder(found, nowMs)];
      }
      case 'GET trade/unfilled-orders':
        return page(
          open(false),
          asked,
          ({ order }) => orderId(order),
          ({ order }) => order.createdMs,
        ).map(tellUnfilled);
      case 'GET trade/history-orders': {
        const ended = viewsOf(exchange, nowMs).filter(
          ({ order }) =>
            order.end !== null && isOrder(order) && (asked.symbol === undefined || order.rules.id === asked.symbol),
        );
        return page(
          ended,
          asked,
          ({ order }) => orderId(order),
          ({ order }) => order.createdMs,
        ).map((one) => tellOrder(one, nowMs));
      }
      case 'GET trade/fills': {
        const fills = exchange
          .tradesOf(exchange.find(asked.symbol ?? '').id, nowMs)
          .filter((one) => asked.orderId === undefined || orderId({ number: one.order }) === asked.orderId);
        return page(
          fills,
          asked,
          ({ id }) => String(id),
          ({ ms }) => ms,
        ).map(tellFill);
      }
      case 'GET trade/current-plan-order': {
        const plans = page(
          open(true),
          asked,
          ({ order }) => planId(order),
          ({ order }) => order.createdMs,
          20,
        );
        return {
          nextFlag: false,
          idLessThan: plans.length === 0 ? null : planId(plans.at(-1)!.order),
          orderList: plans.map(tellPlan),
        };
      }
      case 'GET trade/history-plan-order': {
        for (const name of ['symbol', 'startTime', 'endTime'])
          if (asked[name] === undefined) throw fail('40019', `Parameter ${name} cannot be empty`);
        const ended = viewsOf(exchange, nowMs).filter(({ order }) => isPlan(order) && order.end !== null);
        const plans = page(
          ended,
          asked,
          ({ order }) => planId(order),
          ({ order }) => order.createdMs,
          20,
        );
        return {
          nextFlag: false,
          idLessThan: plans.length === 0 ? null : planId(plans.at(-1)!.order),
          orderList: plans.map(tellPlan),
        };
      }
      case 'GET trade/plan-sub-order': {
        const found = viewsOf(exchange, nowMs).find(
          ({ order }) => isPlan(order) && planId(order) === asked.planOrderId,
        );
        if (found === undefined) throw fail('43025', 'Plan order does not exist');
        return isOrder(found.order)
          ? [{ orderId: orderId(found.order), price: '', type: 'market', status: 'success' }]
          : [];
      }
    }
    throw fail('40404', 'Request URL NOT FOUND', 404);
  }

  #verify({ method, path, search, body, headers, nowMs }: Call): void {
    const header = (name: string) => String(headers[`access-${name}`] ?? '');
    if (header('key') !== credentials.apiKey) throw fail('40006', 'Invalid ACCESS_KEY');
    if (header('passphrase') !== credentials.password) throw fail('40012', 'apikey/password is incorrect');
    const time = header('timestamp');
    if (!/^\d{13}$/.test(time)) throw fail('40005', 'Invalid ACCESS_TIMESTAMP');
    if (Math.abs(Number(time) - nowMs) > WINDOW_MS) throw fail('40008', 'Request timestamp expired');
    // The query is signed as it is meant, before it is encoded.
    const whole = `${time}${method}${path}${search === '' ? '' : `?${decodeURIComponent(search)}`}${body}`;
    if (createHmac('sha256', credentials.secret).update(whole).digest('base64') !== header('sign'))
      throw fail('40009', 'sign signature error');
  }

  #end(views: readonly OrderView[], nowMs: number): void {
    for (const { order } of views) this.#exchange.cancel(order.rules.id, order.clientId, nowMs);
  }

  #basics(asked: Asked): { rules: Rules; side: Side; size: Amount; clientId: string } {
    const rules = this.#exchange.find(asked.symbol ?? '');
    const { side, clientOid } = asked;
    if (side !== 'buy' && side !== 'sell') throw fail('40017', 'Parameter verification failed side');
    if (asked.orderType !== 'market' && asked.orderType !== 'limit')
      throw fail('40017', 'Parameter verification failed orderType');
    if (clientOid !== undefined && !/^[\x21-\x7e]{1,50}$/.test(clientOid))
      throw fail('40305', 'client_oid length is not greater than 50, and cannot be Martian characters');
    const size = read(asked.size);
    if (size === null) throw fail('40808', 'Parameter verification exception size checkBDScale error');
    return { rules, side: side.toUpperCase() as Side, size, clientId: clientOid ?? unnamed(this.#exchange) };
  }

  /** The size of a market buy is quote coin, always. */
  #order(asked: Asked, nowMs: number): unknown {
    const { rules, side, size, clientId } = this.#basics(asked);
    const force = (asked.force ?? 'gtc').toLowerCase();
    if (!['gtc', 'ioc', 'post_only'].includes(force)) throw fail('40017', 'Parameter verification failed force');
    const market = asked.orderType === 'market';
    const limit = market ? null : read(asked.price);
    if (!market && limit === null) throw fail('40808', 'Parameter verification exception price checkBDScale error');
    if (limit !== null) this.#checkPrice(rules, side, limit, nowMs);
    const byCost = market && side === 'BUY';
    if (byCost && (asked.size!.split('.')[1]?.length ?? 0) > 6)
      throw fail('40808', 'Parameter verification exception size checkBDScale error');
    const wanted: NewOrder = {
      ...{ clientId, symbolId: rules.id, side, quantity: size },
      ...{
        type: market ? 'MARKET' : force === 'post_only' ? 'LIMIT_MAKER' : 'LIMIT',
        immediate: !market && force === 'ioc',
      },
      ...(byCost ? { spend: size } : {}),
      ...(limit === null ? {} : { limit }),
    };
    const order = this.#exchange.place(wanted, nowMs);
    return { orderId: orderId(order), clientOid: nameOf(order) };
  }

  #plan(asked: Asked, nowMs: number): unknown {
    const { rules, side, size, clientId } = this.#basics(asked);
    if (!['fill_price', 'mark_price'].includes(asked.triggerType ?? ''))
      throw fail('40017', 'Parameter verification failed triggerType');
    if (asked.orderType !== 'market' || asked.planType === 'total')
      throw fail('40017', 'Parameter verification failed planType');
    // Taken as a number, too, as ccxt sends it.
    const stop = read(String(asked.triggerPrice));
    if (stop === null) throw fail('40017', 'Parameter verification failed triggerPrice');
    const order = this.#exchange.place(
      { clientId, symbolId: rules.id, side, type: 'STOP_LOSS', quantity: size, stop },
      nowMs,
    );
    return { orderId: planId(order), clientOid: nameOf(order) };
  }

  #checkPrice(rules: Rules, side: Side, limit: Amount, nowMs: number): void {
    const last = this.#exchange.path(rules).priceAt(nowMs);
    if (side === 'BUY' ? limit > times(last, ONE + PRICE_RATIO) : limit < times(last, ONE - PRICE_RATIO))
      throw fail('43008', 'The price exceeds the limit for this pair');
  }

  /** Last, bid, ask. */
  #prices(rules: Rules, nowMs: number): string[] {
    const exchange = this.#exchange;
    return [exchange.path(rules).priceAt(nowMs), exchange.bid(rules, nowMs), exchange.ask(rules, nowMs)].map((value) =>
      fixed(value, placesOf(rules.tick)),
    );
  }
}

/** Of the order that a plan made, the name is none of the client's. */
const ownName = (order: Order) => (isPlan(order) ? orderId(order) : nameOf(order));

function isAsked(order: Order, asked: Asked, idOf: (order: Order) => string, named = nameOf): boolean {
  return asked.orderId === undefined ? named(order) === asked.clientOid : idOf(order) === asked.orderId;
}

/** Newest first, at most 100; `idLessThan`: older ones. */
function page<T>(
  ascending: readonly T[],
  asked: Asked,
  idOf: (one: T) => string,
  msOf: (one: T) => number,
  usual = PAGE,
): T[] {
  const { startTime, endTime, idLessThan, limit } = asked;
  return ascending
    .filter((one) => startTime === undefined || Math.floor(msOf(one)) >= Number(startTime))
    .filter((one) => endTime === undefined || Math.floor(msOf(one)) <= Number(endTime))
    .filter((one) => idLessThan === undefined || BigInt(idOf(one)) < BigInt(idLessThan))
    .reverse()
    .slice(0, Math.min(Number(limit ?? usual), PAGE));
}

function common({ order, status, executed, spent }: OrderView) {
  const { rules, side, limit, quantity, spend, createdMs, triggeredMs, end } = order;
  const ended = status === 'FILLED' ? 'filled' : 'cancelled';
  return {
    ...{
      userId: '1',
      symbol: rules.id,
      orderId: orderId(order),
      clientOid: ownName(order),
      size: text(spend ?? quantity),
    },
    ...{ orderType: limit === null ? 'market' : 'limit', side: side.toLowerCase() },
    status: end === null ? (executed > 0n ? 'partially_filled' : 'live') : ended,
    ...{ baseVolume: text(executed), quoteVolume: text(spent), enterPointSource: 'API', orderSource: 'normal' },
    ...{ cTime: stamp(triggeredMs ?? createdMs), uTime: stamp(end?.ms ?? createdMs) },
  };
}

const average = ({ executed, spent }: OrderView) => (executed === 0n ? '0' : text(over(spent, executed)));

function tellOrder(view: OrderView, nowMs: number) {
  const { limit, trades } = view.order;
  const fee = { deduction: false, totalDeductionFee: 0, totalFee: -Number(text(feeOf(view.order, nowMs))) };
  const feeCoinCode = trades[0]?.feeCoin;
  const feeDetail =
    feeCoinCode === undefined ? '' : JSON.stringify({ [feeCoinCode]: { ...fee, feeCoinCode }, newFees: { c: 0 } });
  return {
    ...common(view),
    price: limit === null ? '0' : text(limit),
    priceAvg: average(view),
    feeDetail,
    cancelReason: '',
  };
}

/** Of an open order, the price stands in `priceAvg`, and what it was filled at in `basePrice`. */
const tellUnfilled = (view: OrderView) => {
  const { limit } = view.order;
  return {
    ...common(view),
    priceAvg: limit === null ? '0' : text(limit),
    basePrice: average(view),
    triggerPrice: null,
    tpslType: 'normal',
  };
};

const tellFill = ({ id, order, rules, side, price, quantity, fee, feeCoin, ms }: Trade) => ({
  ...{ userId: '1', symbol: rules.id, orderId: orderId({ number: order }), tradeId: String(id), orderType: 'market' },
  ...{ side: side.toLowerCase(), priceAvg: text(price), size: text(quantity), amount: text(times(price, quantity)) },
  ...{ feeDetail: { deduction: 'no', feeCoin, totalDeductionFee: '', totalFee: `-${text(fee)}` }, tradeScope: 'taker' },
  ...{ cTime: stamp(ms), uTime: stamp(ms) },
});

function tellPlan({ order }: OrderView) {
  const { rules, side, quantity, stop, createdMs, triggeredMs, end } = order;
  const ended = triggeredMs === null ? 'cancelled' : isOrder(order) ? 'executed' : 'fail_execute';
  return {
    ...{ orderId: planId(order), clientOid: nameOf(order), symbol: rules.id, size: text(quantity), executePrice: '0' },
    ...{
      triggerPrice: text(stop!),
      status: end === null ? 'live' : ended,
      orderType: 'market',
      side: side.toLowerCase(),
    },
    ...{ planType: 'amount', triggerType: 'fill_price', enterPointSource: 'API' },
    ...{ cTime: stamp(createdMs), uTime: stamp(end?.ms ?? createdMs) },
  };
}

const describe = (rules: Rules) => ({
  ...{ symbol: rules.id, baseCoin: rules.base, quoteCoin: rules.quote, minTradeAmount: short(rules.minQuantity) },
  ...{ maxTradeAmount: short(rules.maxQuantity), takerFeeRate: '0.001', makerFeeRate: '0.001', quotePrecision: '6' },
  ...{
    pricePrecision: String(placesOf(rules.tick)),
    quantityPrecision: String(placesOf(rules.step)),
    status: 'online',
  },
  ...{
    minTradeUSDT: short(rules.minNotional),
    buyLimitPriceRatio: '0.05',
    sellLimitPriceRatio: '0.05',
    areaSymbol: 'no',
  },
});

export const bitgetRow: DialectRow = {
  ...{ name: 'bitget', credentials, feeRate: 100_000n },
  ways: { clientIds: /./, idsUnique: 'ever', stopsHoldNothing: true },
  rules: (base, quote) => ({
    ...{ symbol: `${base}/${quote}`, id: `${base}${quote}`, base, quote, tick: 1_000_000n, step: 100n },
    ...{ minQuantity: 0n, maxQuantity: 10n ** 13n, maxMarketQuantity: 10n ** 13n, minNotional: ONE },
  }),
  dialect: (exchange) => new BitgetDialect(exchange),
  urls: (url) =>
    Object.fromEntries(
      ['spot', 'mix', 'user', 'p2p', 'broker', 'margin', 'common', 'tax', 'convert', 'copy', 'earn', 'uta'].map(
        (name) => [name, url],
      ),
    ),
  quirks: [
    'a market buy is by quote coin alone: a quantity is bought by a limit order with force ioc',
    'a limit may be 5 % from the last price on its dear side, and no more',
    'an order that is not there is an empty list, no error (orderInfo)',
    'of an open order, priceAvg is its price and basePrice what it was filled at; elsewhere priceAvg is the latter',
    'stops are plan orders: ids, lists, cancels of their own, none asked for by name; ccxt takes triggerPrice, not stopLossPrice',
    'a plan that is reached makes an order with another id and another clientOid (plan-sub-order tells which)',
    'a plan sets no coins aside, and fails where they are gone (fail_execute)',
    'clientOid: 50 characters, never again',
    'lists are newest first, 100 a page, older ones by idLessThan; fills need the symbol',
    'ccxt asks a classic account for /api/v3/account/settings before its first private call',
    'a refusal is HTTP 400; requests 30 s from the venue clock are refused',
  ],
};
