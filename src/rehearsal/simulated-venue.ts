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
import { FaultBook, type FaultKind } from './faults.ts';
import { coarserFilters, type FillPlan, type MatchingEngine } from './matching.ts';
import type { PricePath } from './price-path.ts';

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
  readonly #paths: ReadonlyMap<string, PricePath>;
  readonly #latencyMs: number;
  readonly #timeoutMs: number;
  readonly #updateEveryMs: number | undefined;
  readonly #streamDelayMs: number;
  /** The venue's clock minus ours, and what we last measured of it. */
  #skewMs = 0;
  #offsetMs = 0;
  #venueMs = 0;
  /** Markets as the client last read them. */
  readonly #known = new Map<string, Market>();
  /** Orders on their way. */
  #late: { dueMs: number; request: OrderRequest }[] = [];

  constructor(options: SimulatedVenueOptions) {
    this.engine = options.engine;
    this.faults = options.faults ?? new FaultBook();
    this.#clock = options.clock;
    this.#paths = options.paths;
    this.#latencyMs = options.latencyMs ?? 40;
    this.#timeoutMs = options.timeoutMs ?? 2_000;
    this.#updateEveryMs = options.updateEveryMs;
    this.#streamDelayMs = options.streamDelayMs ?? 30;
    this.capabilities = {
      onExchangeStop: options.onExchangeStop ?? true,
      closedFlag: options.closedFlag ?? true,
      sandbox: true,
      tested: true,
      candlesPerPage: 1000,
      orderWindowMs: options.orderWindowMs ?? 5_000,
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
    const nowMs = this.#venueMs;
    const rows = this.#path(symbol).candlesSeen(fromMs, toMs, timeframeMs, nowMs, this.capabilities.candlesPerPage);
    return rows.filter((candle) => candle.timeMs + timeframeMs <= nowMs);
  }

  async fetchQuote(symbol: string): Promise<Quote> {
    await this.#arrive('public', 'fetchQuote');
    this.#path(symbol);
    return {
      bid: this.engine.bid(symbol, this.#venueMs),
      ask: this.engine.ask(symbol, this.#venueMs),
      timeMs: this.#venueMs,
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
        this.#late.push({ dueMs: this.#venueMs + Math.min(fault.amountMs, this.capabilities.orderWindowMs), request });
        await this.#clock.sleep(this.#timeoutMs);
        throw failure('timeout', 'no answer');
      case 'partial-fill-disconnect':
        this.#place(request, { firstShare: 0.4, restMs: fault.amountMs, cancelRest: false });
        throw failure('network', 'connection cut');
      case 'partial-then-cancel':
        return this.#place(request, { firstShare: 0.4, restMs: 2_000, cancelRest: true });
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

  async cancelOrder(clientOrderId: string, _symbol: string): Promise<'cancelled' | 'not-open'> {
    await this.#arrive('signed', 'cancelOrder');
    const fault = this.faults.strike(answerFaults, this.#clock.nowMs(), `cancelOrder ${clientOrderId}`);
    const cancelled = this.engine.cancel({ clientOrderId }, this.#venueMs);
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
    this.#offsetMs = this.#venueMs - this.#clock.nowMs();
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
    const everyMs = this.#updateEveryMs ?? Math.min(60_000, timeframeMs / 4);
    let openMs = Math.floor(this.#venueMs / timeframeMs) * timeframeMs;
    let newest: CandleUpdate | null = null;
    const send = (atMs: number, closed: boolean) => {
      const candle = path.candleSeen(atMs, timeframeMs, closed ? atMs + timeframeMs : this.#venueMs);
      if (candle === null) return;
      newest = { candle, closed: this.capabilities.closedFlag ? closed : null };
      const twice = this.faults.active('duplicate-updates', this.#clock.nowMs(), 'stream') !== null;
      for (let i = 0; i < (twice ? 2 : 1); i++) onUpdate(newest);
    };
    while (!signal.aborted) {
      const boundaryMs = openMs + timeframeMs + this.#streamDelayMs - this.#venueMs;
      try {
        await this.#clock.sleep(Math.max(1, Math.min(everyMs, boundaryMs)), signal);
      } catch {
        return;
      }
      this.#wake();
      const nowMs = this.#clock.nowMs();
      if (this.faults.active('maintenance', nowMs, 'stream') !== null) throw failure('network', 'stream closed');
      if (this.faults.strike(['stream-drop'], nowMs, 'stream') !== null) throw failure('network', 'stream cut');
      // The real reader drops what isn't a candle; here nothing arrives at all.
      if (this.faults.strike(['garbage-updates'], nowMs, 'stream') !== null) continue;
      const mute = this.faults.active('mute-stream', nowMs, 'stream') !== null;
      const stale = this.faults.active('stale-stream', nowMs, 'stream') !== null;
      if (stale && newest !== null)
        onUpdate({ ...(newest as CandleUpdate), closed: this.capabilities.closedFlag ? false : null });
      let delayed = Number.NaN;
      for (; openMs + timeframeMs + this.#streamDelayMs <= this.#venueMs; openMs += timeframeMs) {
        if (mute || stale || this.faults.strike(['lost-final'], nowMs, 'stream') !== null) continue;
        if (this.faults.strike(['reordered-updates'], nowMs, 'stream') !== null) delayed = openMs;
        else send(openMs, true);
      }
      if (mute || stale) continue;
      send(openMs, false);
      if (!Number.isNaN(delayed)) send(delayed, true);
    }
  }

  async close(): Promise<void> {}

  #path(symbol: string): PricePath {
    const path = this.#paths.get(symbol);
    if (path === undefined) throw unknownSymbol(symbol);
    return path;
  }

  /** Brings the venue to the present: clock, orders that arrive late, faults of the account, matching. */
  #wake(): void {
    const nowMs = this.#clock.nowMs();
    this.#skewMs += this.faults.strike(['clock-skew'], nowMs, 'venue')?.amountMs ?? 0;
    // A venue's clock may stand still for a while, but time never runs backwards in its candles and fills.
    this.#venueMs = Math.max(this.#venueMs, nowMs + this.#skewMs);
    for (const { dueMs, request } of this.#late.filter((late) => late.dueMs <= this.#venueMs))
      this.engine.place(request, dueMs);
    this.#late = this.#late.filter((late) => late.dueMs > this.#venueMs);
    this.engine.advance(this.#venueMs);
    if (this.faults.strike(['filter-change'], nowMs, 'venue') !== null) {
      for (const market of this.engine.markets) this.engine.changeMarket(coarserFilters(market));
    }
    if (this.engine.markets.some((market) => this.engine.openOrders(market.symbol).length > 0))
      this.#cancelByVenue(nowMs);
  }

  #cancelByVenue(nowMs: number): void {
    if (this.faults.strike(['exchange-cancel'], nowMs, 'venue') === null) return;
    for (const market of this.engine.markets) {
      for (const { venueOrderId } of this.engine.openOrders(market.symbol))
        this.engine.cancel({ venueOrderId }, this.#venueMs);
    }
  }

  /** The way of a request to the venue, with everything that can stop it before it is heard. */
  async #arrive(kind: 'public' | 'signed', where: string): Promise<void> {
    await this.#clock.sleep(this.#latencyMs);
    this.#wake();
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
    const aheadMs = this.serverTimeMs() - this.#venueMs;
    if (aheadMs > 1_000 || aheadMs < -this.capabilities.orderWindowMs) {
      this.#offsetMs = this.#venueMs - nowMs;
      throw failure('clock', 'timestamp outside of the window');
    }
  }

  #place(request: OrderRequest, plan?: FillPlan): VenueOrder {
    const order = this.engine.place(request, this.#venueMs, plan);
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

const answerFaults: readonly FaultKind[] = ['timeout-after-accept', 'lost-answer', 'garbage-order-answer'];
const orderFaults: readonly FaultKind[] = [
  ...answerFaults,
  'lost-request',
  'late-accept',
  'partial-fill-disconnect',
  'partial-then-cancel',
];
const requestFaults: readonly FaultKind[] = ['rate-limit', 'server-error', 'garbage', 'timeout', 'disconnect'];

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
