/**
 * Gate's REST API v4 for a spot account (gate.com/docs/developers/apiv4). Lists come as they are, without an envelope; a
 * refusal has a label. Stops are price-triggered orders, of which each has its time to live.
 */
import { createHash, createHmac } from 'node:crypto';
import { type Amount, fixed, over, placesOf, read, short, text } from './amount.ts';
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
import type { HostileExchange, Order, OrderView, Reason, Refusal, Rules, Side, Trade } from './exchange.ts';

const credentials = { apiKey: 'gate-key-7a31', secret: 'gate-secret-c6d4' };
const WINDOW_SECONDS = 60;
const MONTH_SECONDS = 30 * 86_400;
const CANDLES = { usual: 100, most: 1_000 };
const SECONDS: Readonly<Record<string, number>> = {
  ...{ '1s': 1, '10s': 10, '1m': 60, '5m': 300, '15m': 900, '30m': 1_800, '1h': 3_600, '4h': 14_400 },
  ...{ '8h': 28_800, '1d': 86_400 },
};

const LABELS: Partial<Record<Reason, readonly [string, string]>> = {
  symbol: ['INVALID_CURRENCY_PAIR', 'Invalid currency pair'],
  'unknown-order': ['ORDER_NOT_FOUND', 'Order not found'],
  quantity: ['INVALID_PARAM_VALUE', 'Your order size is too small'],
  'quantity-step': ['INVALID_PRECISION', 'Invalid amount precision'],
  'market-quantity': ['INVALID_PARAM_VALUE', 'Your order size is too large'],
  'price-step': ['INVALID_PRECISION', 'Invalid price precision'],
  notional: ['INVALID_PARAM_VALUE', 'Your order size is too small. The minimum is 3 USDT'],
  'would-take': ['POC_FILL_IMMEDIATELY', 'Order would match and take immediately so its cancelled'],
  'stop-side': ['INVALID_PARAM_VALUE', 'invalid trigger price'],
  funds: ['BALANCE_NOT_ENOUGH', 'Not enough balance'],
};

const fail = (label: string, message: string, status = 400) => new Refused(status, { label, message });
const wrong = (name: string) => fail('INVALID_PARAM_VALUE', `Invalid request parameter \`${name}\` value`);
const orderId = ({ number }: { readonly number: number }) => `9${String(number).padStart(11, '0')}`;
const triggerId = ({ number }: Order) => number;
const isTrigger = ({ type }: Order) => type === 'STOP_LOSS';
/** A trigger that was reached has made an order. */
const isOrder = (order: Order) => !isTrigger(order) || (order.triggeredMs !== null && order.trades.length > 0);
const seconds = (ms: number) => Math.floor(ms / 1_000);

type Asked = Readonly<Record<string, string | undefined>>;
interface TriggerBody {
  readonly market?: string;
  readonly trigger?: { readonly price?: string; readonly rule?: string; readonly expiration?: number };
  readonly put?: Asked;
}

export class GateDialect implements Dialect {
  readonly #exchange: HostileExchange;
  /** When a trigger ends by itself. */
  readonly #expiry = new Map<Order, number>();

  constructor(exchange: HostileExchange) {
    this.#exchange = exchange;
  }

  isPrivate = ({ path }: Call) =>
    /^\/api\/v4\/(spot\/(orders|open_orders|my_trades|accounts|price_orders|fee)|account|wallet|unified)/.test(path);
  isOrder = ({ method, path }: Call) => method === 'POST' && /\/spot\/(orders|price_orders)$/.test(path);
  tooMany = (wait: number): Reply => ({
    ...{ status: 429, body: { label: 'TOO_MANY_REQUESTS', message: 'Request Rate limit Exceeded' } },
    headers: { 'x-gate-ratelimit-requests-remain': '0', 'x-gate-ratelimit-reset-timestamp': String(wait) },
  });
  down = (): Reply => ({ status: 503, body: { label: 'SERVER_ERROR', message: 'Service unavailable' } });
  word = ({ reason, message }: Refusal): Reply => {
    const [label, words] = LABELS[reason] ?? ['INVALID_PARAM_VALUE', message];
    return { status: 400, body: { label, message: words } };
  };

  answer(call: Call): unknown {
    return this.isPrivate(call) ? this.#private(call) : this.#public(call);
  }

  #public({ path, query, nowMs }: Call): unknown {
    const exchange = this.#exchange;
    const rules = () => exchange.find(query.get('currency_pair') ?? '');
    const asked = path.replace('/api/v4/', '');
    switch (asked) {
      case 'spot/time':
        return { server_time: Math.floor(nowMs) };
      case 'spot/currency_pairs':
        return exchange.rules.map(describe);
      case 'spot/currencies':
        return [...new Set(exchange.rules.flatMap(({ base, quote }) => [base, quote]))].map((currency) => ({
          ...{
            currency,
            name: currency,
            delisted: false,
            withdraw_disabled: false,
            deposit_disabled: false,
            chains: [],
          },
        }));
      case 'spot/tickers': {
        const [last, highest_bid, lowest_ask] = this.#prices(rules(), nowMs);
        const day = { change_percentage: '0', base_volume: '3', quote_volume: '90000', high_24h: last, low_24h: last };
        return [{ currency_pair: rules().id, last, lowest_ask, highest_bid, ...day }];
      }
      case 'spot/order_book': {
        const [, bid, ask] = this.#prices(rules(), nowMs);
        return { id: 1, current: Math.floor(nowMs), update: Math.floor(nowMs), asks: [[ask, '3']], bids: [[bid, '3']] };
      }
      case 'spot/candlesticks':
        return this.#candles(rules(), query, nowMs);
    }
    // Other kinds of markets, of which there are none.
    if (/^(margin|futures|delivery|options)\//.test(asked)) return [];
    throw fail('NOT_FOUND', 'Not found', 404);
  }

  /** Ascending: time, quote volume, close, high, low, open, base volume, whether it is closed. */
  #candles(rules: Rules, query: URLSearchParams, nowMs: number): unknown {
    const length = SECONDS[query.get('interval') ?? '30m'];
    if (length === undefined) throw wrong('interval');
    const [from, to, limit] = ['from', 'to', 'limit'].map((name) =>
      query.get(name) === null ? null : Number(query.get(name)),
    );
    if (limit !== null && from !== null && to !== null)
      throw fail('INVALID_PARAM_VALUE', '`limit` conflicts with `from` and `to`');
    const count = Math.min(limit ?? CANDLES.usual, CANDLES.most);
    const last = to ?? seconds(nowMs);
    const first = from ?? Math.floor(last / length) * length - (count - 1) * length;
    if ((last - first) / length > CANDLES.most) throw fail('INVALID_PARAM_VALUE', 'Too many points: 1000 at most');
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    return barsOf(this.#exchange, rules, {
      lengthMs: length * 1_000,
      fromMs: first * 1_000,
      toMs: last * 1_000,
      nowMs,
    }).map(({ openMs, open, high, low, close, volume }) => [
      ...[String(seconds(openMs)), '0', price(close), price(high), price(low), price(open), text(volume)],
      String(openMs + length * 1_000 <= nowMs),
    ]);
  }

  #private(call: Call): unknown {
    this.#verify(call);
    const exchange = this.#exchange;
    const { method, query, nowMs, body } = call;
    this.#expire(nowMs);
    exchange.advance(nowMs);
    const asked = Object.fromEntries(query) as Asked;
    const open = (triggers: boolean, pair?: string) =>
      exchange.openOrders(pair ?? null, nowMs).filter(({ order }) => isTrigger(order) === triggers);
    const path = call.path.replace('/api/v4/', '');
    const cancel = (views: readonly OrderView[]) => {
      for (const { order } of views) exchange.endOrder(order, nowMs);
      return views.map(({ order }) => exchange.view(order, 'query', nowMs)).filter((one) => one !== null);
    };
    switch (`${method} ${path}`) {
      case 'GET account/detail':
        return { user_id: 1, tier: 0, ip_whitelist: [], key: { mode: 1 } };
      case 'GET wallet/fee':
      case 'GET spot/fee':
        return { user_id: 1, taker_fee: '0.002', maker_fee: '0.002', gt_discount: false };
      case 'GET spot/accounts':
        return [...exchange.balances(nowMs)]
          .filter(([currency]) => asked.currency === undefined || currency === asked.currency)
          .map(([currency, { free, locked }]) => ({
            currency,
            available: text(free),
            locked: text(locked),
            update_id: 1,
          }));
      case 'POST spot/orders':
        return this.#order(JSON.parse(body) as Asked, nowMs);
      case 'POST spot/price_orders':
        return this.#trigger(JSON.parse(body) as TriggerBody, nowMs);
      case 'GET spot/open_orders': {
        const views = page(open(false), asked, 100, 100);
        const pairs = [...new Set(views.map(({ order }) => order.rules.id))];
        return pairs.map((pair) => {
          const orders = views.filter(({ order }) => order.rules.id === pair).map((one) => tellOrder(one, nowMs));
          return { currency_pair: pair, total: orders.length, orders };
        });
      }
      case 'GET spot/orders': {
        const { id } = exchange.find(asked.currency_pair ?? '');
        if (asked.status !== 'open' && asked.status !== 'finished') throw wrong('status');
        const ended = viewsOf(exchange, nowMs).filter(
          ({ order }) => order.end !== null && isOrder(order) && order.rules.id === id,
        );
        const those =
          asked.status === 'open' ? open(false, id) : ended.filter(({ order }) => isWithin(order.createdMs, asked));
        return page(those, asked, 100, 100).map((one) => tellOrder(one, nowMs));
      }
      case 'DELETE spot/orders':
        return cancel(open(false, asked.currency_pair)).map((one) => ({ ...tellOrder(one, nowMs), succeeded: true }));
      case 'GET spot/my_trades': {
        if (asked.from !== undefined && asked.to !== undefined && Number(asked.to) - Number(asked.from) > MONTH_SECONDS)
          throw fail('INVALID_PARAM_VALUE', 'time range can not exceed 30 days');
        const trades = exchange
          .tradesOf(exchange.find(asked.currency_pair ?? '').id, nowMs)
          .filter(
            ({ ms, order }) =>
              isWithin(ms, asked) && (asked.order_id === undefined || orderId({ number: order }) === asked.order_id),
          );
        return page(trades, asked, 100, 1_000).map((one) => this.#tellTrade(one));
      }
      case 'GET spot/price_orders': {
        if (asked.status !== 'open' && asked.status !== 'finished') throw wrong('status');
        const ended = viewsOf(exchange, nowMs).filter(({ order }) => isTrigger(order) && order.end !== null);
        const those = asked.status === 'open' ? open(true) : ended;
        const from = Number(asked.offset ?? 0);
        const of = those.filter(({ order }) => asked.market === undefined || order.rules.id === asked.market).reverse();
        return of.slice(from, from + Math.min(Number(asked.limit ?? 100), 1_000)).map(this.#tellTrigger);
      }
      case 'DELETE spot/price_orders':
        return cancel(open(true, asked.market)).map(this.#tellTrigger);
    }
    const id = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
    if (path.startsWith('spot/price_orders/')) {
      const found = viewsOf(exchange, nowMs).find(({ order }) => isTrigger(order) && String(triggerId(order)) === id);
      if (found === undefined) throw fail('AUTO_ORDER_NOT_FOUND', 'Order not found', 404);
      if (method === 'GET') return this.#tellTrigger(found);
      if (found.order.end !== null) throw fail('AUTO_ORDER_NOT_FOUND', 'Order not found', 404);
      return this.#tellTrigger(cancel([found])[0]);
    }
    if (path.startsWith('spot/orders/')) {
      const pair = exchange.find(asked.currency_pair ?? '').id;
      const found = viewsOf(exchange, nowMs).findLast(
        ({ order }) => order.rules.id === pair && isOrder(order) && isCalled(order, id),
      );
      if (found === undefined) throw fail('ORDER_NOT_FOUND', `Order with ID ${id} not found`, 404);
      if (method === 'GET') return tellOrder(found, nowMs);
      if (found.order.end !== null) throw fail('ORDER_CLOSED', `Order with ID ${id} is already closed`);
      return tellOrder(cancel([found])[0], nowMs);
    }
    throw fail('NOT_FOUND', 'Not found', 404);
  }

  #verify({ method, path, search, body, headers, nowMs }: Call): void {
    const header = (name: string) => String(headers[name] ?? '');
    if (header('key') !== credentials.apiKey) throw fail('INVALID_KEY', 'Invalid key provided', 401);
    const time = header('timestamp');
    if (!/^\d{10}(\.\d+)?$/.test(time) || Math.abs(Number(time) - nowMs / 1_000) > WINDOW_SECONDS)
      throw fail('REQUEST_EXPIRED', 'gap between request Timestamp and server time exceeding 60', 403);
    const hash = createHash('sha512').update(body).digest('hex');
    const whole = [method, path, decodeURIComponent(search), hash, time].join('\n');
    if (createHmac('sha512', credentials.secret).update(whole).digest('hex') !== header('sign'))
      throw fail('INVALID_SIGNATURE', 'Signature mismatch', 401);
  }

  /** The amount of a market buy is quote coin, always; a name begins with `t-`. */
  #order(asked: Asked, nowMs: number): unknown {
    const rules = this.#exchange.find(asked.currency_pair ?? '');
    const { type = 'limit', side, text: name, time_in_force: force = type === 'market' ? 'ioc' : 'gtc' } = asked;
    if (name !== undefined && !/^t-[0-9A-Za-z_.-]{0,28}$/.test(name))
      throw fail(
        'INVALID_PARAM_VALUE',
        'Client order id must start with `t-`, and be of 28 letters, digits, _ . - at most',
      );
    if (type !== 'limit' && type !== 'market') throw wrong('type');
    if (side !== 'buy' && side !== 'sell') throw wrong('side');
    if ((asked.account ?? 'spot') !== 'spot') throw wrong('account');
    if (!['gtc', 'ioc', 'poc'].includes(force) || (type === 'market' && force !== 'ioc')) throw wrong('time_in_force');
    const [amount, price] = [read(asked.amount), read(asked.price)];
    if (amount === null) throw fail('INVALID_PRECISION', 'Invalid amount precision');
    if (type === 'limit' && price === null) throw fail('INVALID_PRECISION', 'Invalid price precision');
    const byCost = type === 'market' && side === 'buy';
    const order = this.#exchange.place(
      {
        ...{
          clientId: name ?? unnamed(this.#exchange),
          symbolId: rules.id,
          side: side.toUpperCase() as Side,
          quantity: amount,
        },
        ...{
          type: type === 'market' ? 'MARKET' : force === 'poc' ? 'LIMIT_MAKER' : 'LIMIT',
          immediate: type === 'limit' && force === 'ioc',
        },
        ...(byCost ? { spend: amount } : {}),
        ...(type === 'limit' ? { limit: price! } : {}),
      },
      nowMs,
    );
    return tellOrder(this.#exchange.view(order, 'query', Number.POSITIVE_INFINITY)!, nowMs);
  }

  /** Nothing names a trigger but its id; without an end it isn't taken. */
  #trigger({ market = '', trigger = {}, put = {} }: TriggerBody, nowMs: number): unknown {
    const rules = this.#exchange.find(market);
    const { side } = put;
    if (side !== 'buy' && side !== 'sell') throw wrong('side');
    if (put.type !== 'market' || put.time_in_force !== 'ioc') throw wrong('type');
    if (!['normal', 'spot'].includes(put.account ?? '')) throw wrong('account');
    if (trigger.rule !== (side === 'sell' ? '<=' : '>=')) throw wrong('rule');
    if (!Number.isInteger(trigger.expiration) || trigger.expiration! <= 0)
      throw fail('MISSING_REQUIRED_PARAM', 'Missing required parameter: expiration');
    const [stop, amount] = [read(trigger.price), read(put.amount)];
    if (stop === null || amount === null) throw fail('INVALID_PRECISION', 'Invalid precision');
    const order = this.#exchange.place(
      {
        ...{ clientId: unnamed(this.#exchange), symbolId: rules.id, side: side.toUpperCase() as Side },
        ...{ type: 'STOP_LOSS', quantity: amount, stop },
      },
      nowMs,
    );
    this.#expiry.set(order, nowMs + trigger.expiration! * 1_000);
    return { id: triggerId(order) };
  }

  #expire(nowMs: number): void {
    for (const [order, ms] of this.#expiry) {
      if (ms > nowMs || order.end !== null) continue;
      this.#exchange.advance(ms);
      if (order.end === null) this.#exchange.endOrder(order, ms);
    }
  }

  #tellTrigger = ({ order }: OrderView) => {
    const { rules, side, quantity, stop, createdMs, triggeredMs, end } = order;
    const made = isOrder(order);
    const expiresMs = this.#expiry.get(order);
    const ended = made ? 'finish' : triggeredMs !== null ? 'failed' : end?.ms === expiresMs ? 'expired' : 'cancelled';
    return {
      trigger: { price: text(stop!), rule: side === 'SELL' ? '<=' : '>=', expiration: 86_400 },
      put: {
        ...{ type: 'market', side: side.toLowerCase(), price: '0', amount: text(quantity), account: 'normal' },
        ...{ time_in_force: 'ioc', text: 'api' },
      },
      ...{
        id: triggerId(order),
        user: 1,
        market: rules.id,
        ctime: seconds(createdMs),
        ftime: end === null ? 0 : seconds(end.ms),
      },
      ...{ fired_order_id: made ? Number(orderId(order)) : 0, status: end === null ? 'open' : ended, reason: '' },
    };
  };

  #tellTrade({ id, order, rules, side, price, quantity, fee, feeCoin, ms }: Trade) {
    const from = this.#exchange.orders.find(({ number }) => number === order)!;
    const third = feeCoin !== rules.base && feeCoin !== rules.quote;
    return {
      ...{ id: String(id), create_time: String(seconds(ms)), create_time_ms: ms.toFixed(3), currency_pair: rules.id },
      ...{
        side: side.toLowerCase(),
        role: from.limit === null ? 'taker' : 'maker',
        amount: text(quantity),
        price: text(price),
      },
      ...{
        order_id: orderId(from),
        fee: third ? '0' : text(fee),
        fee_currency: side === 'BUY' ? rules.base : rules.quote,
      },
      ...{ point_fee: '0', gt_fee: third ? text(fee) : '0', sequence_id: String(id), text: ownName(from) },
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

/** Of the order that a trigger made, the name is none of the client's. */
const ownName = (order: Order) => (isTrigger(order) ? 'auto' : nameOf(order) || 'apiv4');

/** By its name an order is known while it is open, and by its id alone once it has ended. */
const isCalled = (order: Order, id: string) => orderId(order) === id || (ownName(order) === id && order.end === null);

const isWithin = (ms: number, { from, to }: Asked) =>
  (from === undefined || seconds(ms) >= Number(from)) && (to === undefined || seconds(ms) <= Number(to));

/** Newest first; pages count from 1. */
function page<T>(ascending: readonly T[], asked: Asked, usual: number, most: number): T[] {
  const limit = Number(asked.limit ?? usual);
  if (!(limit >= 1 && limit <= most)) throw wrong('limit');
  const from = (Number(asked.page ?? 1) - 1) * limit;
  return [...ascending].reverse().slice(from, from + limit);
}

function tellOrder({ order, status, executed, spent }: OrderView, nowMs: number) {
  const { rules, side, type, limit, quantity, spend, createdMs, triggeredMs, end, trades } = order;
  const ms = triggeredMs ?? createdMs;
  const third = trades[0] !== undefined && ![rules.base, rules.quote].includes(trades[0].feeCoin);
  const fee = text(feeOf(order, nowMs));
  const ended = status === 'FILLED' ? 'filled' : limit !== null && end?.status === 'EXPIRED' ? 'ioc' : 'cancelled';
  return {
    ...{
      id: orderId(order),
      text: ownName(order),
      amend_text: '-',
      create_time: String(seconds(ms)),
      update_time: String(seconds(end?.ms ?? ms)),
    },
    ...{
      create_time_ms: Math.floor(ms),
      update_time_ms: Math.floor(end?.ms ?? ms),
      currency_pair: rules.id,
      account: 'spot',
    },
    status: end === null ? 'open' : status === 'FILLED' ? 'closed' : 'cancelled',
    ...{
      type: limit === null ? 'market' : 'limit',
      side: side.toLowerCase(),
      amount: text(spend ?? quantity),
      iceberg: '0',
    },
    ...{
      price: limit === null ? '0' : text(limit),
      time_in_force: type === 'LIMIT_MAKER' ? 'poc' : limit === null ? 'ioc' : 'gtc',
    },
    ...{
      left: text(spend === null ? quantity - executed : spend - spent),
      filled_amount: text(executed),
      fill_price: text(spent),
    },
    ...{ filled_total: text(spent), fee: third ? '0' : fee, fee_currency: side === 'BUY' ? rules.base : rules.quote },
    ...(executed === 0n ? {} : { avg_deal_price: text(over(spent, executed)) }),
    ...{
      point_fee: '0',
      gt_fee: third ? fee : '0',
      gt_discount: third,
      rebated_fee: '0',
      rebated_fee_currency: rules.quote,
    },
    finish_as: end === null ? 'open' : ended,
  };
}

const describe = (rules: Rules) => ({
  ...{ id: rules.id, base: rules.base, quote: rules.quote, fee: '0.2', min_base_amount: short(rules.minQuantity) },
  ...{
    min_quote_amount: short(rules.minNotional),
    max_quote_amount: '5000000',
    amount_precision: placesOf(rules.step),
  },
  ...{ precision: placesOf(rules.tick), trade_status: 'tradable', sell_start: 0, buy_start: 0, type: 'normal' },
});

export const gateRow: DialectRow = {
  ...{ name: 'gate', credentials, feeRate: 200_000n },
  ways: { clientIds: /./, idsUnique: 'nowhere', stopsHoldNothing: true, stopsFireAtOnce: true },
  rules: (base, quote) => ({
    ...{ symbol: `${base}/${quote}`, id: `${base}_${quote}`, base, quote, tick: 10_000_000n, step: 100n },
    ...{ minQuantity: 1_000n, maxQuantity: 10n ** 13n, maxMarketQuantity: 10n ** 13n, minNotional: 300_000_000n },
  }),
  dialect: (exchange) => new GateDialect(exchange),
  urls: (url) => {
    const of = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `${url}/api/v4`]));
    return {
      public: of(['wallet', 'futures', 'margin', 'delivery', 'spot', 'options', 'sub_accounts', 'earn']),
      private: of([
        ...[
          'withdrawals',
          'wallet',
          'futures',
          'margin',
          'delivery',
          'spot',
          'options',
          'subAccounts',
          'unified',
          'rebate',
        ],
        ...['earn', 'account', 'loan', 'otc'],
      ]),
    };
  },
  quirks: [
    'a name (text) begins with t-, then 28 letters, digits, _ . - at most; ccxt adds t- unless the name begins with t',
    'names may be used again: the same name again is another order; asked for, the newest is told',
    'by its name an order is known while it is open; ended, it is found in the list of finished orders, or by its id',
    'a market buy is by quote coin alone: a quantity is bought by a limit order with time_in_force ioc',
    'a market buy that was filled: ccxt works its quantity out of amount and average, filled_amount is the true one',
    'stops are price-triggered orders without a name; they end by themselves after trigger.expiration, which ccxt sets to a day',
    'a trigger that is reached makes an order with another id (fired_order_id) and no name of ours',
    'a trigger sets no coins aside, and fails where they are gone',
    'ccxt wants a price for a stop that sells at the market',
    'lists are pages from 1, newest first: 100 orders, 1000 trades; times are whole seconds; 30 days of trades at once',
    'fees may be taken in GT: fee is 0 then, and gt_fee the amount',
    'requests 60 s from the venue clock are refused',
  ],
};
