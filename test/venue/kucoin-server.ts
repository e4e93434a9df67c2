/**
 * KuCoin's classic spot REST API, high-frequency account (kucoin.com/docs-new: spot trading, account, market data).
 * Answers carry `code` 200000; stops wait in a book of their own and have ids that begin with vs8.
 */
import { createHmac } from 'node:crypto';
import { type Amount, fixed, over, placesOf, read, short, text, times } from './amount.ts';
import { barsOf, type Call, type Dialect, feeOf, nameOf, Refused, type Reply, viewsOf } from './dialect-server.ts';
import type { DialectRow } from './dialects.ts';
import type { HostileExchange, NewOrder, Order, OrderView, Reason, Refusal, Rules, Side, Trade } from './exchange.ts';

const credentials = { apiKey: 'kucoin-key-61f2', secret: 'kucoin-secret-09ab', password: 'kucoin-passphrase' };
const WINDOW_MS = 5_000;
const WEEK_MS = 7 * 86_400_000;
const PAGE = { usual: 20, most: 100 };
const CANDLES = 1_500;
const MINUTES: Readonly<Record<string, number>> = {
  ...{ '1min': 1, '3min': 3, '5min': 5, '15min': 15, '30min': 30, '1hour': 60, '2hour': 120, '4hour': 240 },
  ...{ '6hour': 360, '8hour': 480, '12hour': 720, '1day': 1_440 },
};

const WORDS: Partial<Record<Reason, readonly [string, string]>> = {
  symbol: ['400100', 'Unsupported trading pair.'],
  'unknown-order': ['400100', 'order_not_exist_or_not_allow_to_cancel'],
  'duplicate-id': ['126044', 'clientOid duplicate'],
  quantity: ['400100', 'Order size below the minimum requirement.'],
  'quantity-step': ['600100', 'Order size increment invalid.'],
  'market-quantity': ['400100', 'Order size above the maximum requirement.'],
  'price-step': ['600100', 'Order price increment invalid.'],
  notional: ['600101', 'The order funds should more then 0.1 USDT.'],
  'would-take': ['300000', 'Post only order would be filled at once.'],
  funds: ['200004', 'Balance insufficient!'],
};

const fail = (code: string, msg: string, status = 200) => new Refused(status, { code, msg });
const orderId = ({ number }: { readonly number: number }) => `67a1${String(number).padStart(20, '0')}`;
const stopId = ({ number }: { readonly number: number }) => `vs8hoo${String(number).padStart(18, '0')}`;
const isStop = ({ type }: Order) => type === 'STOP_LOSS';
/** A stop that was reached is an ordinary order from then on, with another id. */
const isInBook = (order: Order) => !isStop(order) || (order.triggeredMs !== null && order.trades.length > 0);

type Asked = Readonly<Record<string, string | undefined>>;

export class KucoinDialect implements Dialect {
  readonly #exchange: HostileExchange;

  constructor(exchange: HostileExchange) {
    this.#exchange = exchange;
  }

  isPrivate = ({ path }: Call) =>
    /\/(hf|accounts|stop-order|margin|isolated|ua|trade-fees)(\/|$)/.test(path) ||
    path === '/api/v3/market/orderbook/level2';
  isOrder = ({ method, path }: Call) => method === 'POST' && /\/(hf\/orders(\/sync)?|stop-order)$/.test(path);
  tooMany = (seconds: number): Reply => ({
    ...{ status: 429, body: { code: '429000', msg: 'Too many requests' } },
    headers: { 'gw-ratelimit-remaining': '0', 'gw-ratelimit-reset': String(seconds * 1_000) },
  });
  down = (): Reply => ({ status: 503, body: { code: '500000', msg: 'Service Unavailable' } });
  word = ({ reason, message }: Refusal): Reply => {
    const [code, msg] = WORDS[reason] ?? ['400100', message];
    return { status: 200, body: { code, msg } };
  };

  answer(call: Call): unknown {
    return { code: '200000', data: this.isPrivate(call) ? this.#private(call) : this.#public(call) };
  }

  #public({ path, query, nowMs }: Call): unknown {
    const exchange = this.#exchange;
    const rules = () => exchange.find(query.get('symbol') ?? '');
    switch (path) {
      case '/api/v1/timestamp':
        return Math.floor(nowMs);
      case '/api/v1/status':
        return { status: 'open', msg: '' };
      case '/api/v2/symbols':
        return exchange.rules.map(describe);
      case '/api/v3/currencies':
        return [...new Set(exchange.rules.flatMap(({ base, quote }) => [base, quote]))].map((currency) => ({
          ...{
            currency,
            name: currency,
            fullName: currency,
            precision: 8,
            chains: [{ chainId: 'main', chainName: 'Main' }],
          },
        }));
      case '/api/v1/contracts/active':
        return [];
      case '/api/v1/market/allTickers':
        return { time: Math.floor(nowMs), ticker: exchange.rules.map((one) => this.#ticker(one, nowMs)) };
      case '/api/v1/market/stats':
        return this.#ticker(rules(), nowMs);
      case '/api/v1/market/orderbook/level1': {
        const { buy, sell, last } = this.#ticker(rules(), nowMs);
        return {
          time: Math.floor(nowMs),
          sequence: '1',
          price: last,
          size: '0.1',
          bestBid: buy,
          bestBidSize: '3',
          bestAsk: sell,
          bestAskSize: '3',
        };
      }
      case '/api/v1/market/orderbook/level2_20':
      case '/api/v1/market/orderbook/level2_100':
        return this.#book(rules(), nowMs);
      case '/api/v1/market/candles':
        return this.#candles(rules(), query, nowMs);
    }
    throw fail('404000', 'Url Not Found', 404);
  }

  #ticker(rules: Rules, nowMs: number) {
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    const last = price(this.#exchange.path(rules).priceAt(nowMs));
    return {
      ...{ time: Math.floor(nowMs), symbol: rules.id, buy: price(this.#exchange.bid(rules, nowMs)), last },
      ...{
        sell: price(this.#exchange.ask(rules, nowMs)),
        changeRate: '0',
        high: last,
        low: last,
        vol: '3',
        volValue: '90000',
      },
      ...{ takerFeeRate: '0.001', makerFeeRate: '0.001', takerCoefficient: '1', makerCoefficient: '1' },
    };
  }

  #book(rules: Rules, nowMs: number): unknown {
    const { buy, sell } = this.#ticker(rules, nowMs);
    return { time: Math.floor(nowMs), sequence: '1', bids: [[buy, '3']], asks: [[sell, '3']] };
  }

  /** Newest first, at most 1500, whole seconds; open, close, high, low. */
  #candles(rules: Rules, query: URLSearchParams, nowMs: number): unknown {
    const minutes = MINUTES[query.get('type') ?? ''];
    if (minutes === undefined) throw fail('400100', 'type not in the given range!');
    const lengthMs = minutes * 60_000;
    const seconds = (name: string) => Number(query.get(name) ?? 0) * 1_000;
    const endMs = seconds('endAt') === 0 ? nowMs : seconds('endAt');
    const fromMs = seconds('startAt') === 0 ? endMs - 100 * lengthMs : seconds('startAt');
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    return barsOf(this.#exchange, rules, { lengthMs, fromMs, toMs: endMs - 1, nowMs })
      .reverse()
      .slice(0, CANDLES)
      .map(({ openMs, open, high, low, close, volume }) => [
        ...[String(openMs / 1_000), price(open), price(close), price(high), price(low), text(volume), '0'],
      ]);
  }

  #private(call: Call): unknown {
    this.#verify(call);
    const exchange = this.#exchange;
    const { method, query, nowMs, body } = call;
    exchange.advance(nowMs);
    const asked = { ...Object.fromEntries(query), ...(body === '' ? {} : (JSON.parse(body) as object)) } as Asked;
    const path = call.path.replace(/^\/api\/(ua\/)?v\d\//, '$1');
    const last = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
    switch (`${method} ${path}`) {
      case 'GET ua/account/mode':
        return { selfAccountMode: 'CLASSIC' };
      case 'GET hf/accounts/opened':
        return true;
      case 'GET margin/symbols':
        return { timestamp: Math.floor(nowMs), items: [] };
      case 'GET isolated/symbols':
        return [];
      case 'GET market/orderbook/level2':
        return this.#book(exchange.find(asked.symbol ?? ''), nowMs);
      case 'GET trade-fees':
        return (asked.symbols ?? '')
          .split(',')
          .map((symbol) => ({ symbol, takerFeeRate: '0.001', makerFeeRate: '0.001' }));
      case 'GET accounts': {
        const type = asked.type ?? 'trade_hf';
        return (type === 'main' ? [] : [...exchange.balances(nowMs)]).map(([currency, { free, locked }]) => ({
          ...{ id: currency, currency, type, balance: text(free + locked), available: text(free), holds: text(locked) },
        }));
      }
      case 'POST hf/orders':
      case 'POST hf/orders/sync':
        return this.#order(asked, nowMs);
      case 'POST stop-order':
        return this.#stopOrder(asked, nowMs);
      case 'GET hf/orders/active':
        this.#needs(asked, 'symbol');
        return this.#open(asked, nowMs)
          .filter(({ order }) => isInBook(order))
          .map((one) => tellOrder(one, nowMs));
      case 'GET hf/orders/done': {
        this.#needs(asked, 'symbol');
        const done = viewsOf(exchange, nowMs).filter(
          ({ order }) => order.end !== null && isInBook(order) && order.rules.id === asked.symbol,
        );
        const those = done.filter(({ order }) => (asked.side ?? order.side.toLowerCase()) === order.side.toLowerCase());
        return this.#page(
          those,
          asked,
          ({ order }) => order.number,
          ({ order }) => order.createdMs,
          (one) => tellOrder(one, nowMs),
        );
      }
      case 'GET hf/fills': {
        this.#needs(asked, 'symbol');
        const fills = exchange
          .tradesOf(exchange.find(asked.symbol!).id, nowMs)
          .filter((one) => asked.orderId === undefined || orderId({ number: one.order }) === asked.orderId);
        return this.#page(
          fills,
          asked,
          ({ id }) => id,
          ({ ms }) => ms,
          tellFill,
        );
      }
      case 'DELETE hf/orders':
        this.#needs(asked, 'symbol');
        this.#end(
          this.#open(asked, nowMs).filter(({ order }) => !isStop(order)),
          nowMs,
        );
        return 'success';
      case 'DELETE hf/orders/cancelAll':
        this.#end(
          this.#open(asked, nowMs).filter(({ order }) => !isStop(order)),
          nowMs,
        );
        return { succeedSymbols: exchange.rules.map(({ id }) => id), failedSymbols: [] };
      case 'GET stop-order': {
        const items = this.#open(asked, nowMs)
          .filter(({ order }) => isStop(order))
          .reverse();
        return {
          currentPage: 1,
          pageSize: 50,
          totalNum: items.length,
          totalPage: 1,
          items: items.slice(0, 50).map(tellStop),
        };
      }
      case 'GET stop-order/queryOrderByClientOid':
        return this.#open(asked, nowMs)
          .filter(({ order }) => isStop(order) && nameOf(order) === asked.clientOid)
          .map(tellStop);
      case 'DELETE stop-order/cancelOrderByClientOid':
      case 'DELETE stop-order/cancel': {
        const those = this.#open(asked, nowMs).filter(
          ({ order }) => isStop(order) && (path.endsWith('cancel') || nameOf(order) === asked.clientOid),
        );
        if (those.length === 0 && !path.endsWith('cancel'))
          throw fail('400100', 'order_not_exist_or_not_allow_to_cancel');
        this.#end(those, nowMs);
        const ids = those.map(({ order }) => stopId(order));
        return path.endsWith('cancel')
          ? { cancelledOrderIds: ids }
          : { cancelledOrderId: ids[0], clientOid: asked.clientOid };
      }
    }
    if (path.startsWith('stop-order/')) {
      const found = this.#open(asked, nowMs).find(({ order }) => isStop(order) && stopId(order) === last);
      if (found === undefined)
        throw fail('400100', method === 'GET' ? 'order not exist.' : 'order_not_exist_or_not_allow_to_cancel');
      if (method === 'GET') return tellStop(found);
      this.#end([found], nowMs);
      return { cancelledOrderIds: [last] };
    }
    if (path.startsWith('hf/orders/')) {
      this.#needs(asked, 'symbol');
      const byName = path.includes('/client-order/');
      const found = viewsOf(exchange, nowMs).findLast(
        ({ order }) =>
          isInBook(order) && order.rules.id === asked.symbol && (byName ? nameOf(order) : orderId(order)) === last,
      );
      if (method === 'GET') {
        if (found === undefined) throw fail('400100', 'order not exist.');
        return tellOrder(found, nowMs);
      }
      if (found === undefined || found.order.end !== null)
        throw fail('400100', 'order_not_exist_or_not_allow_to_cancel');
      this.#end([found], nowMs);
      return byName ? { clientOid: last } : { orderId: last };
    }
    throw fail('404000', 'Url Not Found', 404);
  }

  #verify({ method, path, search, body, headers, nowMs }: Call): void {
    const header = (name: string) => String(headers[`kc-api-${name}`] ?? '');
    const digest = (value: string) => createHmac('sha256', credentials.secret).update(value).digest('base64');
    if (header('key') !== credentials.apiKey) throw fail('400003', 'KC-API-KEY not exists', 401);
    if (header('passphrase') !== digest(credentials.password)) throw fail('400004', 'KC-API-PASSPHRASE error', 401);
    const time = header('timestamp');
    if (!/^\d{13}$/.test(time) || Math.abs(Number(time) - nowMs) > WINDOW_MS)
      throw fail('400002', 'KC-API-TIMESTAMP Invalid', 400);
    if (digest(`${time}${method}${path}${search === '' ? '' : `?${search}`}${body}`) !== header('sign'))
      throw fail('400005', 'Invalid KC-API-SIGN', 401);
  }

  #needs(asked: Asked, name: string): void {
    if (asked[name] === undefined) throw fail('400100', `${name} can not be empty`);
    if (name === 'symbol') this.#exchange.find(asked.symbol!);
  }

  #open(asked: Asked, nowMs: number): OrderView[] {
    return this.#exchange.openOrders(asked.symbol ?? null, nowMs);
  }

  #end(views: readonly OrderView[], nowMs: number): void {
    for (const { order } of views) this.#exchange.cancel(order.rules.id, order.clientId, nowMs);
  }

  #basics(asked: Asked): Pick<NewOrder, 'clientId' | 'symbolId' | 'side' | 'quantity'> & { spend?: Amount } {
    const rules = this.#exchange.find(asked.symbol ?? '');
    if (!/^[a-zA-Z0-9_-]{1,40}$/.test(asked.clientOid ?? '')) throw fail('400100', 'clientOid invalid');
    if (asked.side !== 'buy' && asked.side !== 'sell') throw fail('400100', 'side not in the given range!');
    const [size, funds] = [asked.size, asked.funds].map((value) => (value === undefined ? undefined : read(value)));
    if (size === null || funds === null) throw fail('400100', 'The amount increment is invalid.');
    if ((size === undefined) === (funds === undefined)) throw fail('400100', 'Parameter size or funds is required');
    const basics = {
      clientId: asked.clientOid!,
      symbolId: rules.id,
      side: asked.side.toUpperCase() as Side,
      quantity: size ?? 0n,
    };
    if (funds === undefined) return basics;
    if (asked.type !== 'market' || asked.side !== 'buy') throw fail('400100', 'funds not in the given range!');
    return { ...basics, spend: funds };
  }

  #order(asked: Asked, nowMs: number): unknown {
    const basics = this.#basics(asked);
    const { type, timeInForce = 'GTC' } = asked;
    if (type !== 'market' && type !== 'limit') throw fail('400100', 'type not in the given range!');
    if (!['GTC', 'IOC'].includes(timeInForce)) throw fail('400100', 'timeInForce not in the given range!');
    const limit = type === 'limit' ? read(asked.price) : undefined;
    if (limit === null) throw fail('400100', 'price invalid');
    const postOnly = (asked.postOnly as unknown) === true;
    const order = this.#exchange.place(
      {
        ...{ ...basics, type: type === 'market' ? 'MARKET' : postOnly ? 'LIMIT_MAKER' : 'LIMIT' },
        ...{ immediate: timeInForce === 'IOC' && !postOnly },
        ...(limit === undefined ? {} : { limit }),
      },
      nowMs,
    );
    return { orderId: orderId(order), clientOid: order.clientId };
  }

  #stopOrder(asked: Asked, nowMs: number): unknown {
    const basics = this.#basics(asked);
    const stop = read(asked.stopPrice);
    if (stop === null) throw fail('400100', 'stopPrice invalid');
    if (asked.type !== 'market' || basics.spend !== undefined) throw fail('400100', 'type not in the given range!');
    const falls = (asked.stop ?? 'loss') === 'loss';
    if (falls !== (basics.side === 'SELL')) throw fail('400100', 'stop not in the given range!');
    return { orderId: stopId(this.#exchange.place({ ...basics, type: 'STOP_LOSS', stop }, nowMs)) };
  }

  /** Newest first; `lastId` of a page asks for what is older. Without times, and with one alone, it is about a week. */
  #page<T>(
    ascending: readonly T[],
    asked: Asked,
    idOf: (one: T) => number,
    msOf: (one: T) => number,
    tell: (one: T) => unknown,
  ) {
    const limit = Number(asked.limit ?? PAGE.usual);
    if (!(limit >= 1 && limit <= PAGE.most)) throw fail('400100', 'limit not in the given range!');
    const [start, end] = [asked.startAt, asked.endAt].map((value) => (value === undefined ? null : Number(value)));
    if (start !== null && end !== null && end - start > WEEK_MS)
      throw fail('400100', 'The time range cannot exceed 7 days');
    const items = ascending
      .filter((one) => asked.lastId === undefined || idOf(one) < Number(asked.lastId))
      .filter(
        (one) =>
          (start === null || msOf(one) >= start) &&
          msOf(one) <= (end ?? (start === null ? Number.POSITIVE_INFINITY : start + WEEK_MS)),
      )
      .reverse()
      .slice(0, limit);
    return { lastId: items.length === 0 ? 0 : idOf(items[items.length - 1]), items: items.map(tell) };
  }
}

function tellOrder({ order, status, executed, spent }: OrderView, nowMs: number) {
  const { rules, side, type, limit, quantity, spend, createdMs, triggeredMs, end } = order;
  return {
    ...{ id: orderId(order), clientOid: nameOf(order), symbol: rules.id, opType: 'DEAL', side: side.toLowerCase() },
    ...{ type: limit === null ? 'market' : 'limit', price: limit === null ? '0' : text(limit), tradeType: 'TRADE' },
    ...{
      size: spend === null ? text(quantity) : '0',
      funds: spend === null ? '0' : text(spend),
      dealSize: text(executed),
    },
    ...{
      dealFunds: text(spent),
      remainSize: text(quantity - executed),
      fee: text(feeOf(order, nowMs)),
      feeCurrency: rules.quote,
    },
    ...{
      avgDealPrice: executed === 0n ? '0' : text(over(spent, executed)),
      timeInForce: 'GTC',
      postOnly: type === 'LIMIT_MAKER',
    },
    ...{
      cancelExist: end !== null && status !== 'FILLED',
      active: end === null,
      inOrderBook: end === null && limit !== null,
    },
    ...{
      cancelledSize: end === null ? '0' : text(quantity - executed),
      createdAt: Math.floor(triggeredMs ?? createdMs),
    },
    lastUpdatedAt: Math.floor(end?.ms ?? createdMs),
  };
}

function tellStop({ order }: OrderView) {
  const { rules, side, quantity, stop, createdMs } = order;
  return {
    ...{ id: stopId(order), symbol: rules.id, status: 'NEW', type: 'market', side: side.toLowerCase(), price: null },
    ...{ size: text(quantity), funds: null, clientOid: nameOf(order), tradeType: 'TRADE', feeCurrency: rules.quote },
    ...{
      stop: side === 'SELL' ? 'loss' : 'entry',
      stopPrice: text(stop!),
      createdAt: Math.floor(createdMs),
      stopTriggerTime: null,
    },
    ...{ orderTime: Math.floor(createdMs * 1e6), timeInForce: 'GTC', postOnly: false, hidden: false, iceberg: false },
  };
}

const tellFill = ({ id, order, rules, side, price, quantity, fee, feeCoin, ms }: Trade) => ({
  ...{
    id,
    symbol: rules.id,
    tradeId: id,
    orderId: orderId({ number: order }),
    counterOrderId: 'x',
    side: side.toLowerCase(),
  },
  ...{
    liquidity: 'taker',
    forceTaker: false,
    price: text(price),
    size: text(quantity),
    funds: text(times(price, quantity)),
  },
  ...{
    fee: text(fee),
    feeRate: '0.001',
    feeCurrency: feeCoin,
    stop: '',
    tradeType: 'TRADE',
    type: 'market',
    createdAt: Math.floor(ms),
  },
});

const describe = (rules: Rules) => ({
  ...{
    symbol: rules.id,
    name: rules.id,
    baseCurrency: rules.base,
    quoteCurrency: rules.quote,
    feeCurrency: rules.quote,
  },
  ...{
    market: 'USDS',
    baseMinSize: short(rules.minQuantity),
    quoteMinSize: '0.1',
    baseMaxSize: short(rules.maxQuantity),
  },
  ...{
    quoteMaxSize: '99999999',
    baseIncrement: short(rules.step),
    quoteIncrement: '0.000001',
    priceIncrement: short(rules.tick),
  },
  ...{
    priceLimitRate: '0.1',
    minFunds: short(rules.minNotional),
    isMarginEnabled: false,
    enableTrading: true,
    feeCategory: 1,
  },
  ...{ makerFeeCoefficient: '1.00', takerFeeCoefficient: '1.00', st: false },
});

export const kucoinRow: DialectRow = {
  ...{ name: 'kucoin', credentials, feeRate: 100_000n },
  ways: { clientIds: /./, idsUnique: 'ever', feesInQuote: true, stopsFireAtOnce: true, stopsHoldNothing: true },
  rules: (base, quote) => ({
    ...{ symbol: `${base}/${quote}`, id: `${base}-${quote}`, base, quote, tick: 10_000_000n, step: 1n },
    ...{ minQuantity: 1_000n, maxQuantity: 10n ** 12n, maxMarketQuantity: 10n ** 12n, minNotional: 10_000_000n },
  }),
  dialect: (exchange) => new KucoinDialect(exchange),
  urls: (url) => ({
    ...{ public: url, private: url, futuresPrivate: url, futuresPublic: url, webExchange: url, broker: url, earn: url },
    ...{ uta: url, utaV2: url, utaPrivate: url },
  }),
  quirks: [
    'clientOid: 40 letters, digits, _ and -; never again',
    'stop orders wait in a book of their own (stop-order), with ids of their own; a stop that was reached is found there no more',
    'a reached stop becomes an ordinary order with another id and the same clientOid',
    'a stop sets no coins aside, and comes to nothing where they are gone',
    'fees are taken in the quote coin, on top of what a buy costs',
    'fills and done orders: 20 a page unless asked, 100 at most, newest first, older ones by lastId; seven days at once',
    'every order call needs the symbol',
    'requests 5 s from the venue clock are refused',
    'the whole order book is private',
    'a rate limit tells gw-ratelimit-reset in ms, not Retry-After',
  ],
};
