/**
 * The hostile exchange behind Binance's documented REST and stream dialect (developers.binance.com/docs/binance-spot-api-docs),
 * on 127.0.0.1. Beside what the exchange itself does wrong, bodies stall, trickle and are cut in the middle.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { amount, text } from './amount.ts';
import { type BodyTrouble, sendBody } from './bodies.ts';
import { type HostileExchange, type NewOrder, type OrderView, Refusal, type Rules, type Trade } from './exchange.ts';
import type { Bar } from './market-path.ts';

export interface BinanceServerOptions {
  readonly exchange: HostileExchange;
  readonly keys: { readonly key: string; readonly secret: string };
  /** The venue's time. */
  readonly nowMs: () => number;
  /** Times as fast as life: how often streams look at the clock. */
  readonly speed: number;
  /** What happens to the body of this answer; null for nothing. */
  readonly mistreat?: (method: string, path: string, nowMs: number) => BodyTrouble | null;
}

const LENGTHS: Readonly<Record<string, number>> = {
  ...{ '1s': 1_000, '1m': 60_000, '3m': 180_000, '5m': 300_000, '15m': 900_000, '30m': 1_800_000, '1h': 3_600_000 },
  ...{ '4h': 14_400_000, '1d': 86_400_000 },
};

export class BinanceServer {
  readonly #options: BinanceServerOptions;
  readonly #server = createServer((request, response) => this.#onRequest(request, response));
  readonly #streams = new WebSocketServer({ server: this.#server });
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Every request that came in: `GET /api/v3/time`. */
  readonly seen: string[] = [];

  constructor(options: BinanceServerOptions) {
    this.#options = options;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    this.#streams.on('connection', (stream) => this.#onStream(stream));
  }

  /** @returns `http://127.0.0.1:PORT` */
  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const client of this.#streams.clients) client.terminate();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    request.setEncoding('utf8');
    for await (const part of request) body += part;
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const method = request.method ?? 'GET';
    this.seen.push(`${method} ${url.pathname}`);
    let status = 200;
    let answer: unknown;
    const headers: Record<string, string> = { 'content-type': 'application/json;charset=UTF-8' };
    const now = this.#options.nowMs();
    const { troubles } = this.#options.exchange;
    const isPrivate = /account|order|openOrders|myTrades/i.test(url.pathname);
    if (isPrivate && troubles.at('maintenance', now) !== null)
      [status, answer] = [
        503,
        { code: -1001, msg: 'Internal error; unable to process your request. Please try again.' },
      ];
    else if (!isPrivate && !url.pathname.endsWith('/time') && troubles.at('public-limit', now) !== null) {
      [status, answer] = [429, { code: -1003, msg: 'Too much request weight used.' }];
      headers['retry-after'] = '60';
    } else
      try {
        answer = this.#answer(method, url, body, request, now);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        [status, answer] = [400, { code: error.code, msg: error.message }];
      }
    if (answer === CUT) {
      request.socket.destroy();
      return;
    }
    if (answer === HANG) return;
    const trouble = this.#options.mistreat?.(method, url.pathname, this.#options.nowMs()) ?? null;
    sendBody(response, { status, headers, body: JSON.stringify(answer) }, trouble, this.#timers);
  }

  #answer(method: string, url: URL, body: string, request: IncomingMessage, now: number): unknown {
    const { exchange } = this.#options;
    const route = `${method} ${url.pathname.replace(/^\/(api\/v3|api\/v1|sapi\/v1)/, '')}`;
    const query = url.searchParams;
    const asked = (name: string) => query.get(name);
    switch (route) {
      case 'GET /ping':
        return {};
      case 'GET /time':
        return { serverTime: Math.floor(now) };
      case 'GET /exchangeInfo':
        return {
          timezone: 'UTC',
          serverTime: Math.floor(now),
          rateLimits: [],
          exchangeFilters: [],
          symbols: exchange.rules.map(describe),
        };
      case 'GET /klines':
        return this.#klines(exchange.find(asked('symbol') ?? ''), query, now);
      case 'GET /ticker/bookTicker':
      case 'GET /ticker/24hr':
      case 'GET /ticker/price': {
        const rules = exchange.find(asked('symbol') ?? '');
        const [bid, ask] = [exchange.bid(rules, now), exchange.ask(rules, now)];
        const price = text(exchange.path(rules).priceAt(now));
        return {
          ...{ symbol: rules.id, bidPrice: text(bid), bidQty: '3.00000000', askPrice: text(ask), askQty: '3.00000000' },
          ...{ price, lastPrice: price, closeTime: Math.floor(now), openTime: Math.floor(now) - 86_400_000 },
        };
      }
      case 'GET /depth': {
        const rules = exchange.find(asked('symbol') ?? '');
        const level = (price: bigint) => [text(price), '3.00000000'];
        return {
          lastUpdateId: Math.floor(now),
          bids: [level(exchange.bid(rules, now))],
          asks: [level(exchange.ask(rules, now))],
        };
      }
      case 'GET /account/apiRestrictions':
        return { ipRestrict: true, enableReading: true, enableSpotAndMarginTrading: true, enableWithdrawals: false };
    }
    const signed = this.#verify(url, body, request, now);
    const symbol = signed.get('symbol') ?? '';
    switch (route) {
      case 'GET /account':
        return {
          ...{ makerCommission: 10, takerCommission: 10, canTrade: true, canWithdraw: false, canDeposit: true },
          ...{ updateTime: Math.floor(now), accountType: 'SPOT', permissions: ['SPOT'] },
          balances: [...exchange.balances(now)].map(([asset, { free, locked }]) => ({
            asset,
            free: text(free),
            locked: text(locked),
          })),
        };
      case 'GET /openOrders':
        return exchange.openOrders(symbol === '' ? null : exchange.find(symbol).id, now).map(tellOrder);
      case 'GET /order': {
        const id = signed.get('origClientOrderId');
        if (id !== null) return tellOrder(exchange.query(exchange.find(symbol).id, id, now));
        const order = exchange.orders.find(
          (one) => String(one.number) === signed.get('orderId') && one.rules.id === symbol,
        );
        const view = order === undefined ? null : exchange.view(order, 'query', now);
        if (view === null) throw new Refusal(-2013, 'Order does not exist.');
        return tellOrder(view);
      }
      case 'GET /allOrders':
        return exchange.orders
          .filter((one) => one.rules.id === symbol)
          .map((one) => exchange.view(one, 'query', now))
          .filter((one) => one !== null)
          .slice(-500)
          .map(tellOrder);
      case 'GET /myTrades':
        return this.#myTrades(symbol, signed, now);
      case 'POST /order/test':
        return {};
      case 'POST /order':
        return this.#newOrder(symbol, signed, now);
      case 'DELETE /order': {
        const id =
          signed.get('origClientOrderId') ??
          exchange.orders.find((one) => String(one.number) === signed.get('orderId'))?.clientId ??
          '';
        return tellOrder(exchange.cancel(exchange.find(symbol).id, id, now));
      }
      case 'DELETE /openOrders': {
        const open = exchange.openOrders(exchange.find(symbol).id, now);
        if (open.length === 0) throw new Refusal(-2011, 'Unknown order sent.');
        return open.map(({ order }) => tellOrder(exchange.cancel(symbol, order.clientId, now)));
      }
    }
    throw new Refusal(-1000, `no such endpoint: ${route}`);
  }

  #newOrder(symbol: string, asked: URLSearchParams, now: number): unknown {
    const { exchange } = this.#options;
    const { troubles } = exchange;
    if (troubles.at('request-lost', now) !== null) return HANG;
    const type = asked.get('type') as NewOrder['type'];
    if (!['MARKET', 'LIMIT', 'LIMIT_MAKER', 'STOP_LOSS'].includes(type)) throw new Refusal(-1116, 'Invalid orderType.');
    const side = asked.get('side');
    if (side !== 'BUY' && side !== 'SELL') throw new Refusal(-1117, 'Invalid side.');
    const number = (name: string) => (asked.get(name) === null ? undefined : parse(asked.get(name)!, name));
    const rules = exchange.find(symbol);
    // By an amount of quote coin: as much as it buys at the ask.
    const spend = number('quoteOrderQty');
    const quantity =
      number('quantity') ??
      (spend === undefined ? 0n : ((spend * 100_000_000n) / exchange.ask(rules, now) / rules.step) * rules.step);
    const [limit, stop] = [number('price'), number('stopPrice')];
    const order = exchange.place(
      {
        ...{
          clientId: asked.get('newClientOrderId') ?? `auto${exchange.orders.length}`,
          symbolId: symbol,
          side,
          type,
          quantity,
        },
        ...(limit === undefined ? {} : { limit }),
        ...(stop === undefined ? {} : { stop }),
      },
      now,
    );
    if (troubles.at('listed-late', now) !== null || troubles.at('answer-cut', now) !== null) return CUT;
    if (troubles.at('error-but-taken', now) !== null)
      throw new Refusal(
        -1007,
        'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
      );
    const view = exchange.view(order, 'query', Number.POSITIVE_INFINITY)!;
    return { ...tellOrder(view), transactTime: Math.floor(now), fills: order.trades.map(tellFill) };
  }

  #myTrades(symbol: string, asked: URLSearchParams, now: number): unknown {
    const { exchange } = this.#options;
    const number = (name: string) => (asked.get(name) === null ? null : Number(asked.get(name)));
    const [start, end, fromId, orderId] = [number('startTime'), number('endTime'), number('fromId'), number('orderId')];
    const limit = Math.min(number('limit') ?? 500, 1_000);
    if (start !== null && end !== null && end - start > 86_400_000)
      throw new Refusal(-1127, 'More than 24 hours between startTime and endTime.');
    const told = exchange
      .tradesOf(exchange.find(symbol).id, now)
      .filter((one) => (orderId === null || one.order === orderId) && (fromId === null || one.id >= fromId))
      .filter((one) => (start === null || Math.floor(one.ms) >= start) && (end === null || Math.floor(one.ms) <= end));
    // From a start or an id on the oldest come first; without either, the newest are told.
    const page = start !== null || fromId !== null ? told.slice(0, limit) : told.slice(-limit);
    return page.map(tellTrade);
  }

  #klines(rules: Rules, query: URLSearchParams, now: number): unknown {
    const length = LENGTHS[query.get('interval') ?? ''];
    if (length === undefined) throw new Refusal(-1120, 'Invalid interval.');
    const { exchange } = this.#options;
    if (exchange.troubles.at('invalid-symbol', now) !== null) throw new Refusal(-1121, 'Invalid symbol.');
    const limit = Math.min(Number(query.get('limit') ?? 500), 1_000);
    const [start, end] = [query.get('startTime'), query.get('endTime')];
    const last = Math.min(end === null ? now : Number(end), now);
    const from =
      start === null
        ? Math.floor(last / length) * length - (limit - 1) * length
        : Math.ceil(Number(start) / length) * length;
    const rows: unknown[] = [];
    for (let at = from; at <= last && rows.length < limit; at += length) {
      const bar = exchange.path(rules).bar(at, length, now);
      if (bar !== null) rows.push(tellBar(bar, length));
    }
    return rows;
  }

  /** A signed call's parameters. @throws Refusal */
  #verify(url: URL, body: string, request: IncomingMessage, now: number): URLSearchParams {
    const { key, secret } = this.#options.keys;
    if (request.headers['x-mbx-apikey'] !== key)
      throw new Refusal(-2015, 'Invalid API-key, IP, or permissions for action.');
    const whole = url.search.slice(1) + body;
    const match = /^(.*)&signature=([0-9a-f]+)$/.exec(whole);
    if (match === null)
      throw new Refusal(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.");
    if (createHmac('sha256', secret).update(match[1]).digest('hex') !== match[2])
      throw new Refusal(-1022, 'Signature for this request is not valid.');
    const asked = new URLSearchParams(whole);
    const timestamp = Number(asked.get('timestamp'));
    const window = Number(asked.get('recvWindow') ?? 5_000);
    if (!(timestamp < now + 1_000 && now - timestamp <= window))
      throw new Refusal(-1021, 'Timestamp for this request is outside of the recvWindow.');
    return asked;
  }

  #onStream(stream: WebSocket): void {
    stream.on('error', () => {});
    const wanted = new Map<string, { rules: Rules; interval: string; length: number }>();
    stream.on('message', (data) => {
      const message = JSON.parse(String(data)) as { method: string; params: string[]; id: number };
      for (const name of message.params ?? []) {
        const [id, kind] = name.split('@');
        const interval = kind?.replace('kline_', '') ?? '';
        const rules = this.#options.exchange.rules.find((one) => one.id === id.toUpperCase());
        if (rules === undefined || LENGTHS[interval] === undefined) continue;
        if (message.method === 'SUBSCRIBE') wanted.set(name, { rules, interval, length: LENGTHS[interval] });
        else wanted.delete(name);
      }
      stream.send(JSON.stringify({ result: null, id: message.id }));
    });
    let lastMs = this.#options.nowMs();
    const timer = setInterval(
      () => {
        const now = this.#options.nowMs();
        const { troubles } = this.#options.exchange;
        if (troubles.at('dropped-stream', now) !== null) stream.terminate();
        else if (troubles.at('mute-stream', now) === null)
          for (const { rules, interval, length } of wanted.values())
            this.#tell(stream, rules, interval, length, lastMs, now);
        lastMs = now;
      },
      Math.max(10, 2_000 / this.#options.speed),
    );
    this.#timers.add(timer);
    stream.on('close', () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    });
  }

  #tell(stream: WebSocket, rules: Rules, interval: string, length: number, lastMs: number, now: number): void {
    const { exchange } = this.#options;
    const path = exchange.path(rules);
    const [before, open] = [lastMs, now].map((ms) => Math.floor(ms / length) * length);
    const wrong = exchange.troubles.at('wrong-final', now) !== null;
    for (let at = before; at <= open; at += length) {
      const bar = path.bar(at, length, now);
      if (bar === null || stream.readyState !== WebSocket.OPEN) continue;
      const closed = at < open;
      const told = closed && wrong ? { ...bar, close: bar.close / 10n, low: bar.low / 10n } : bar;
      stream.send(
        JSON.stringify({
          ...{ e: 'kline', E: Math.floor(now), s: rules.id },
          k: {
            ...{ t: at, T: at + length - 1, s: rules.id, i: interval, f: 1, L: 2, n: told.trades, x: closed },
            ...{ o: text(told.open), h: text(told.high), l: text(told.low), c: text(told.close), v: text(told.volume) },
            ...{ q: '0', V: '0', Q: '0', B: '0' },
          },
        }),
      );
    }
  }
}

const CUT = Symbol('the socket is cut');
const HANG = Symbol('no answer ever');

function parse(value: string, name: string): bigint {
  try {
    return amount(value);
  } catch {
    throw new Refusal(-1111, `Parameter '${name}' has too much precision.`);
  }
}

const describe = (rules: Rules) => ({
  ...{ symbol: rules.id, status: 'TRADING', baseAsset: rules.base, quoteAsset: rules.quote },
  ...{ baseAssetPrecision: 8, quotePrecision: 8, quoteAssetPrecision: 8, isSpotTradingAllowed: true },
  ...{ orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT'], permissions: ['SPOT'] },
  ...{ permissionSets: [['SPOT']], quoteOrderQtyMarketAllowed: true, isMarginTradingAllowed: false },
  filters: [
    {
      filterType: 'PRICE_FILTER',
      minPrice: text(rules.tick),
      maxPrice: '1000000.00000000',
      tickSize: text(rules.tick),
    },
    {
      filterType: 'LOT_SIZE',
      minQty: text(rules.minQuantity),
      maxQty: text(rules.maxQuantity),
      stepSize: text(rules.step),
    },
    {
      filterType: 'MARKET_LOT_SIZE',
      minQty: '0.00000000',
      maxQty: text(rules.maxMarketQuantity),
      stepSize: '0.00000000',
    },
    {
      filterType: 'NOTIONAL',
      minNotional: text(rules.minNotional),
      applyMinToMarket: true,
      maxNotional: '9000000.00000000',
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
  ],
});

const tellOrder = ({ order, status, executed, spent }: OrderView) => ({
  ...{ symbol: order.rules.id, orderId: order.number, orderListId: -1, clientOrderId: order.clientId },
  ...{ origClientOrderId: order.clientId, price: text(order.limit ?? 0n), origQty: text(order.quantity) },
  ...{ executedQty: text(executed), cummulativeQuoteQty: text(spent), status, timeInForce: 'GTC', type: order.type },
  ...{ side: order.side, stopPrice: text(order.stop ?? 0n), icebergQty: '0.00000000', isWorking: true },
  ...{
    time: Math.floor(order.createdMs),
    updateTime: Math.floor(order.end?.ms ?? order.createdMs),
    selfTradePreventionMode: 'NONE',
  },
});

const tellFill = (trade: Trade) => ({
  ...{ price: text(trade.price), qty: text(trade.quantity), commission: text(trade.fee) },
  ...{ commissionAsset: trade.feeCoin, tradeId: trade.id },
});

const tellTrade = (trade: Trade) => ({
  ...{ symbol: trade.rules.id, id: trade.id, orderId: trade.order, orderListId: -1, price: text(trade.price) },
  ...{ qty: text(trade.quantity), commission: text(trade.fee), commissionAsset: trade.feeCoin },
  ...{ quoteQty: text((trade.price * trade.quantity) / 100_000_000n), time: Math.floor(trade.ms) },
  ...{ isBuyer: trade.side === 'BUY', isMaker: false, isBestMatch: true },
});

const tellBar = (bar: Bar, length: number) => [
  ...[
    bar.openMs,
    text(bar.open),
    text(bar.high),
    text(bar.low),
    text(bar.close),
    text(bar.volume),
    bar.openMs + length - 1,
  ],
  ...['0', bar.trades, '0', '0', '0'],
];
