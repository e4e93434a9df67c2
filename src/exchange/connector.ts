import type { Candle } from '../core/candle.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import { badAnswer, readBalances, readCandles, readOrder, readQuote } from './answers.ts';
import { CandleWatch } from './candle-watch.ts';
import type { Ccxt, ConnectorOptions } from './ccxt.ts';
import { CcxtSession } from './ccxt-session.ts';
import { ceilToStep, multiplyDecimals } from './decimal.ts';
import { fetchAllFills } from './fills.ts';
import { hostileWord } from './hostile-words.ts';
import { checkOrder } from './order-rules.ts';
import { OutgoingOrders } from './outgoing.ts';
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
import { venueRow } from './venues/index.ts';
import type { VenueRow } from './venues/row.ts';

export type { ConnectorOptions } from './ccxt.ts';

/** Where a market order can't buy a quantity, a limit order so much above the ask does, and never pays more. */
const BUY_CAP = '1.005';

/** How long an order may wait here for its turn; on a rehearsal's fast clock the window tells how fast it is. */
const leaveMs = (orderWindowMs: number): number => Math.max(15_000, orderWindowMs);

/**
 * A real venue through ccxt. Numbers cross as decimal strings; every answer passes `answers.ts`, every order leaves
 * past `OutgoingOrders`, every error through `toExchangeError`.
 * @throws InputError for a venue that ccxt doesn't know; ExchangeError where it refuses or can't be reached
 */
export class ExchangeConnector implements Venue {
  readonly name: string;
  readonly capabilities: VenueCapabilities;
  readonly #row: VenueRow;
  readonly #session: CcxtSession;
  readonly #outgoing: OutgoingOrders;
  readonly #watch: CandleWatch;

  constructor(options: ConnectorOptions) {
    if (!/^[a-z0-9]{2,40}$/.test(options.venue)) {
      throw new InputError(`unknown exchange ${JSON.stringify(options.venue)}; names are like binance or bybit`);
    }
    this.name = options.venue;
    this.#row = venueRow(options.venue);
    const { orderWindowMs = this.#row.orderWindowMs } = options;
    this.#outgoing = new OutgoingOrders(options.clock, leaveMs(orderWindowMs), this.#row.placesOrder);
    this.#session = new CcxtSession(options, this.#row, {
      beforeSend: (method, url, body) => this.#outgoing.look(method, url, body),
      checkAnswer: (method, url, answer) => this.#checkAnswer(method, url, answer),
      hear: (message) => this.#watch.hear(message),
    });
    this.#watch = new CandleWatch(this.#session, this.#row);
    this.capabilities = {
      onExchangeStop: this.#row.onExchangeStop,
      closedFlag: this.#row.readUpdates !== null,
      sandbox: options.sandbox ?? false,
      tested: this.#row.tested,
      candlesPerPage: this.#row.candlesPerPage,
      requestLifeMs: leaveMs(orderWindowMs) + orderWindowMs,
      settleMs: this.#row.settleMs,
    };
  }

  connect(): Promise<void> {
    return this.#session.connect();
  }

  fetchMarket(symbol: string, refresh = false): Promise<Market> {
    return this.#session.market(symbol, refresh);
  }

  async fetchBalances(): Promise<ReadonlyMap<string, Balance>> {
    return readBalances(await this.#session.askSigned('private', (exchange) => exchange.fetchBalance()));
  }

  async fetchCandles(symbol: string, timeframeMs: number, fromMs: number, toMs: number): Promise<Candle[]> {
    await this.#session.market(symbol);
    const name = timeframeName(timeframeMs);
    const limit = this.capabilities.candlesPerPage;
    // One more than asked for: a candle that has a successor is closed, whatever our clock says.
    const untilMs = Math.min(toMs + timeframeMs, fromMs + limit * timeframeMs) - 1;
    const { fetchRows } = this.#row;
    const answer = await this.#session.ask('public', (exchange) => {
      if (fetchRows === null) return exchange.fetchOHLCV(symbol, name, fromMs, limit, { until: untilMs });
      const marketId = exchange.market(symbol).id;
      return fetchRows(exchange, { marketId, timeframeId: exchange.timeframes[name] ?? name, fromMs, untilMs, limit });
    });
    const rows = readCandles(answer, timeframeMs);
    const last = rows.at(-1);
    if (last !== undefined && last.timeMs + timeframeMs <= this.serverTimeMs()) await this.measureClock();
    const pastMs = this.#session.surelyPastMs;
    return rows.filter(
      ({ timeMs }) => timeMs >= fromMs && timeMs < toMs && (timeMs !== last?.timeMs || timeMs + timeframeMs <= pastMs),
    );
  }

  async fetchQuote(symbol: string): Promise<Quote> {
    await this.#session.market(symbol);
    return readQuote(
      await this.#session.ask('public', (exchange) => exchange.fetchTicker(symbol)),
      this.serverTimeMs(),
    );
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
    const { symbol, side, quantity } = request;
    const sent = await this.#toWire(request, market);
    const type = stop ? 'market' : sent.type;
    const params = {
      ...this.#row.orderParameters(sent.clientOrderId, this.serverTimeMs()),
      ...(stop ? this.#row.stopParameters(request.price!) : {}),
      ...(sent.type === request.type ? {} : { timeInForce: 'IOC' }),
    };
    const answer = await this.#session.askSigned(
      'orders',
      (exchange) =>
        this.#outgoing.expect(sent, () =>
          // A market order never has a price: it would become an order for a quote amount.
          exchange.createOrder(symbol, type, side, quantity, type === 'limit' ? sent.price : undefined, params),
        ),
      side === 'sell',
    );
    return this.#readOrder(answer, symbol, request);
  }

  async fetchOrder(clientOrderId: string, symbol: string): Promise<VenueOrder | null> {
    await this.fetchMarket(symbol);
    const wireId = this.#row.wireId(clientOrderId);
    const answer = await this.#session.unlessNotFound((exchange) => this.#row.findOrder(exchange, wireId, symbol));
    if (answer === null) return null;
    const order = this.#readOrder(answer, symbol);
    if (order.clientOrderId !== clientOrderId) throw badAnswer('the answer is about another order');
    return order;
  }

  async fetchOrderOf({ venueOrderId, symbol }: Fill): Promise<VenueOrder | null> {
    await this.fetchMarket(symbol);
    const { findPlaced } = this.#row;
    const answer = await this.#session.unlessNotFound((exchange) =>
      findPlaced === undefined
        ? exchange.fetchOrder(venueOrderId, symbol, {})
        : findPlaced(exchange, venueOrderId, symbol),
    );
    return answer === null ? null : this.#readOrder(answer, symbol);
  }

  async cancelOrder(clientOrderId: string, symbol: string): Promise<'cancelled' | 'not-open'> {
    await this.fetchMarket(symbol);
    const wireId = this.#row.wireId(clientOrderId);
    const cancel = (exchange: Ccxt) => this.#row.cancelOrder(exchange, wireId, symbol);
    return (await this.#session.unlessNotFound(cancel, true)) === null ? 'not-open' : 'cancelled';
  }

  async fetchOpenOrders(symbol: string): Promise<VenueOrder[]> {
    await this.fetchMarket(symbol);
    const orders = new Map<string, VenueOrder>();
    for (const book of this.#row.books) {
      const answer = await this.#session.askSigned('private', (exchange) =>
        exchange.fetchOpenOrders(symbol, undefined, undefined, book),
      );
      if (!Array.isArray(answer)) throw badAnswer('orders are no list');
      for (const raw of answer) {
        const order = this.#readOrder(raw, symbol);
        orders.set(order.venueOrderId, order);
      }
    }
    return [...orders.values()].filter((order) => order.status === 'open');
  }

  fetchFills(symbol: string, which: { readonly sinceMs: number } | { readonly order: VenueOrder }): Promise<Fill[]> {
    return fetchAllFills(this.#session, this.#row, symbol, which);
  }

  async fetchKeyRights(): Promise<KeyRights> {
    const { keyRights } = this.#row;
    if (keyRights === null) return { trade: null, withdraw: null };
    return (await this.#session.askSigned('private', (exchange) => keyRights(exchange))) as KeyRights;
  }

  serverTimeMs(): number {
    return this.#session.serverTimeMs;
  }

  measureClock(): Promise<number> {
    return this.#session.measureClock();
  }

  watchCandles(
    symbol: string,
    timeframeMs: number,
    onUpdate: (update: CandleUpdate) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#watch.run(symbol, timeframeMs, onUpdate, signal);
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** A request as it leaves: under the id's form on the wire, and of the type that the venue has for it. */
  async #toWire(request: OrderRequest, { priceTick }: Market): Promise<OrderRequest> {
    const sent = { ...request, clientOrderId: this.#row.wireId(request.clientOrderId) };
    if (request.type !== 'market' || request.side !== 'buy' || this.#row.marketBuy === 'quantity') return sent;
    const { ask } = await this.fetchQuote(request.symbol);
    return { ...sent, type: 'limit', price: ceilToStep(multiplyDecimals(ask, BUY_CAP), priceTick) };
  }

  #readOrder(answer: unknown, symbol: string, request?: OrderRequest): VenueOrder {
    const prefix = this.#row.wireId('');
    const wire = (answer as { clientOrderId?: unknown } | null)?.clientOrderId;
    const own = typeof wire === 'string' && wire.startsWith(prefix) ? { clientOrderId: wire.slice(prefix.length) } : {};
    const raw = typeof answer === 'object' && answer !== null ? { ...answer, ...own } : answer;
    return readOrder(raw, symbol, this.serverTimeMs(), request);
  }

  #checkAnswer(method: string, url: string, answer: unknown): void {
    if (typeof answer !== 'object' || answer === null) throw badAnswer('it is not JSON');
    const hostile = hostileWord(answer);
    if (hostile !== null) throw badAnswer(hostile);
    if (!this.#row.isWhole(method, new URL(url).pathname, answer)) throw badAnswer('parts are missing');
  }
}
