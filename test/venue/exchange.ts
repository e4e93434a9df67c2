/**
 * A spot exchange that tells the truth to its own ledger and not always to its clients. Written from Binance's public
 * rules (developers.binance.com: spot, filters, errors), for the tests alone: it shares no code with the product, so it
 * can't share its assumptions. Time is the venue's own and comes in with every call.
 */
import { type Amount, isOnGrid, times } from './amount.ts';
import { VenueLedger } from './ledger.ts';
import { type MarketPath, SECOND } from './market-path.ts';
import { Random } from './random.ts';
import type { TroubleBook } from './troubles.ts';

const ONE = 100_000_000n;

export interface Rules {
  /** `BTC/USDT`, and the venue's own `BTCUSDT`. */
  readonly symbol: string;
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: Amount;
  readonly step: Amount;
  readonly minQuantity: Amount;
  readonly maxQuantity: Amount;
  readonly maxMarketQuantity: Amount;
  readonly minNotional: Amount;
}

export type Side = 'BUY' | 'SELL';
export type OrderType = 'MARKET' | 'LIMIT' | 'LIMIT_MAKER' | 'STOP_LOSS';
export type Status = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED';
export type Endpoint = 'query' | 'open' | 'trades';

export interface Trade {
  readonly id: number;
  readonly order: number;
  readonly rules: Rules;
  readonly side: Side;
  readonly price: Amount;
  readonly quantity: Amount;
  readonly fee: Amount;
  readonly feeCoin: string;
  readonly ms: number;
  /** No endpoint tells of it before. */
  readonly visibleMs: number;
}

export interface Order {
  readonly number: number;
  readonly clientId: string;
  readonly rules: Rules;
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: Amount;
  readonly limit: Amount | null;
  readonly stop: Amount | null;
  /** The amount of quote coin that was asked for instead of a quantity. */
  readonly spend: Amount | null;
  readonly createdMs: number;
  /** When a stop was reached; null for what isn't one. */
  triggeredMs: number | null;
  /** The coin of the pair in which its fees are wanted. */
  readonly feeIn: 'base' | 'quote';
  /** What of its coins is set aside: nothing for a stop, where the venue waits until it is reached. */
  holds: boolean;
  readonly trades: Trade[];
  /** How its life ended, in truth; null while it rests. */
  end: { readonly status: Status; readonly ms: number } | null;
  purged: boolean;
  /** When each endpoint begins to list it. */
  readonly listedMs: Readonly<Record<Endpoint, number>>;
}

/** An order as an endpoint tells of it. */
export interface OrderView {
  readonly order: Order;
  readonly status: Status;
  readonly executed: Amount;
  readonly spent: Amount;
}

export interface NewOrder {
  readonly clientId: string;
  readonly symbolId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: Amount;
  readonly limit?: Amount;
  readonly stop?: Amount;
  /** Fills at once as far as it can, and the rest ends. */
  readonly immediate?: boolean;
  /** Where the client may choose: taken on top where it is what the order gives, and out of what it brings else. */
  readonly feeIn?: 'base' | 'quote';
  /** A stop that sets no coins aside, where the venue leaves the choice. */
  readonly holdsNothing?: boolean;
  /** A market buy of so much quote coin; `quantity` is then not looked at. */
  readonly spend?: Amount;
}

/** Why an order is refused, for dialects that word it otherwise. */
export type Reason =
  | 'symbol'
  | 'unknown-order'
  | 'client-id'
  | 'duplicate-id'
  | 'quantity'
  | 'quantity-step'
  | 'market-quantity'
  | 'price-step'
  | 'notional'
  | 'missing'
  | 'stop-side'
  | 'would-take'
  | 'funds'
  | 'other';

/** An error as Binance's API words it. */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: Reason;

  constructor(code: number, message: string, reason: Reason = 'other') {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export interface ExchangeOptions {
  readonly rules: readonly Rules[];
  readonly paths: ReadonlyMap<string, MarketPath>;
  readonly balances: Readonly<Record<string, Amount>>;
  readonly feeRate: Amount;
  /** Where fees are taken: what is received, or a third coin. */
  readonly feeCoin?: string;
  readonly troubles: TroubleBook;
  readonly seed: number;
  /** In which venues differ; Binance's ways unless said. */
  readonly ways?: Ways;
}

/** How a venue goes about what venues do differently. */
export interface Ways {
  readonly clientIds?: RegExp;
  /** Among which orders a client id must be the only one: those that are open, unless said. */
  readonly idsUnique?: 'open' | 'ever' | 'nowhere';
  /** Fees always in the quote coin, on top of what a buy costs. */
  readonly feesInQuote?: boolean;
  /** A stop that is reached already sells at once, instead of being refused. */
  readonly stopsFireAtOnce?: boolean;
  /** Stops set no coins aside; one that finds none when it is reached comes to nothing. */
  readonly stopsHoldNothing?: boolean;
}

export class HostileExchange {
  readonly ledger = new VenueLedger();
  readonly orders: Order[] = [];
  readonly trades: Trade[] = [];
  readonly rules: readonly Rules[];
  readonly troubles: TroubleBook;
  readonly #paths: ReadonlyMap<string, MarketPath>;
  readonly #options: ExchangeOptions;
  readonly #random: Random;
  #tickMs: number;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.rules = options.rules;
    this.troubles = options.troubles;
    this.#paths = options.paths;
    this.#random = new Random(options.seed);
    this.#tickMs = Math.max(...[...options.paths.values()].map((path) => path.startMs));
    for (const [coin, value] of Object.entries(options.balances))
      this.ledger.post(this.#tickMs, coin, value, 0n, 'deposit');
  }

  /** Where the third coin of the fees has a price. */
  get feeMarket(): string {
    return `${this.#options.feeCoin}/${this.rules[0].quote}`;
  }

  path(rules: Rules): MarketPath {
    return this.#paths.get(rules.symbol)!;
  }

  find(symbolId: string): Rules {
    const rules = this.rules.find((one) => one.id === symbolId);
    if (rules === undefined) throw new Refusal(-1121, 'Invalid symbol.', 'symbol');
    return rules;
  }

  /** The next price of the grid below the last one; `ask` is the next above. */
  bid(rules: Rules, ms: number): Amount {
    const below = this.path(rules).priceAt(ms) - 1n;
    return below - (below % rules.tick);
  }

  ask(rules: Rules, ms: number): Amount {
    const price = this.path(rules).priceAt(ms);
    return price - (price % rules.tick) + rules.tick;
  }

  /** Lets resting orders meet the market up to now. */
  advance(nowMs: number): void {
    if (this.troubles.at('purged-orders', nowMs) !== null) this.#purge(nowMs);
    while (this.#tickMs + SECOND <= nowMs) {
      this.#tickMs += SECOND;
      for (const order of this.orders) if (order.end === null) this.#meet(order, this.#tickMs);
    }
  }

  /** Takes an order. @throws Refusal */
  place(wanted: NewOrder, nowMs: number): Order {
    this.advance(nowMs);
    const rules = this.find(wanted.symbolId);
    const { side, type, limit = null, stop = null, spend = null } = wanted;
    // By an amount of quote coin: what it buys even at the dearest of three levels.
    const dearest = this.ask(rules, nowMs) + 2n * rules.tick;
    const quantity = spend === null ? wanted.quantity : ((spend * ONE) / dearest / rules.step) * rules.step;
    this.#check({ ...wanted, quantity }, rules, nowMs);
    const late = this.troubles.at('listed-late', nowMs);
    const listed = () => nowMs + (late === null ? 0 : this.#random.between(late.size / 2, late.size));
    const order: Order = {
      ...{ number: 1_000 + this.orders.length, clientId: wanted.clientId, rules, side, type, quantity, limit, stop },
      ...{ spend, createdMs: nowMs, triggeredMs: null, trades: [], end: null, purged: false },
      feeIn: this.#feeIn(wanted),
      holds: this.#holds(wanted),
      listedMs: { query: listed(), open: listed(), trades: listed() },
    };
    this.orders.push(order);
    if (order.holds) this.#hold(order, nowMs);
    if (type === 'MARKET' || wanted.immediate === true) this.#fillWhole(order, nowMs);
    else if (type !== 'LIMIT_MAKER') this.#meet(order, nowMs);
    return order;
  }

  #holds({ type, holdsNothing = this.#options.ways?.stopsHoldNothing === true }: NewOrder): boolean {
    return type !== 'STOP_LOSS' || !holdsNothing;
  }

  #hold(order: Order, nowMs: number): void {
    const { rules, side, quantity, limit } = order;
    const held = side === 'BUY' ? this.#withFee(times(quantity, limit ?? this.ask(rules, nowMs)), order) : quantity;
    this.ledger.post(nowMs, side === 'BUY' ? rules.quote : rules.base, -held, held, `order ${order.number}`);
  }

  #feeIn({ side, feeIn }: NewOrder): 'base' | 'quote' {
    return feeIn ?? (side === 'BUY' && this.#options.ways?.feesInQuote !== true ? 'base' : 'quote');
  }

  /** What a buy of this cost takes of the quote coin. */
  #withFee(cost: Amount, { feeIn }: Pick<Order, 'feeIn'>): Amount {
    return feeIn === 'quote' ? cost + times(cost, this.#options.feeRate) : cost;
  }

  /** Ends a resting order. @throws Refusal where there is none */
  cancel(symbolId: string, clientId: string, nowMs: number): OrderView {
    this.advance(nowMs);
    const order = this.orders.find(
      (one) =>
        one.rules.id === symbolId && one.clientId === clientId && one.end === null && nowMs >= one.listedMs.query,
    );
    if (order === undefined) throw new Refusal(-2011, 'Unknown order sent.', 'unknown-order');
    return this.endOrder(order, nowMs);
  }

  /** Cancels an open order. */
  endOrder(order: Order, nowMs: number): OrderView {
    const late = this.troubles.at('late-fill', nowMs);
    if (late !== null && order.holds) {
      const rest = this.#rest(order);
      const steps = rest / order.rules.step;
      const part = this.#random.chance(0.5) ? rest : (steps / 2n) * order.rules.step;
      const price = order.side === 'BUY' ? this.ask(order.rules, nowMs) : this.bid(order.rules, nowMs);
      if (part > 0n) this.#trade(order, part, order.limit ?? price, nowMs, nowMs + late.size);
    }
    if (order.end === null) this.#finish(order, this.#rest(order) === 0n ? 'FILLED' : 'CANCELED', nowMs);
    return { order, status: 'CANCELED', ...this.#told(order, nowMs) };
  }

  /** The order as an endpoint tells of it now; null where it doesn't. */
  view(order: Order, endpoint: Endpoint, nowMs: number): OrderView | null {
    if (nowMs < order.listedMs[endpoint] || order.purged) return null;
    const told = this.#told(order, nowMs);
    const full = told.executed === order.quantity;
    const status = full ? 'FILLED' : (order.end?.status ?? (told.executed > 0n ? 'PARTIALLY_FILLED' : 'NEW'));
    return { order, status: status === 'FILLED' && !full ? 'CANCELED' : status, ...told };
  }

  /** The newest order with this client id, as Binance finds it. @throws Refusal */
  query(symbolId: string, clientId: string, nowMs: number): OrderView {
    this.advance(nowMs);
    const found = this.orders.filter((one) => one.rules.id === symbolId && one.clientId === clientId);
    const view = found.length === 0 ? null : this.view(found[found.length - 1], 'query', nowMs);
    if (view === null) throw new Refusal(-2013, 'Order does not exist.', 'unknown-order');
    return view;
  }

  openOrders(symbolId: string | null, nowMs: number): OrderView[] {
    this.advance(nowMs);
    return this.orders
      .filter((one) => one.end === null && (symbolId === null || one.rules.id === symbolId))
      .map((one) => this.view(one, 'open', nowMs))
      .filter((one) => one !== null);
  }

  /** Trades that are told by now, ascending. */
  tradesOf(symbolId: string, nowMs: number): Trade[] {
    this.advance(nowMs);
    const byNumber = new Map(this.orders.map((order) => [order.number, order]));
    return this.trades.filter(
      (one) => one.rules.id === symbolId && nowMs >= one.visibleMs && nowMs >= byNumber.get(one.order)!.listedMs.trades,
    );
  }

  /** Balances as the account endpoint tells them now. */
  balances(nowMs: number): Map<string, { free: Amount; locked: Amount }> {
    this.advance(nowMs);
    const stale = this.troubles.at('stale-balances', nowMs);
    const held = this.ledger.holdingsAt(stale === null ? Number.POSITIVE_INFINITY : nowMs - stale.size);
    const partial = this.troubles.at('partial-balances', nowMs);
    if (partial !== null) {
      const coins = [...held.keys()];
      held.delete(coins[Math.floor(partial.size) % coins.length]);
    }
    return held;
  }

  #told(order: Order, nowMs: number): { executed: Amount; spent: Amount } {
    const told = order.trades.filter((one) => one.visibleMs <= nowMs);
    return {
      executed: told.reduce((sum, one) => sum + one.quantity, 0n),
      spent: told.reduce((sum, one) => sum + times(one.quantity, one.price), 0n),
    };
  }

  #check(wanted: NewOrder, rules: Rules, nowMs: number): void {
    const { clientId, side, type, quantity, limit, stop } = wanted;
    const filter = (name: string, reason: Reason) => new Refusal(-1013, `Filter failure: ${name}`, reason);
    const missing = (name: string) =>
      new Refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`, 'missing');
    const price = this.path(rules).priceAt(nowMs);
    const { ways = {} } = this.#options;
    if (!(ways.clientIds ?? /^[a-zA-Z0-9-_]{1,36}$/).test(clientId))
      throw new Refusal(-1100, "Illegal characters found in parameter 'newClientOrderId'.", 'client-id');
    const { idsUnique = 'open' } = ways;
    const rivals = idsUnique === 'nowhere' ? [] : this.orders.filter((one) => one.clientId === clientId);
    if (rivals.some((one) => one.end === null || idsUnique === 'ever'))
      throw new Refusal(-2010, 'Duplicate order sent.', 'duplicate-id');
    if (!isOnGrid(quantity, rules.step)) throw filter('LOT_SIZE', 'quantity-step');
    if (quantity < rules.minQuantity || quantity > rules.maxQuantity) throw filter('LOT_SIZE', 'quantity');
    if (type === 'MARKET' && quantity > rules.maxMarketQuantity) throw filter('MARKET_LOT_SIZE', 'market-quantity');
    for (const one of [limit, stop])
      if (one !== undefined && !isOnGrid(one, rules.tick)) throw filter('PRICE_FILTER', 'price-step');
    if (times(quantity, limit ?? stop ?? price) < rules.minNotional) throw filter('NOTIONAL', 'notional');
    if (type === 'STOP_LOSS') {
      if (stop === undefined) throw missing('stopPrice');
      if ((side === 'SELL' ? price <= stop : price >= stop) && ways.stopsFireAtOnce !== true)
        throw new Refusal(-2010, 'Stop price would trigger immediately.', 'stop-side');
    }
    if ((type === 'LIMIT' || type === 'LIMIT_MAKER') && limit === undefined) throw missing('price');
    if (
      type === 'LIMIT_MAKER' &&
      (side === 'BUY' ? limit! >= this.ask(rules, nowMs) : limit! <= this.bid(rules, nowMs))
    )
      throw new Refusal(-2010, 'Order would immediately match and take.', 'would-take');
    if (!this.#holds(wanted)) return;
    const cost = times(quantity, limit ?? this.ask(rules, nowMs));
    const needs = side === 'BUY' ? this.#withFee(cost, { feeIn: this.#feeIn(wanted) }) : quantity;
    if (this.ledger.holding(side === 'BUY' ? rules.quote : rules.base).free < needs)
      throw new Refusal(-2010, 'Account has insufficient balance for requested action.', 'funds');
  }

  #rest(order: Order): Amount {
    return order.quantity - order.trades.reduce((sum, one) => sum + one.quantity, 0n);
  }

  /** A resting order at a tick. */
  #meet(order: Order, ms: number): void {
    const { rules, side, type, limit, stop } = order;
    const price = this.path(rules).priceAt(ms);
    if (type === 'STOP_LOSS' && order.triggeredMs === null) {
      if (side === 'SELL' ? price <= stop! : price >= stop!) this.#fire(order, ms);
      return;
    }
    const crossed = side === 'BUY' ? this.ask(rules, ms) <= limit! : this.bid(rules, ms) >= limit!;
    if (!crossed) return;
    // A second brings so much to a resting order: a quarter of it, at least a step.
    const rest = this.#rest(order);
    const quarter = (order.quantity / 4n / rules.step) * rules.step;
    this.#trade(order, quarter > 0n && quarter < rest ? quarter : rest, limit!, ms, ms);
  }

  #fire(order: Order, ms: number): void {
    order.triggeredMs = ms;
    if (!order.holds) {
      const buys = order.side === 'BUY';
      const coin = buys ? order.rules.quote : order.rules.base;
      const needs = buys ? this.#withFee(times(order.quantity, this.ask(order.rules, ms)), order) : order.quantity;
      if (this.ledger.holding(coin).free < needs) {
        this.#finish(order, 'EXPIRED', ms);
        return;
      }
      this.#hold(order, ms);
      order.holds = true;
    }
    this.#fillWhole(order, ms, order.limit !== null);
  }

  /** At once, as far as a limit allows; the rest of it ends, or rests. */
  #fillWhole(order: Order, ms: number, rests = false): void {
    const { rules, side, limit } = order;
    const wanted = this.troubles.at('many-fills', ms)?.size ?? 1 + this.#random.below(3);
    const steps = order.quantity / rules.step;
    const pieces = BigInt(Math.min(wanted, Number(steps)));
    for (let i = 0n; i < pieces; i++) {
      const size = ((steps * (i + 1n)) / pieces - (steps * i) / pieces) * rules.step;
      // Three prices at most, a tick apart, as in a thin book.
      const away = rules.tick * (i % 3n);
      const price = side === 'BUY' ? this.ask(rules, ms) + away : this.bid(rules, ms) - away;
      const beyond = limit !== null && (side === 'BUY' ? price > limit : price < limit);
      const affordable = side === 'SELL' || this.#affords(order, this.#withFee(times(size, price), order));
      if (beyond || !affordable) break;
      this.#trade(order, size, price, ms, ms);
    }
    // What can't be filled whole at once expires with what it got.
    if (order.end === null && !rests) this.#finish(order, 'EXPIRED', ms);
  }

  #affords(order: Order, cost: Amount): boolean {
    const { free, locked } = this.ledger.holding(order.rules.quote);
    return free + locked >= cost;
  }

  #trade(order: Order, quantity: Amount, price: Amount, ms: number, visibleMs: number): void {
    const { rules, side, number } = order;
    const { feeRate, feeCoin } = this.#options;
    const cost = times(quantity, price);
    const third = feeCoin !== undefined && this.ledger.holding(feeCoin).free > 0n;
    // On top of what is sold, only where there is so much more of it.
    const enough = side === 'BUY' || this.ledger.holding(rules.base).free >= times(quantity, feeRate);
    const inBase = order.feeIn === 'base' && enough;
    const coin = third ? feeCoin : inBase ? rules.base : rules.quote;
    const full = times(inBase ? quantity : cost, feeRate);
    const held = this.ledger.holding(coin).free;
    // The third coin is worth a hundredth of the quote coin's unit here; what isn't there isn't taken.
    const fee = third ? (full / 100n < held ? full / 100n : held) : full;
    const why = `trade of order ${number}`;
    if (side === 'BUY') {
      const reserved = this.#reserved(order, quantity, cost);
      this.ledger.post(ms, rules.quote, reserved - cost, -reserved, why);
      this.ledger.post(ms, rules.base, quantity, 0n, why);
    } else {
      this.ledger.post(ms, rules.base, 0n, -quantity, why);
      this.ledger.post(ms, rules.quote, cost, 0n, why);
    }
    this.ledger.post(ms, coin, -fee, 0n, `fee of order ${number}`);
    const trade = {
      id: 500_000 + this.trades.length,
      order: number,
      rules,
      side,
      price,
      quantity,
      fee,
      feeCoin: coin,
      ms,
      visibleMs,
    };
    order.trades.push(trade);
    this.trades.push(trade);
    if (this.#rest(order) === 0n) this.#finish(order, 'FILLED', ms);
  }

  /** The part of the order's reserved quote coin that a trade frees; a market buy may cost more than was reserved. */
  #reserved(order: Order, quantity: Amount, cost: Amount): Amount {
    const { locked } = this.ledger.holding(order.rules.quote);
    const share = this.#withFee(order.limit === null ? cost : times(quantity, order.limit), order);
    return share < locked ? share : locked;
  }

  #finish(order: Order, status: Status, ms: number): void {
    const { rules, side } = order;
    order.end = { status, ms };
    if (!order.holds) return;
    if (side === 'SELL') {
      const rest = this.#rest(order);
      if (rest > 0n) this.ledger.post(ms, rules.base, rest, -rest, `rest of order ${order.number}`);
      return;
    }
    // Whatever is still locked for no open order of this quote coin is free again.
    const needed = this.orders
      .filter((one) => one.end === null && one.holds && one.side === 'BUY' && one.rules.quote === rules.quote)
      .reduce((sum, one) => sum + this.#withFee(times(this.#rest(one), one.limit ?? 0n), one), 0n);
    const rest = this.ledger.holding(rules.quote).locked - needed;
    if (rest > 0n) this.ledger.post(ms, rules.quote, rest, -rest, `rest of order ${order.number}`);
  }

  #purge(nowMs: number): void {
    for (const order of this.orders) {
      if (order.end !== null || order.type !== 'STOP_LOSS' || nowMs - order.createdMs < 60_000) continue;
      this.#finish(order, 'EXPIRED', nowMs);
      order.purged = true;
    }
  }
}
