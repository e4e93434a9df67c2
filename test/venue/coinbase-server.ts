/**
 * Coinbase's Advanced Trade REST API (docs.cdp.coinbase.com: advanced-trade, CDP keys) and the few v2 lists that ccxt
 * asks for. A call is authorised by a JWT of two minutes for its method, host and path, signed by an EC key.
 */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { type Amount, exactly, fixed, over, placesOf, read, short, text } from './amount.ts';
import {
  barsOf,
  type Call,
  type Dialect,
  feeOf,
  nameOf,
  Refused,
  type Reply,
  tradesOf,
  viewsOf,
} from './dialect-server.ts';
import type { DialectRow } from './dialects.ts';
import type { HostileExchange, NewOrder, Order, OrderView, Reason, Refusal, Rules, Side, Trade } from './exchange.ts';

const secret = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' });
const credentials = { apiKey: 'organizations/8f2e/apiKeys/5c1d', secret: String(secret) };
const publicKey = createPublicKey(credentials.secret);
const FEE_RATE = 600_000n;
const ONE = 100_000_000n;
const CANDLES = 350;
const PAGE = { accounts: 250, fills: 100, orders: 1_000 };
const SECONDS: Readonly<Record<string, number>> = {
  ...{ ONE_MINUTE: 60, FIVE_MINUTE: 300, FIFTEEN_MINUTE: 900, THIRTY_MINUTE: 1_800, ONE_HOUR: 3_600 },
  ...{ TWO_HOUR: 7_200, SIX_HOUR: 21_600, ONE_DAY: 86_400 },
};

/** Why an order is refused; each comes with HTTP 200 and `success: false`. */
const WORDS: Partial<Record<Reason, string>> = {
  symbol: 'PREVIEW_INVALID_PRODUCT_ID',
  quantity: 'PREVIEW_INVALID_BASE_SIZE_TOO_SMALL',
  'quantity-step': 'PREVIEW_INVALID_SIZE_PRECISION',
  'market-quantity': 'PREVIEW_INVALID_BASE_SIZE_TOO_LARGE',
  'price-step': 'PREVIEW_INVALID_PRICE_PRECISION',
  notional: 'PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL',
  'stop-side': 'PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE',
  'would-take': 'PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY',
  funds: 'PREVIEW_INSUFFICIENT_FUND',
};

const fail = (status: number, error: string, message: string) =>
  new Refused(status, { error, error_details: message, message });
const refuse = (reason: string) => new Refused(200, failure(reason));
const failure = (reason: string) => ({
  success: false,
  error_response: {
    ...{ error: reason === 'PREVIEW_INSUFFICIENT_FUND' ? 'INSUFFICIENT_FUND' : 'UNKNOWN_FAILURE_REASON', message: '' },
    ...{ error_details: '', preview_failure_reason: reason },
  },
});
const unauthorised = () => new Refused(401, 'Unauthorized\n', { 'content-type': 'text/plain' });
const idOf = ({ number }: { readonly number: number }) => `4f1c0000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const iso = (ms: number) => new Date(ms).toISOString();

type Configuration = Readonly<Record<string, string | boolean>>;
interface OrderBody {
  readonly client_order_id?: string;
  readonly product_id?: string;
  readonly side?: string;
  readonly order_configuration?: Readonly<Record<string, Configuration>>;
}

export class CoinbaseDialect implements Dialect {
  readonly #exchange: HostileExchange;
  readonly #configurations = new Map<Order, Readonly<Record<string, Configuration>>>();

  constructor(exchange: HostileExchange) {
    this.#exchange = exchange;
  }

  isPrivate = ({ path }: Call) =>
    /^\/v2\/accounts$|^\/api\/v3\/brokerage\/(accounts|orders|transaction_summary|products|product_book|best_bid_ask|key_permissions)/.test(
      path,
    );
  isOrder = ({ method, path }: Call) => method === 'POST' && path === '/api/v3/brokerage/orders';
  tooMany = (): Reply => ({
    status: 429,
    body: { errors: [{ id: 'rate_limit_exceeded', message: 'You have exceeded your request limit.' }] },
  });
  down = (): Reply => ({ status: 503, body: 'Service Unavailable', headers: { 'content-type': 'text/plain' } });
  word = ({ reason, message }: Refusal, call: Call): Reply =>
    this.isOrder(call)
      ? { status: 200, body: failure(WORDS[reason] ?? message) }
      : { status: 400, body: { error: 'INVALID_ARGUMENT', error_details: message, message } };

  answer(call: Call): unknown {
    const { path, query, nowMs } = call;
    const asked = path.replace('/api/v3/brokerage/', '');
    if (this.isPrivate(call)) {
      this.#verify(call);
      this.#exchange.advance(nowMs);
    }
    if (path.startsWith('/v2/'))
      return { pagination: { next_uri: null }, data: this.#second(path.slice('/v2/'.length), nowMs) };
    if (this.isPrivate(call)) {
      const told = this.#account(call, asked);
      if (told !== undefined) return told;
    }
    const [, product, part] = /^(?:market\/)?products\/([^/]+)(?:\/(\w+))?$/.exec(asked) ?? [];
    switch (asked) {
      case 'time':
        return {
          iso: iso(nowMs),
          epochSeconds: String(Math.floor(nowMs / 1_000)),
          epochMillis: String(Math.floor(nowMs)),
        };
      case 'market/products':
      case 'products': {
        const products =
          (query.get('product_type') ?? 'SPOT') === 'SPOT'
            ? this.#exchange.rules.map((one) => this.#describe(one, nowMs))
            : [];
        return { products, num_products: products.length };
      }
      case 'market/product_book':
      case 'product_book': {
        const rules = this.#find(query.get('product_id'));
        const [, bid, ask] = this.#prices(rules, nowMs);
        return {
          pricebook: {
            product_id: rules.id,
            bids: [{ price: bid, size: '3' }],
            asks: [{ price: ask, size: '3' }],
            time: iso(nowMs),
          },
        };
      }
    }
    if (product !== undefined) {
      const rules = this.#find(product);
      const [price, best_bid, best_ask] = this.#prices(rules, nowMs);
      if (part === undefined) return this.#describe(rules, nowMs);
      if (part === 'candles') return { candles: this.#candles(rules, query, nowMs) };
      const trade = {
        trade_id: '1',
        product_id: rules.id,
        price,
        size: '0.1',
        time: iso(nowMs),
        side: 'BUY',
        bid: '',
        ask: '',
      };
      if (part === 'ticker') return { trades: [trade], best_bid, best_ask };
    }
    throw fail(404, 'NOT_FOUND', 'not found');
  }

  /** The lists of coins of the older API. */
  #second(path: string, nowMs: number): unknown {
    const coins = [...new Set(this.#exchange.rules.flatMap(({ base, quote }) => [base, quote]))];
    switch (path) {
      // What is on hold isn't told apart here.
      case 'accounts':
        return [...this.#exchange.balances(nowMs)].map(([code, { free, locked }]) => ({
          ...{ id: `id-${code}`, name: `${code} Wallet`, primary: true, type: 'wallet', currency: { code } },
          balance: { amount: text(free + locked), currency: code },
        }));
      case 'time':
        return { iso: iso(nowMs), epoch: Math.floor(nowMs / 1_000) };
      case 'currencies':
        return [{ id: 'USD', name: 'US Dollar', min_size: '0.01' }];
      case 'currencies/crypto':
        return coins.map((code) => ({
          asset_id: `id-${code}`,
          code,
          name: code,
          color: '#000',
          exponent: 8,
          type: 'crypto',
        }));
      case 'exchange-rates':
        return { currency: 'USD', rates: Object.fromEntries(coins.map((coin) => [coin, '1'])) };
    }
    throw fail(404, 'not_found', 'Not found');
  }

  /** Newest first, at most 350 in the span that was asked for. */
  #candles(rules: Rules, query: URLSearchParams, nowMs: number): unknown {
    const seconds = SECONDS[query.get('granularity') ?? ''];
    if (seconds === undefined) throw fail(400, 'INVALID_ARGUMENT', 'granularity argument is invalid');
    const [start, end] = ['start', 'end'].map((name) => Number(query.get(name) ?? Number.NaN));
    if (!(start <= end)) throw fail(400, 'INVALID_ARGUMENT', 'start and end are required');
    if ((end - start) / seconds > CANDLES)
      throw fail(400, 'INVALID_ARGUMENT', 'number of candles requested should be less than 350');
    const limit = Math.min(Number(query.get('limit') ?? CANDLES), CANDLES);
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    return barsOf(this.#exchange, rules, { lengthMs: seconds * 1_000, fromMs: start * 1_000, toMs: end * 1_000, nowMs })
      .reverse()
      .slice(0, limit)
      .map(({ openMs, open, high, low, close, volume }) => ({
        ...{
          start: String(openMs / 1_000),
          low: price(low),
          high: price(high),
          open: price(open),
          close: price(close),
        },
        volume: text(volume),
      }));
  }

  /** Undefined for what is told in public, too. */
  #account({ method, query, nowMs, body }: Call, asked: string): unknown {
    const exchange = this.#exchange;
    const products = [...query.getAll('product_ids'), ...query.getAll('product_id')];
    const isOf = ({ id }: Rules) => products.length === 0 || products.includes(id);
    switch (`${method} ${asked}`) {
      case 'GET accounts': {
        const accounts = [...exchange.balances(nowMs)].map(([currency, { free, locked }]) => ({
          ...{
            uuid: `uuid-${currency}`,
            name: `${currency} Wallet`,
            currency,
            available_balance: { value: text(free), currency },
          },
          ...{
            default: true,
            active: true,
            type: 'ACCOUNT_TYPE_CRYPTO',
            ready: true,
            hold: { value: text(locked), currency },
          },
        }));
        const { items, cursor } = page(accounts, query, 49, PAGE.accounts);
        return { accounts: items, has_next: cursor !== '', cursor, size: items.length };
      }
      case 'GET transaction_summary':
        return {
          total_volume: 0,
          total_fees: 0,
          fee_tier: { pricing_tier: '', taker_fee_rate: '0.006', maker_fee_rate: '0.004' },
        };
      case 'GET key_permissions':
        return { can_view: true, can_trade: true, can_transfer: false, portfolio_uuid: '', portfolio_type: 'DEFAULT' };
      case 'POST orders':
        return this.#order(JSON.parse(body) as OrderBody, nowMs);
      case 'POST orders/batch_cancel': {
        const { order_ids: ids = [] } = JSON.parse(body) as { order_ids?: string[] };
        return { results: ids.map((id) => this.#cancel(id, nowMs)) };
      }
      case 'GET orders/historical/batch': {
        const [states, ids] = [query.getAll('order_status'), query.getAll('order_ids')];
        if (states.includes('OPEN') && states.length > 1)
          throw fail(400, 'INVALID_ARGUMENT', 'OPEN orders can not be asked for with others');
        const open = states.includes('OPEN') ? exchange.openOrders(null, nowMs) : viewsOf(exchange, nowMs);
        const [from, to] = ['start_date', 'end_date'].map((name) => query.get(name));
        const orders = open
          .filter(({ order }) => isOf(order.rules) && (ids.length === 0 || ids.includes(idOf(order))))
          .filter(
            ({ order }) =>
              (from === null || order.createdMs >= Date.parse(from)) &&
              (to === null || order.createdMs <= Date.parse(to)),
          )
          .map((one) => this.#tell(one, nowMs))
          .filter(({ status }) => states.length === 0 || states.includes(status))
          .reverse();
        const { items, cursor } = page(orders, query, PAGE.orders, PAGE.orders);
        return { orders: items, sequence: '0', has_next: cursor !== '', cursor };
      }
      case 'GET orders/historical/fills': {
        const ids = [...query.getAll('order_ids'), ...query.getAll('order_id')];
        const [from, to] = ['start_sequence_timestamp', 'end_sequence_timestamp'].map((name) => query.get(name));
        const fills = tradesOf(exchange, nowMs)
          .filter(({ rules, order }) => isOf(rules) && (ids.length === 0 || ids.includes(idOf({ number: order }))))
          .filter(({ ms }) => (from === null || ms >= Date.parse(from)) && (to === null || ms <= Date.parse(to)))
          .reverse();
        const { items, cursor } = page(fills, query, PAGE.fills, PAGE.fills);
        return { fills: items.map((one) => this.#tellFill(one)), cursor };
      }
    }
    if (method === 'GET' && asked.startsWith('orders/historical/')) {
      const id = asked.slice('orders/historical/'.length);
      const found = viewsOf(exchange, nowMs).find(({ order }) => idOf(order) === id);
      if (found === undefined) throw fail(404, 'unknown', 'order with this orderID was not found');
      return { order: this.#tell(found, nowMs) };
    }
    return undefined;
  }

  #verify({ method, path, headers, nowMs }: Call): void {
    const parts = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(String(headers.authorization ?? ''));
    if (parts === null) throw unauthorised();
    const [header, claims] = parts
      .slice(1, 3)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
    const signature = Buffer.from(parts[3], 'base64url');
    const isSigned = verify(
      'sha256',
      Buffer.from(`${parts[1]}.${parts[2]}`),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      signature,
    );
    const seconds = nowMs / 1_000;
    const isTimely =
      Number(claims.nbf) <= seconds + 5 &&
      seconds < Number(claims.exp) &&
      Number(claims.exp) - Number(claims.nbf) <= 120;
    const isMeant = [`${method} ${headers.host}${path}`, `${method} http://${headers.host}${path}`].includes(
      String(claims.uri),
    );
    if (header.alg !== 'ES256' || header.kid !== credentials.apiKey || claims.sub !== credentials.apiKey)
      throw unauthorised();
    if (!isSigned || !isTimely || !isMeant || header.nonce === undefined) throw unauthorised();
  }

  /** A name that was used before makes no order: the one that has it is told again. */
  #order(
    { client_order_id: name = '', product_id = '', side, order_configuration: configuration = {} }: OrderBody,
    nowMs: number,
  ): unknown {
    if (name === '') throw fail(400, 'INVALID_ARGUMENT', 'client_order_id is required');
    if (side !== 'BUY' && side !== 'SELL') throw fail(400, 'INVALID_ARGUMENT', 'side is required');
    const known = this.#exchange.orders.find((one) => nameOf(one) === name);
    const order = known ?? this.#place(name, product_id, side, configuration, nowMs);
    if (known === undefined) this.#configurations.set(order, configuration);
    const told = { order_id: idOf(order), product_id: order.rules.id, side: order.side, client_order_id: name };
    return { success: true, success_response: told, order_configuration: this.#configurations.get(order) };
  }

  #place(
    clientId: string,
    product: string,
    side: Side,
    configuration: Readonly<Record<string, Configuration>>,
    nowMs: number,
  ): Order {
    const rules = this.#exchange.find(product);
    const [[kind, settings] = ['', {}]] = Object.entries(configuration);
    const number = (name: string): Amount | undefined => {
      if (settings[name] === undefined) return undefined;
      const value = read(settings[name]);
      if (value === null)
        throw refuse(name.endsWith('size') ? 'PREVIEW_INVALID_SIZE_PRECISION' : 'PREVIEW_INVALID_PRICE_PRECISION');
      return value;
    };
    const [size, spend, limit, stop] = ['base_size', 'quote_size', 'limit_price', 'stop_price'].map(number);
    const basics = { clientId, symbolId: rules.id, side, quantity: size ?? 0n };
    let wanted: NewOrder | null = null;
    if (kind === 'market_market_ioc' && size !== undefined && spend === undefined)
      wanted = { ...basics, type: 'MARKET' };
    // The fee is within what is to be spent.
    else if (kind === 'market_market_ioc' && spend !== undefined && size === undefined && side === 'BUY')
      wanted = { ...basics, type: 'MARKET', spend: over(spend, ONE + FEE_RATE) };
    else if (kind === 'limit_limit_gtc' && size !== undefined && limit !== undefined)
      wanted = { ...basics, type: settings.post_only === true ? 'LIMIT_MAKER' : 'LIMIT', limit };
    else if (kind === 'sor_limit_ioc' && size !== undefined && limit !== undefined)
      wanted = { ...basics, type: 'LIMIT', limit, immediate: true };
    else if (kind === 'stop_limit_stop_limit_gtc' && size !== undefined && limit !== undefined && stop !== undefined) {
      const down = settings.stop_direction === 'STOP_DIRECTION_STOP_DOWN';
      if (down !== (side === 'SELL')) throw refuse('UNSUPPORTED_ORDER_CONFIGURATION');
      wanted = { ...basics, type: 'STOP_LOSS', limit, stop };
    }
    if (wanted === null) throw refuse('UNSUPPORTED_ORDER_CONFIGURATION');
    return this.#exchange.place(wanted, nowMs);
  }

  #cancel(id: string, nowMs: number): unknown {
    const order = this.#exchange.openOrders(null, nowMs).find((one) => idOf(one.order) === id)?.order;
    if (order === undefined) return { success: false, failure_reason: 'UNKNOWN_CANCEL_ORDER', order_id: id };
    this.#exchange.cancel(order.rules.id, order.clientId, nowMs);
    return { success: true, failure_reason: 'UNKNOWN_CANCEL_FAILURE_REASON', order_id: id };
  }

  #find(id: string | null): Rules {
    const rules = this.#exchange.rules.find((one) => one.id === id);
    if (rules === undefined) throw fail(404, 'NOT_FOUND', 'valid product_id is required');
    return rules;
  }

  /** Last, bid, ask. */
  #prices(rules: Rules, nowMs: number): string[] {
    const exchange = this.#exchange;
    return [exchange.path(rules).priceAt(nowMs), exchange.bid(rules, nowMs), exchange.ask(rules, nowMs)].map((value) =>
      fixed(value, placesOf(rules.tick)),
    );
  }

  #describe(rules: Rules, nowMs: number): unknown {
    return {
      ...{
        product_id: rules.id,
        price: this.#prices(rules, nowMs)[0],
        base_currency_id: rules.base,
        quote_currency_id: rules.quote,
      },
      ...{ base_increment: short(rules.step), quote_increment: short(rules.tick), price_increment: short(rules.tick) },
      ...{
        base_min_size: short(rules.minQuantity),
        base_max_size: short(rules.maxQuantity),
        quote_min_size: short(rules.minNotional),
      },
      ...{ quote_max_size: '150000000', is_disabled: false, cancel_only: false, limit_only: false, post_only: false },
      ...{
        trading_disabled: false,
        auction_mode: false,
        product_type: 'SPOT',
        status: 'online',
        alias: '',
        alias_to: [],
        view_only: false,
      },
    };
  }

  #tell({ order, status, executed, spent }: OrderView, nowMs: number) {
    const { type, rules, side, createdMs, end, spend, triggeredMs } = order;
    const fee = feeOf(order, nowMs);
    const [kind = ''] = Object.keys(this.#configurations.get(order) ?? {});
    return {
      ...{
        order_id: idOf(order),
        product_id: rules.id,
        user_id: 'user',
        order_configuration: this.#configurations.get(order),
      },
      ...{
        side,
        client_order_id: nameOf(order),
        status: status === 'FILLED' ? 'FILLED' : end === null ? 'OPEN' : 'CANCELLED',
      },
      time_in_force: kind.endsWith('gtc') ? 'GOOD_UNTIL_CANCELLED' : 'IMMEDIATE_OR_CANCEL',
      ...{
        created_time: iso(createdMs),
        last_fill_time: order.trades.length === 0 ? null : iso(order.trades.at(-1)!.ms),
      },
      ...{ filled_size: text(executed), average_filled_price: executed === 0n ? '0' : text(over(spent, executed)) },
      ...{ filled_value: text(spent), total_fees: text(fee), fee: '', number_of_fills: String(order.trades.length) },
      ...{
        size_in_quote: spend !== null,
        size_inclusive_of_fees: spend !== null,
        pending_cancel: false,
        settled: end !== null,
      },
      total_value_after_fees: text(side === 'BUY' ? spent + fee : spent - fee),
      trigger_status:
        type !== 'STOP_LOSS' ? 'INVALID_ORDER_TYPE' : triggeredMs === null ? 'STOP_PENDING' : 'STOP_TRIGGERED',
      order_type: type === 'MARKET' ? 'MARKET' : type === 'STOP_LOSS' ? 'STOP_LIMIT' : 'LIMIT',
      ...{ reject_reason: 'REJECT_REASON_UNSPECIFIED', product_type: 'SPOT', cancel_message: '', reject_message: '' },
    };
  }

  /** Of a buy for an amount of money, the size is money, too. */
  #tellFill({ id, order, rules, side, price, quantity, fee, ms }: Trade) {
    const from = this.#exchange.orders.find(({ number }) => number === order)!;
    const inQuote = from.spend !== null;
    return {
      ...{
        entry_id: `entry-${id}`,
        trade_id: `trade-${id}`,
        order_id: idOf(from),
        trade_time: iso(ms),
        trade_type: 'FILL',
      },
      ...{
        price: text(price),
        size: inQuote ? exactly(price, quantity) : text(quantity),
        commission: text(fee),
        product_id: rules.id,
      },
      ...{
        sequence_timestamp: iso(ms),
        liquidity_indicator: from.limit === null ? 'TAKER' : 'MAKER',
        size_in_quote: inQuote,
        side,
      },
    };
  }
}

/** A cursor is the place of the next one in the list; empty on the last page. */
function page<T>(
  all: readonly T[],
  query: URLSearchParams,
  usual: number,
  most: number,
): { items: T[]; cursor: string } {
  const from = Number(query.get('cursor') ?? 0);
  const to = from + Math.min(Number(query.get('limit') ?? usual), most);
  return { items: all.slice(from, to), cursor: to < all.length ? String(to) : '' };
}

export const coinbaseRow: DialectRow = {
  ...{ name: 'coinbase', credentials, feeRate: FEE_RATE },
  ways: { clientIds: /./, idsUnique: 'ever', feesInQuote: true },
  rules: (base, quote) => ({
    ...{ symbol: `${base}/${quote}`, id: `${base}-${quote}`, base, quote, tick: 1_000_000n, step: 1n },
    ...{ minQuantity: 1n, maxQuantity: 10n ** 12n, maxMarketQuantity: 10n ** 12n, minNotional: ONE },
  }),
  dialect: (exchange) => new CoinbaseDialect(exchange),
  urls: (url) => ({ rest: url }),
  quirks: [
    'a client_order_id that was used before makes no order: the answer is a success that tells of the first one',
    'ccxt sends client_order_id alone, and drops clientOrderId',
    'no endpoint finds an order by the name that the client gave: one looks through the list of orders',
    'a market buy is by quote_size, its fee included, or by base_size; ccxt knows the first alone',
    'stops are stop-limit orders: none sells at the market; a stop that is reached already is refused',
    'of a buy by quote_size, a fill tells its size in quote coin (size_in_quote)',
    'fees are taken in the quote coin',
    'OPEN orders are asked for alone; lists go on by cursor, fills 100 a page, newest first',
    "ccxt's fetchBalance asks the older API, which tells no holds, unless its params say v3",
    'balances are 49 a page unless asked, 250 at most',
    'an order that is refused is HTTP 200 with success false; a cancel that failed, too',
    'candles: 350 at most, and more in the span is an error',
  ],
};
