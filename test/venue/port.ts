/** The hostile exchange behind the product's `Venue` interface, in virtual time: the interface is all that they share. */
import { ExchangeError, InputError } from '../../src/core/errors.ts';
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
} from '../../src/exchange/venue.ts';
import { type Amount, amount, short } from './amount.ts';
import { type HostileExchange, type OrderView, Refusal, type Rules, type Trade } from './exchange.ts';
import type { Bar } from './market-path.ts';
import { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A caller gives up after this long. */
const DEADLINE_MS = 10_000;
const PAGE = 1_000;

const STATUS = {
  NEW: 'open',
  PARTIALLY_FILLED: 'open',
  FILLED: 'filled',
  CANCELED: 'cancelled',
  EXPIRED: 'expired',
} as const;
const TYPE = { MARKET: 'market', LIMIT: 'limit', LIMIT_MAKER: 'limit', STOP_LOSS: 'stop-loss' } as const;

const trouble = (code: string, message: string, retryAfterMs = 0) =>
  new ExchangeError(message, { code, retryable: true, retryAfterMs });

function toOrder({ order, status, executed }: OrderView): VenueOrder {
  const price = order.limit ?? order.stop;
  return {
    ...{ clientOrderId: order.clientId, venueOrderId: String(order.number), symbol: order.rules.symbol },
    ...{ side: order.side === 'BUY' ? 'buy' : 'sell', type: TYPE[order.type], quantity: short(order.quantity) },
    ...{ price: price === null ? null : short(price), filled: short(executed), status: STATUS[status] },
    timeMs: Math.floor(order.createdMs),
  };
}

const toFill = (trade: Trade): Fill => ({
  ...{ fillId: String(trade.id), venueOrderId: String(trade.order), symbol: trade.rules.symbol },
  ...{ side: trade.side === 'BUY' ? 'buy' : 'sell', price: short(trade.price), quantity: short(trade.quantity) },
  ...{ feeAmount: short(trade.fee), feeCurrency: trade.feeCoin, timeMs: Math.floor(trade.ms) },
});

export const toCandle = (bar: Bar) => ({
  ...{ timeMs: bar.openMs, open: Number(short(bar.open)), high: Number(short(bar.high)), low: Number(short(bar.low)) },
  ...{ close: Number(short(bar.close)), volume: Number(short(bar.volume)), trades: bar.trades, trends: Number.NaN },
});

export class VenuePort implements Venue {
  readonly name = 'binance';
  readonly capabilities: VenueCapabilities;
  readonly #exchange: HostileExchange;
  readonly #time: VirtualTime;
  readonly #random: Random;
  #offsetMs = 0;

  constructor(
    exchange: HostileExchange,
    time: VirtualTime,
    seed: number,
    capabilities: Partial<VenueCapabilities> = {},
  ) {
    this.#exchange = exchange;
    this.#time = time;
    this.#random = new Random(seed);
    this.capabilities = {
      ...{ onExchangeStop: true, closedFlag: true, sandbox: false, tested: true, candlesPerPage: PAGE },
      requestLifeMs: 15_000,
      settleMs: 45_000,
      ...capabilities,
    };
  }

  async connect(): Promise<void> {
    await this.measureClock();
  }

  async fetchMarket(symbol: string): Promise<Market> {
    await this.#travel('public');
    const rules = this.#rules(symbol);
    return {
      ...{ symbol, base: rules.base, quote: rules.quote, active: true },
      ...{ priceTick: short(rules.tick), quantityStep: short(rules.step), minQuantity: short(rules.minQuantity) },
      ...{ maxQuantity: short(rules.maxQuantity), maxMarketQuantity: short(rules.maxMarketQuantity) },
      ...{ minNotional: short(rules.minNotional), takerFeeRate: '0.001' },
    };
  }

  async fetchBalances(): Promise<ReadonlyMap<string, Balance>> {
    await this.#travel('private');
    const balances = this.#exchange.balances(this.#time.ms);
    await this.#pause();
    return new Map(
      [...balances].map(([coin, { free, locked }]) => [coin, { free: short(free), locked: short(locked) }]),
    );
  }

  async fetchCandles(symbol: string, timeframeMs: number, fromMs: number, toMs: number) {
    await this.#travel('public');
    if (this.#exchange.troubles.at('invalid-symbol', this.#time.ms) !== null)
      throw new InputError(`${this.name}: Invalid symbol.; check --symbol`);
    const path = this.#exchange.path(this.#rules(symbol));
    const candles = [];
    for (
      let at = Math.ceil(fromMs / timeframeMs) * timeframeMs;
      at < toMs && candles.length < PAGE;
      at += timeframeMs
    ) {
      if (at + timeframeMs > this.#time.ms) break;
      const bar = path.bar(at, timeframeMs, this.#time.ms);
      if (bar !== null) candles.push(toCandle(bar));
    }
    await this.#pause();
    return candles;
  }

  async fetchQuote(symbol: string): Promise<Quote> {
    await this.#travel('public');
    // The coin of the fees trades at a hundred of the quote coin's unit.
    if (symbol === this.#exchange.feeMarket) return { bid: '100', ask: '100', timeMs: Math.floor(this.#time.ms) };
    const rules = this.#rules(symbol);
    const [bid, ask] = [this.#exchange.bid(rules, this.#time.ms), this.#exchange.ask(rules, this.#time.ms)];
    await this.#pause();
    return { bid: short(bid), ask: short(ask), timeMs: Math.floor(this.#time.ms) };
  }

  async createOrder(request: OrderRequest): Promise<VenueOrder> {
    const { troubles } = this.#exchange;
    if (troubles.at('request-lost', this.#time.ms) !== null) {
      await this.#time.sleep(DEADLINE_MS);
      throw trouble('timeout', 'the venue did not answer in time');
    }
    await this.#travel('private');
    const cut = ['listed-late', 'answer-cut'].some((kind) => troubles.at(kind as never, this.#time.ms) !== null);
    const error = troubles.at('error-but-taken', this.#time.ms) !== null;
    const view = this.#refusing(() => {
      const order = this.#exchange.place(
        {
          ...{ clientId: request.clientOrderId, symbolId: this.#rules(request.symbol).id },
          ...{ side: request.side === 'buy' ? 'BUY' : 'SELL', quantity: amount(request.quantity) },
          type: request.type === 'market' ? 'MARKET' : request.type === 'limit' ? 'LIMIT' : 'STOP_LOSS',
          ...(request.type === 'limit' ? { limit: amount(request.price!) } : {}),
          ...(request.type === 'stop-loss' ? { stop: amount(request.price!) } : {}),
        },
        this.#time.ms,
      );
      return this.#exchange.view(order, 'query', Number.POSITIVE_INFINITY)!;
    });
    if (cut) {
      await this.#time.sleep(this.#random.chance(0.5) ? 0 : DEADLINE_MS);
      throw trouble('network', 'the connection was cut');
    }
    if (error) throw trouble('unavailable', 'internal error; unable to process your request');
    await this.#pause();
    return toOrder(view);
  }

  async fetchOrder(clientOrderId: string, symbol: string): Promise<VenueOrder | null> {
    await this.#travel('private');
    try {
      const view = this.#exchange.query(this.#rules(symbol).id, clientOrderId, this.#time.ms);
      await this.#pause();
      return toOrder(view);
    } catch (error) {
      if (error instanceof Refusal && error.code === -2013) return null;
      throw error;
    }
  }

  async fetchOrderOf({ venueOrderId }: Fill): Promise<VenueOrder | null> {
    await this.#travel('private');
    const order = this.#exchange.orders.find((one) => String(one.number) === venueOrderId);
    const view = order === undefined ? null : this.#exchange.view(order, 'query', this.#time.ms);
    await this.#pause();
    return view === null ? null : toOrder(view);
  }

  async cancelOrder(clientOrderId: string, symbol: string): Promise<'cancelled' | 'not-open'> {
    await this.#travel('private');
    try {
      this.#exchange.cancel(this.#rules(symbol).id, clientOrderId, this.#time.ms);
      await this.#pause();
      return 'cancelled';
    } catch (error) {
      if (error instanceof Refusal && error.code === -2011) return 'not-open';
      throw error;
    }
  }

  async fetchOpenOrders(symbol: string): Promise<VenueOrder[]> {
    await this.#travel('private');
    const views = this.#exchange.openOrders(this.#rules(symbol).id, this.#time.ms);
    await this.#pause();
    return views.map(toOrder);
  }

  async fetchFills(symbol: string, which: { sinceMs: number } | { order: VenueOrder }): Promise<Fill[]> {
    await this.#travel('private');
    const trades = this.#exchange.tradesOf(this.#rules(symbol).id, this.#time.ms);
    await this.#pause();
    return trades
      .filter((one) => ('order' in which ? String(one.order) === which.order.venueOrderId : one.ms >= which.sinceMs))
      .map(toFill);
  }

  async fetchKeyRights(): Promise<KeyRights> {
    return { trade: true, withdraw: false };
  }

  serverTimeMs(): number {
    return Math.floor(this.#time.clock.nowMs() + this.#offsetMs);
  }

  async measureClock(): Promise<number> {
    await this.#travel('public');
    this.#offsetMs = Math.floor(this.#time.ms) - this.#time.clock.nowMs();
    return this.#offsetMs;
  }

  async watchCandles(
    symbol: string,
    timeframeMs: number,
    onUpdate: (update: CandleUpdate) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { troubles } = this.#exchange;
    const path = this.#exchange.path(this.#rules(symbol));
    const closed = (is: boolean) => (this.capabilities.closedFlag ? is : null);
    for (;;) {
      // At the close of a bar, and at a few times within it.
      const open = Math.floor(this.#time.ms / timeframeMs) * timeframeMs;
      const next =
        Math.min(open + timeframeMs, this.#time.ms + timeframeMs / 3) - this.#time.ms + this.#random.between(5, 250);
      await this.#time.sleep(next, signal).catch(() => {});
      if (signal.aborted) return;
      const now = this.#time.ms;
      if (troubles.at('dropped-stream', now) !== null) throw trouble('network', 'the stream was cut');
      if (troubles.at('mute-stream', now) !== null) continue;
      const newOpen = Math.floor(now / timeframeMs) * timeframeMs;
      const last = newOpen > open ? path.bar(open, timeframeMs, now) : null;
      if (last !== null) {
        const candle = toCandle(last);
        const wrong = troubles.at('wrong-final', now) !== null;
        onUpdate({
          candle: wrong ? { ...candle, close: candle.close / 10, low: candle.low / 10 } : candle,
          closed: closed(true),
        });
      }
      const running = path.bar(newOpen, timeframeMs, now);
      if (running !== null && now < path.endMs) onUpdate({ candle: toCandle(running), closed: closed(false) });
    }
  }

  async close(): Promise<void> {}

  #rules(symbol: string): Rules {
    const rules = this.#exchange.rules.find((one) => one.symbol === symbol);
    if (rules === undefined) throw new InputError(`${this.name} has no symbol ${symbol}; check --symbol`);
    return rules;
  }

  /** The way there, and what may end it. */
  async #travel(kind: 'public' | 'private'): Promise<void> {
    const { troubles } = this.#exchange;
    const { ms } = this.#time;
    if (troubles.at('stall', ms) !== null) {
      await this.#time.sleep(DEADLINE_MS);
      throw trouble('timeout', 'the venue did not answer in time');
    }
    await this.#pause();
    if (kind === 'private' && troubles.at('maintenance', ms) !== null)
      throw trouble('unavailable', '503 Service Unavailable');
    if (kind === 'public' && troubles.at('public-limit', ms) !== null)
      throw trouble('rate-limited', '429 Too Many Requests', 60_000);
  }

  #pause(): Promise<void> {
    return this.#time.sleep(this.#random.between(5, 120));
  }

  #refusing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const code = /insufficient/.test(error.message)
        ? 'insufficient-funds'
        : /Duplicate/.test(error.message)
          ? 'duplicate-id'
          : error.code === -1013
            ? 'filter'
            : 'rejected';
      throw new ExchangeError(error.message, { code, retryable: false });
    }
  }
}

/** What the product's decimal strings add up to. */
export const sumOf = (values: readonly string[]): Amount => values.reduce((sum, one) => sum + amount(one), 0n);
