import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Candle } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { assert, ExchangeError, InputError } from '../core/errors.ts';
import {
  badAnswer,
  type PrecisionMode,
  readBalances,
  readCandle,
  readCandles,
  readFills,
  readMarket,
  readOrder,
  readOrders,
  readQuote,
} from './answers.ts';
import { type Ccxt, type CcxtClass, type CcxtHooks, guardClass, openCcxt } from './ccxt-class.ts';
import type { Keys } from './keys.ts';
import { checkOrder } from './order-rules.ts';
import { assertOutgoing, carriesOrder } from './outgoing.ts';
import { createRedactor } from './redact.ts';
import { timeframeName } from './timeframe.ts';
import type {
  Balance,
  CandleUpdate,
  Fill,
  KeyRights,
  Market,
  OrderRequest,
  Quote,
  Venue,
  VenueCapabilities,
  VenueOrder,
} from './venue.ts';
import { type AnswerNotes, isOrderNotFound, toExchangeError } from './venue-errors.ts';
import { type VenueRow, venueRow } from './venues.ts';

export interface ConnectorOptions {
  /** ccxt's name of the venue, such as 'binance'. */
  readonly venue: string;
  readonly clock: Clock;
  /** Null for public data only. */
  readonly keys: Keys | null;
  /** The venue's own test network, where it has one. */
  readonly sandbox?: boolean;
  /** A rehearsal server on this machine, such as 'http://127.0.0.1:8686', in the venue's place. */
  readonly localUrl?: string;
  /** How long an answer is waited for, in real time. Default 10,000; 2,000 from a server on this machine. */
  readonly timeoutMs?: number;
  /** Replaces the venue's window for signed requests; a rehearsal on a fast clock needs a wider one. */
  readonly orderWindowMs?: number;
}

interface Watcher {
  readonly timeframeMs: number;
  readonly onUpdate: (update: CandleUpdate) => void;
}

const hourMs = 3_600_000;
const precisionModes: Readonly<Record<number, PrecisionMode>> = {
  2: 'decimal-places',
  3: 'significant-digits',
  4: 'tick-size',
};

/**
 * A real venue through ccxt: the only file that knows the library, which is loaded with the first call and only the
 * venue that is used. Numbers cross as decimal strings; every answer passes `answers.ts`, every order leaves through
 * `assertOutgoing`, every error through `toExchangeError`. While the venue asks us to wait, nothing is sent at all.
 */
export class ExchangeConnector implements Venue {
  readonly name: string;
  readonly capabilities: VenueCapabilities;
  readonly #options: ConnectorOptions;
  readonly #row: VenueRow;
  readonly #redact: (text: string) => string;
  readonly #hooks: CcxtHooks = {
    beforeSend: (method, url, body) => this.#lookAtOutgoing(method, url, body),
    checkAnswer: (method, url, answer) => this.#lookAtAnswer(method, url, answer),
    noteError: (error, notes) => this.#notes.set(error, notes),
    hear: (message) => this.#hear(message),
  };
  #loading: Promise<Ccxt> | null = null;
  #exchange: Ccxt | null = null;
  #connecting: Promise<void> | null = null;
  #offsetMs = 0;
  #measuredMs = Number.NEGATIVE_INFINITY;
  #blockedUntilMs = Number.NEGATIVE_INFINITY;
  /** Orders between `createOrder` and the wire, by client id. */
  readonly #leaving = new Map<string, { readonly request: OrderRequest; sent: boolean }>();
  /** What was noted of the answer behind an error. */
  readonly #notes = new WeakMap<object, AnswerNotes>();
  readonly #watchers = new Map<string, Set<Watcher>>();

  constructor(options: ConnectorOptions) {
    if (!/^[a-z0-9]{2,40}$/.test(options.venue)) {
      throw new InputError(`unknown exchange ${JSON.stringify(options.venue)}; names are like binance or bybit`);
    }
    this.name = options.venue;
    this.#options = options;
    this.#row = venueRow(options.venue);
    this.#redact = createRedactor(options.keys === null ? [] : Object.values(options.keys));
    this.capabilities = {
      onExchangeStop: this.#row.onExchangeStop,
      closedFlag: this.#row.readUpdates !== null,
      sandbox: options.sandbox ?? false,
      tested: this.#row.tested,
      candlesPerPage: this.#row.candlesPerPage,
      orderWindowMs: options.orderWindowMs ?? this.#row.orderWindowMs,
    };
  }

  connect(): Promise<void> {
    this.#connecting ??= this.#open().catch((error) => {
      this.#connecting = null;
      throw error;
    });
    return this.#connecting;
  }

  async fetchMarket(symbol: string, refresh = false): Promise<Market> {
    await this.connect();
    if (refresh) await this.#refreshMarkets(symbol);
    return this.#market(symbol);
  }

  async fetchBalances(): Promise<ReadonlyMap<string, Balance>> {
    return readBalances(await this.#askSigned((exchange) => exchange.fetchBalance()));
  }

  async fetchCandles(symbol: string, timeframeMs: number, fromMs: number, toMs: number): Promise<Candle[]> {
    await this.connect();
    this.#market(symbol);
    const name = timeframeName(timeframeMs);
    const limit = this.capabilities.candlesPerPage;
    // One more than asked for: a candle that has a successor is closed, whatever our clock says.
    const until = Math.min(toMs + timeframeMs, fromMs + limit * timeframeMs) - 1;
    const { fetchRows } = this.#row;
    const answer = await this.#ask((exchange) => {
      if (fetchRows === null) return exchange.fetchOHLCV(symbol, name, fromMs, limit, { until });
      const marketId = exchange.market(symbol).id;
      return fetchRows(exchange, {
        marketId,
        timeframeId: exchange.timeframes[name] ?? name,
        fromMs,
        untilMs: until,
        limit,
      });
    });
    const rows = readCandles(answer, timeframeMs);
    const last = rows.at(-1);
    if (last !== undefined && last.timeMs + timeframeMs <= this.serverTimeMs()) await this.measureClock();
    return rows.filter(
      ({ timeMs }) =>
        timeMs >= fromMs && timeMs < toMs && (timeMs !== last?.timeMs || timeMs + timeframeMs <= this.serverTimeMs()),
    );
  }

  async fetchQuote(symbol: string): Promise<Quote> {
    await this.connect();
    this.#market(symbol);
    return readQuote(await this.#ask((exchange) => exchange.fetchTicker(symbol)), this.serverTimeMs());
  }

  async createOrder(request: OrderRequest): Promise<VenueOrder> {
    const market = await this.fetchMarket(request.symbol);
    const problem = checkOrder(request, market, null);
    if (problem !== null) {
      const message = `${this.name}: order not sent: ${problem.code} ${JSON.stringify(problem.numbers)}`;
      throw new ExchangeError(message, { code: 'filter', retryable: false });
    }
    const stop = request.type === 'stop-loss';
    if (stop && !this.#row.onExchangeStop) {
      throw new ExchangeError(`${this.name}: stop orders aren't known here`, { code: 'rejected', retryable: false });
    }
    const { clientOrderId, symbol, side, quantity, price } = request;
    const params = { clientOrderId, ...(stop ? this.#row.stopParameters(price!) : {}) };
    const type = stop ? 'market' : request.type;
    try {
      const answer = await this.#askSigned((exchange) => {
        this.#leaving.set(clientOrderId, { request, sent: false });
        // A market order never has a price: it would become an order for a quote amount.
        return exchange.createOrder(symbol, type, side, quantity, type === 'limit' ? price : undefined, params);
      });
      return readOrder(answer, symbol, this.serverTimeMs(), request);
    } finally {
      this.#leaving.delete(clientOrderId);
    }
  }

  async fetchOrder(clientOrderId: string, symbol: string): Promise<VenueOrder | null> {
    await this.fetchMarket(symbol);
    const answer = await this.#unlessNotFound((exchange) => this.#row.findOrder(exchange, clientOrderId, symbol));
    if (answer === null) return null;
    const order = readOrder(answer, symbol, this.serverTimeMs());
    if (order.clientOrderId !== clientOrderId) throw badAnswer('the answer is about another order');
    return order;
  }

  async cancelOrder(clientOrderId: string, symbol: string): Promise<'cancelled' | 'not-open'> {
    await this.fetchMarket(symbol);
    for (const book of this.#row.books) {
      const params = { ...book, [this.#row.clientIdParameter]: clientOrderId };
      const answer = await this.#unlessNotFound((exchange) => exchange.cancelOrder(undefined, symbol, params));
      if (answer !== null) return 'cancelled';
    }
    return 'not-open';
  }

  async fetchOpenOrders(symbol: string): Promise<VenueOrder[]> {
    await this.fetchMarket(symbol);
    const orders = new Map<string, VenueOrder>();
    for (const book of this.#row.books) {
      const answer = await this.#askSigned((exchange) => exchange.fetchOpenOrders(symbol, undefined, undefined, book));
      for (const order of readOrders(answer, symbol, this.serverTimeMs())) orders.set(order.venueOrderId, order);
    }
    return [...orders.values()].filter((order) => order.status === 'open');
  }

  async fetchFills(
    symbol: string,
    which: { readonly sinceMs: number } | { readonly order: VenueOrder },
  ): Promise<Fill[]> {
    const market = await this.fetchMarket(symbol);
    const { fillsWindowMs, fillsPerPage } = this.#row;
    const only = 'order' in which ? { orderId: which.order.venueOrderId } : {};
    const fills = new Map<string, Fill>();
    // An order is asked for by its id, without a time: venues cut either way.
    let fromMs = 'order' in which ? undefined : which.sinceMs;
    for (;;) {
      const window = fromMs === undefined || fillsWindowMs === null ? {} : { until: fromMs + fillsWindowMs - 1 };
      const sinceMs = fromMs;
      const answer = await this.#askSigned((exchange) =>
        exchange.fetchMyTrades(symbol, sinceMs, fillsPerPage, { ...only, ...window }),
      );
      const page = readFills(answer, market);
      const before = fills.size;
      for (const fill of page) fills.set(fill.fillId, fill);
      if (fromMs === undefined) break;
      if (page.length >= fillsPerPage && fills.size > before) fromMs = page[page.length - 1].timeMs;
      else if (fillsWindowMs !== null && fromMs + fillsWindowMs < this.serverTimeMs()) fromMs += fillsWindowMs;
      else break;
    }
    const wanted = 'order' in which ? which.order.venueOrderId : null;
    return [...fills.values()]
      .filter((fill) => wanted === null || fill.venueOrderId === wanted)
      .sort((a, b) => a.timeMs - b.timeMs);
  }

  async fetchKeyRights(): Promise<KeyRights> {
    const { keyRights } = this.#row;
    if (keyRights === null) return { trade: null, withdraw: null };
    return (await this.#askSigned((exchange) => keyRights(exchange))) as KeyRights;
  }

  serverTimeMs(): number {
    return this.#options.clock.nowMs() + this.#offsetMs;
  }

  async measureClock(): Promise<number> {
    const { clock } = this.#options;
    const sentMs = clock.nowMs();
    const serverMs = await this.#ask((exchange) => exchange.fetchTime());
    const backMs = clock.nowMs();
    if (typeof serverMs !== 'number' || !(serverMs > 1e12 && serverMs < 1e13)) throw badAnswer('the time is no time');
    this.#offsetMs = Math.round(serverMs - (sentMs + backMs) / 2);
    this.#measuredMs = backMs;
    this.#exchange!.options.timeDifference = -this.#offsetMs;
    return this.#offsetMs;
  }

  async watchCandles(
    symbol: string,
    timeframeMs: number,
    onUpdate: (update: CandleUpdate) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.connect();
    this.#market(symbol);
    const exchange = this.#exchange!;
    const name = timeframeName(timeframeMs);
    const key = `${exchange.market(symbol).id} ${exchange.timeframes[name] ?? name}`;
    const watchers = this.#watchers.get(key) ?? new Set();
    const watcher: Watcher = { timeframeMs, onUpdate };
    this.#watchers.set(key, watchers.add(watcher));
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener('abort', () => resolve('aborted'), { once: true });
    });
    try {
      while (!signal.aborted) {
        const rows = await Promise.race([exchange.watchOHLCV(symbol, name), aborted]);
        if (rows === 'aborted') break;
        if (this.#row.readUpdates !== null || !Array.isArray(rows)) continue;
        for (const row of rows) {
          const candle = readCandle(row, timeframeMs);
          if (candle !== null) onUpdate({ candle, closed: null });
        }
      }
    } catch (error) {
      if (!signal.aborted) throw this.#sorted(error);
    } finally {
      watchers.delete(watcher);
      // A socket that went silent must not be used again; those of other symbols are dialled anew by their streams.
      if (signal.aborted) await exchange.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#exchange?.close().catch(() => {});
  }

  async #open(): Promise<void> {
    // `true`: ccxt keeps the promise of its first attempt, and with it a failure for ever.
    await this.#ask((exchange) => exchange.loadMarkets(true));
    await this.measureClock();
  }

  /** Reads the venue's filters anew; where they make no sense, the old ones stay. */
  async #refreshMarkets(symbol: string): Promise<void> {
    const exchange = this.#exchange!;
    const { markets, markets_by_id, symbols, ids } = exchange;
    try {
      await this.#ask(() => exchange.loadMarkets(true));
      this.#market(symbol);
    } catch (error) {
      Object.assign(exchange, { markets, markets_by_id, symbols, ids });
      throw error;
    }
  }

  #market(symbol: string): Market {
    const exchange = this.#exchange!;
    const raw =
      exchange.markets !== undefined && Object.hasOwn(exchange.markets, symbol) ? exchange.markets[symbol] : undefined;
    if (raw === undefined)
      throw new InputError(`${this.name}: unknown symbol ${JSON.stringify(symbol)}; name one such as BTC/USDT`);
    return readMarket(raw, precisionModes[exchange.precisionMode] ?? 'tick-size');
  }

  async #askSigned<T>(question: (exchange: Ccxt) => Promise<T>): Promise<T> {
    if (this.#options.keys === null) {
      throw new InputError(
        `${this.name}: this needs an API key; set TRADERNET_${this.name.toUpperCase()}_KEY and _SECRET`,
      );
    }
    await this.connect();
    // Clocks drift, and ccxt looks at the venue's once only. Where that fails the old offset does for another minute.
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#measuredMs > hourMs) {
      this.#measuredMs = nowMs - hourMs + 60_000;
      await this.measureClock().catch(() => {});
    }
    try {
      return await this.#ask(question);
    } catch (error) {
      if (error instanceof ExchangeError && error.code === 'clock') await this.measureClock().catch(() => {});
      throw error;
    }
  }

  #unlessNotFound<T>(question: (exchange: Ccxt) => Promise<T>): Promise<T | null> {
    return this.#askSigned((exchange) =>
      question(exchange).catch((error) => {
        if (isOrderNotFound(error)) return null;
        throw error;
      }),
    );
  }

  async #ask<T>(question: (exchange: Ccxt) => Promise<T>): Promise<T> {
    const leftMs = this.#blockedUntilMs - this.#options.clock.nowMs();
    if (leftMs > 0) {
      const message = `${this.name}: the venue asked us to wait ${Math.ceil(leftMs / 1000)} s more`;
      throw new ExchangeError(message, { code: 'rate-limited', retryable: true, retryAfterMs: leftMs });
    }
    this.#exchange ??= await this.#load();
    try {
      return await question(this.#exchange);
    } catch (error) {
      const sorted = this.#sorted(error);
      if (sorted instanceof ExchangeError && sorted.retryAfterMs > 0)
        this.#blockedUntilMs = this.#options.clock.nowMs() + sorted.retryAfterMs;
      throw sorted;
    }
  }

  #sorted(error: unknown): Error {
    if (error instanceof Error && error.message.startsWith('internal error:')) return error;
    const notes = typeof error === 'object' && error !== null ? (this.#notes.get(error) ?? null) : null;
    return toExchangeError(error, notes, this.#options.clock.nowMs(), this.#redact);
  }

  #load(): Promise<Ccxt> {
    this.#loading ??= importVenue(this.name).then((Base) =>
      openCcxt(this.#options, this.#row, guardClass(Base, this.#hooks)),
    );
    return this.#loading;
  }

  /** The last look at an order before it leaves, and the one that sees to it that it leaves once. */
  #lookAtOutgoing(method: string, url: string, body: unknown): void {
    for (const order of this.#leaving.values()) {
      if (!carriesOrder(order.request, method, url, body)) continue;
      assert(!order.sent, `order ${order.request.clientOrderId} would leave twice`);
      assertOutgoing(order.request, url, body);
      order.sent = true;
    }
  }

  #lookAtAnswer(method: string, url: string, answer: unknown): void {
    if (typeof answer !== 'object' || answer === null) throw badAnswer('it is not JSON');
    if (!this.#row.isWhole(method, new URL(url).pathname, answer)) throw badAnswer('parts are missing');
  }

  /** ccxt drops the mark of a candle's last update, so the raw message is read here. */
  #hear(message: unknown): void {
    for (const { marketId, timeframeId, closed, row } of this.#row.readUpdates?.(message) ?? []) {
      const watchers = this.#watchers.get(`${marketId} ${timeframeId}`);
      if (watchers === undefined) continue;
      for (const { timeframeMs, onUpdate } of watchers) {
        const candle = readCandle(row, timeframeMs);
        if (candle !== null) onUpdate({ candle, closed });
      }
    }
  }
}

/** One venue's class: importing all of ccxt takes three times as long and twice the memory. */
async function importVenue(name: string): Promise<CcxtClass> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve('ccxt'));
  for (const folder of ['pro/', '']) {
    try {
      const module = await import(/* @vite-ignore */ new URL(`../js/src/${folder}${name}.js`, entry).href);
      return module.default;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  const { default: ccxt } = await import('ccxt');
  const near = ccxt.exchanges.filter((other: string) => other.startsWith(name.slice(0, 3))).slice(0, 6);
  throw new InputError(
    `unknown exchange ${name}; ${near.length > 0 ? `did you mean ${near.join(', ')}?` : 'names are like binance or bybit'}`,
  );
}
