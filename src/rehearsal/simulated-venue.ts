import type { Candle } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import { checkOrder } from '../exchange/order-rules.ts';
import type {
  Balance,
  CandleUpdate,
  ExchangeErrorCode,
  Fill,
  KeyRights,
  Market,
  OrderRequest,
  Quote,
  Venue,
  VenueCapabilities,
  VenueOrder,
} from '../exchange/venue.ts';
import { feedCandles } from './candle-feed.ts';
import { answerFaults, FaultBook, type FaultKind, orderFaults, requestFaults } from './faults.ts';
import type { FillPlan, MatchingEngine } from './matching.ts';
import type { PricePath } from './price-path.ts';
import { fillPlanOf, VenueWorld } from './venue-world.ts';

export interface SimulatedVenueOptions {
  readonly clock: Clock;
  readonly engine: MatchingEngine;
  /** The same paths that the engine matches against. */
  readonly paths: ReadonlyMap<string, PricePath>;
  readonly faults?: FaultBook;
  /** One way and back, of every request. */
  readonly latencyMs?: number;
  /** How long a request without an answer is waited for. Shorter than `orderWindowMs`, so that late orders show. */
  readonly timeoutMs?: number;
  /** An order that arrives later than this after sending is refused. */
  readonly orderWindowMs?: number;
  /** As in `VenueCapabilities`. */
  readonly settleMs?: number;
  readonly requestLifeMs?: number;
  /** Time between two updates of the running candle; by default a minute, or a quarter of the timeframe if that is less. */
  readonly updateEveryMs?: number;
  /** Delay of a candle's final update after its close. */
  readonly streamDelayMs?: number;
  /** False for a venue whose stream doesn't say which update is the last. */
  readonly closedFlag?: boolean;
  readonly onExchangeStop?: boolean;
}

/**
 * A venue in process, on the clock that it is given, which may be virtual: a matching engine behind the faults of a
 * schedule. What the bot can see of it is only what the `Venue` interface shows; tests look at `engine` and `faults`.
 */
export class SimulatedVenue implements Venue {
  readonly name = 'simulated';
  readonly capabilities: VenueCapabilities;
  readonly engine: MatchingEngine;
  readonly faults: FaultBook;
  readonly #clock: Clock;
  readonly #world: VenueWorld;
  readonly #paths: ReadonlyMap<string, PricePath>;
  readonly #latencyMs: number;
  readonly #timeoutMs: number;
  readonly #windowMs: number;
  readonly #updateEveryMs: number | undefined;
  readonly #streamDelayMs: number;
  /** The venue's clock minus ours, as last measured. */
  #offsetMs = 0;
  /** Markets as the client last read them. */
  readonly #known = new Map<string, Market>();

  constructor(options: SimulatedVenueOptions) {
    this.engine = options.engine;
    this.faults = options.faults ?? new FaultBook();
    this.#clock = options.clock;
    this.#paths = options.paths;
    this.#world = new VenueWorld(options.clock, options.engine, this.faults);
    this.#latencyMs = options.latencyMs ?? 40;
    this.#timeoutMs = options.timeoutMs ?? 2_000;
    this.#updateEveryMs = options.updateEveryMs;
    this.#streamDelayMs = options.streamDelayMs ?? 30;
    this.#windowMs = options.orderWindowMs ?? 5_000;
    this.capabilities = {
      onExchangeStop: options.onExchangeStop ?? true,
      closedFlag: options.closedFlag ?? true,
      sandbox: true,
      tested: true,
      candlesPerPage: 1000,
      requestLifeMs: options.requestLifeMs ?? 10_000 + this.#windowMs,
      settleMs: options.settleMs ?? 20_000,
    };
  }

  async connect(): Promise<void> {
    await this.measureClock();
  }

  async fetchMarket(symbol: string, refresh = false): Promise<Market> {
    const known = this.#known.get(symbol);
    if (known !== undefined && !refresh) return known;
    await this.#arrive('public', 'fetchMarket');
    const market = this.engine.market(symbol);
    if (market === undefined) throw unknownSymbol(symbol);
    this.#known.set(symbol, market);
    return market;
  }

  async fetchBalances(): Promise<ReadonlyMap<string, Balance>> {
    await this.#arrive('signed', 'fetchBalances');
    return this.engine.balances();
  }

  async fetchCandles(symbol: string, timeframeMs: number, fromMs: number, toMs: number): Promise<Candle[]> {
    await this.#arrive('public', 'fetchCandles');
    const nowMs = this.#world.timeMs;
    const rows = this.#path(symbol).candlesSeen(fromMs, toMs, timeframeMs, nowMs, this.capabilities.candlesPerPage);
    return rows.filter((candle) => candle.timeMs + timeframeMs <= nowMs);
  }

  async fetchQuote(symbol: string): Promise<Quote> {
    await this.#arrive('public', 'fetchQuote');
    this.#path(symbol);
    return {
      bid: this.engine.bid(symbol, this.#world.timeMs),
      ask: this.engine.ask(symbol, this.#world.timeMs),
      timeMs: this.#world.timeMs,
    };
  }

  async createOrder(request: OrderRequest): Promise<VenueOrder> {
    const market = await this.fetchMarket(request.symbol);
    const problem = checkOrder(request, market, null);
    if (problem !== null) throw failure('filter', `order not sent: ${problem.code}`);
    await this.#arrive('signed', 'createOrder');
    const fault = this.faults.strike(orderFaults, this.#clock.nowMs(), `createOrder ${request.clientOrderId}`);
    switch (fault?.kind) {
      case 'lost-request':
        await this.#clock.sleep(this.#timeoutMs);
        throw failure('timeout', 'no answer');
      case 'late-accept':
        this.#world.placeLater(request, this.#world.timeMs + Math.min(fault.amountMs, this.#windowMs));
        await this.#clock.sleep(this.#timeoutMs);
        throw failure('timeout', 'no answer');
      case 'partial-fill-disconnect':
        this.#place(request, fillPlanOf(fault));
        throw failure('network', 'connection cut');
      case 'partial-then-cancel':
        return this.#place(request, fillPlanOf(fault));
    }
    const order = this.#place(request);
    if (fault !== null) await this.#loseAnswer(fault.kind);
    return order;
  }

  async fetchOrder(clientOrderId: string, symbol: string): Promise<VenueOrder | null> {
    await this.#arrive('signed', 'fetchOrder');
    const order = this.engine.find({ clientOrderId });
    return order?.symbol === symbol ? order : null;
  }

  async fetchOrderOf({ venueOrderId }: Fill): Promise<VenueOrder | null> {
    await this.#arrive('signed', 'fetchOrder');
    return this.engine.find({ venueOrderId }) ?? null;
  }

  async cancelOrder(clientOrderId: string, _symbol: string): Promise<'cancelled' | 'not-open'> {
    await this.#arrive('signed', 'cancelOrder');
    const fault = this.faults.strike(answerFaults, this.#clock.nowMs(), `cancelOrder ${clientOrderId}`);
    const cancelled = this.engine.cancel({ clientOrderId }, this.#world.timeMs);
    if (fault !== null) await this.#loseAnswer(fault.kind);
    return cancelled ? 'cancelled' : 'not-open';
  }

  async fetchOpenOrders(symbol: string): Promise<VenueOrder[]> {
    await this.#arrive('signed', 'fetchOpenOrders');
    return this.engine.openOrders(symbol);
  }

  async fetchFills(
    symbol: string,
    which: { readonly sinceMs: number } | { readonly order: VenueOrder },
  ): Promise<Fill[]> {
    await this.#arrive('signed', 'fetchFills');
    const wanted = (fill: Fill) =>
      fill.symbol === symbol &&
      ('order' in which ? fill.venueOrderId === which.order.venueOrderId : fill.timeMs >= which.sinceMs);
    return this.engine.fills
      .filter(wanted)
      .map(({ clientOrderId: _, ...fill }) => fill)
      .sort((a, b) => a.timeMs - b.timeMs);
  }

  async fetchKeyRights(): Promise<KeyRights> {
    await this.#arrive('signed', 'fetchKeyRights');
    return { trade: true, withdraw: false };
  }

  serverTimeMs(): number {
    return this.#clock.nowMs() + this.#offsetMs;
  }

  async measureClock(): Promise<number> {
    await this.#arrive('public', 'measureClock');
    this.#offsetMs = this.#world.timeMs - this.#clock.nowMs();
    return this.#offsetMs;
  }

  async watchCandles(
    symbol: string,
    timeframeMs: number,
    onUpdate: (update: CandleUpdate) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#arrive('public', 'watchCandles');
    const path = this.#path(symbol);
    const send = (candle: Candle, closed: boolean) =>
      onUpdate({ candle, closed: this.capabilities.closedFlag ? closed : null });
    // Garbage is dropped by the real reader; here nothing arrives at all.
    const listener = { send, sendGarbage: () => {} };
    const pace = { everyMs: this.#updateEveryMs ?? Math.min(60_000, timeframeMs / 4), delayMs: this.#streamDelayMs };
    const end = await feedCandles(this.#world, path, timeframeMs, pace, listener, signal);
    if (end === 'cut') throw failure('network', 'stream cut');
  }

  async close(): Promise<void> {}

  #path(symbol: string): PricePath {
    const path = this.#paths.get(symbol);
    if (path === undefined) throw unknownSymbol(symbol);
    return path;
  }

  /** The way of a request to the venue, with everything that can stop it before it is heard. */
  async #arrive(kind: 'public' | 'signed', where: string): Promise<void> {
    await this.#clock.sleep(this.#latencyMs);
    this.#world.wake();
    const nowMs = this.#clock.nowMs();
    if (this.faults.active('maintenance', nowMs, where) !== null) throw failure('unavailable', 'maintenance');
    const ban = this.faults.active('ban', nowMs, where);
    if (ban !== null) throw failure('banned', 'banned', Math.min(ban.amountMs, ban.untilMs - nowMs));
    const fault = this.faults.strike(requestFaults, nowMs, where);
    switch (fault?.kind) {
      case 'rate-limit':
        throw failure('rate-limited', 'too many requests', fault.amountMs);
      case 'server-error':
        throw failure('unavailable', 'internal server error');
      case 'garbage':
        throw failure('bad-answer', 'the answer is not JSON');
      case 'timeout':
        await this.#clock.sleep(this.#timeoutMs);
        throw failure('timeout', 'no answer');
      case 'disconnect':
        throw failure('network', 'connection cut');
    }
    if (kind === 'public') return;
    if (this.faults.active('revoked-key', nowMs, where) !== null) throw failure('authentication', 'invalid key');
    const aheadMs = this.serverTimeMs() - this.#world.timeMs;
    if (aheadMs > 1_000 || aheadMs < -this.#windowMs) {
      this.#offsetMs = this.#world.timeMs - nowMs;
      throw failure('clock', 'timestamp outside of the window');
    }
  }

  #place(request: OrderRequest, plan?: FillPlan): VenueOrder {
    const order = this.engine.place(request, this.#world.timeMs, plan);
    if ('refused' in order) throw failure(order.refused, order.reason);
    return order;
  }

  /** What was asked for has been done; the answer doesn't come. */
  async #loseAnswer(kind: FaultKind): Promise<void> {
    if (kind === 'garbage-order-answer') throw failure('bad-answer', 'the answer is not JSON');
    if (kind === 'lost-answer') throw failure('network', 'connection cut');
    await this.#clock.sleep(this.#timeoutMs);
    throw failure('timeout', 'no answer');
  }
}

const retryable: ReadonlySet<ExchangeErrorCode> = new Set<ExchangeErrorCode>([
  'rate-limited',
  'banned',
  'timeout',
  'network',
  'unavailable',
  'bad-answer',
  'clock',
]);

function failure(code: ExchangeErrorCode, message: string, retryAfterMs = 0): ExchangeError {
  return new ExchangeError(`simulated: ${message}`, { code, retryable: retryable.has(code), retryAfterMs });
}

function unknownSymbol(symbol: string): InputError {
  return new InputError(
    `simulated: unknown symbol ${JSON.stringify(symbol)}; name one that the venue trades, such as BTC/USDT`,
  );
}
