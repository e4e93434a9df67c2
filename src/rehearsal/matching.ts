import {
  addDecimals,
  canonicalDecimal,
  compareDecimals,
  decimalOf,
  floorToStep,
  multiplyDecimals,
  subtractDecimals,
} from '../exchange/decimal.ts';
import { checkOrder } from '../exchange/order-rules.ts';
import type { Balance, Fill, Market, OrderRequest, VenueOrder } from '../exchange/venue.ts';
import type { PricePath } from './price-path.ts';

/** Coins are counted in 1e-8, as venues do; fees are cut to it. */
const coinStep = '0.00000001';

export interface MatchingOptions {
  readonly markets: readonly Market[];
  /** One path a symbol. */
  readonly paths: ReadonlyMap<string, PricePath>;
  /** Free amounts at the start, by currency. */
  readonly balances: Readonly<Record<string, string>>;
  /** Rate of every fill, such as '0.001'. */
  readonly feeRate: string;
  /** 'received': in the coin that the fill brings (the base coin of a buy); 'quote': always in quote currency. */
  readonly feeIn: 'received' | 'quote';
  /** Ticks between the path's price and bid or ask; market orders pay them. */
  readonly halfSpreadTicks: number;
}

/** An order as the venue's engine holds it. */
interface RestingOrder {
  order: VenueOrder;
  /** Currency and amount held for the open rest. */
  heldCurrency: string;
  held: string;
  /** Fills of a market order that are still to come. */
  later: { timeMs: number; quantity: string }[];
  /** The venue cancels the rest at this time; Infinity where it won't. */
  cancelMs: number;
  /** Matched up to this time. */
  seenMs: number;
}

/** A refusal is a value: the venue's answer, with the code of the ExchangeError that it becomes. */
export interface Refusal {
  readonly refused: 'insufficient-funds' | 'duplicate-id' | 'filter';
  /** The filter's own name for it. */
  readonly reason: string;
}

/** How the venue treats one market order: the share that fills at once and what becomes of the rest. */
export interface FillPlan {
  readonly firstShare: number;
  readonly restMs: number;
  readonly cancelRest: boolean;
}

/**
 * A venue's account and order book against a price path: market, limit and stop-loss orders, partial fills, fees in
 * the received or the quote coin, held balances. Synchronous and without a clock: callers say what time it is. Like
 * Binance it refuses a client id only while an order with it is open, so that a careless re-send executes twice.
 */
export class MatchingEngine {
  readonly fills: (Fill & { readonly clientOrderId: string })[] = [];
  readonly #options: MatchingOptions;
  readonly #markets = new Map<string, Market>();
  readonly #balances = new Map<string, { free: string; locked: string }>();
  readonly #orders: RestingOrder[] = [];
  #open: RestingOrder[] = [];

  constructor(options: MatchingOptions) {
    this.#options = options;
    for (const market of options.markets) this.#markets.set(market.symbol, market);
    for (const [currency, free] of Object.entries(options.balances)) {
      this.#balances.set(currency, { free: canonicalDecimal(free), locked: '0' });
    }
  }

  market(symbol: string): Market | undefined {
    return this.#markets.get(symbol);
  }

  get markets(): Market[] {
    return [...this.#markets.values()];
  }

  /** Replaces a market's filters. */
  changeMarket(market: Market): void {
    this.#markets.set(market.symbol, market);
  }

  balances(): Map<string, Balance> {
    return new Map([...this.#balances].map(([currency, held]) => [currency, { ...held }]));
  }

  /** A deposit, or a withdrawal where negative, made outside the bot. */
  deposit(currency: string, amount: string): void {
    const balance = this.#balanceOf(currency);
    balance.free = addDecimals(balance.free, amount);
  }

  /** Every order that was ever accepted, oldest first. */
  orders(): VenueOrder[] {
    return this.#orders.map((held) => held.order);
  }

  /** The newest order with this client id or venue id. */
  find(id: { readonly clientOrderId?: string; readonly venueOrderId?: string }): VenueOrder | undefined {
    return this.#findHeld(id)?.order;
  }

  openOrders(symbol: string): VenueOrder[] {
    return this.#open.filter((held) => held.order.symbol === symbol).map((held) => held.order);
  }

  bid(symbol: string, timeMs: number): string {
    return this.#shifted(symbol, timeMs, -1);
  }

  ask(symbol: string, timeMs: number): string {
    return this.#shifted(symbol, timeMs, 1);
  }

  /** Accepts or refuses an order at `timeMs`; a market order fills at once unless `plan` says otherwise. */
  place(request: OrderRequest, timeMs: number, plan?: FillPlan): VenueOrder | Refusal {
    this.advance(timeMs);
    const market = this.#markets.get(request.symbol)!;
    const reference = decimalOf(this.#path(request.symbol).priceAt(timeMs));
    const problem = checkOrder(request, market, reference);
    if (problem !== null) return { refused: 'filter', reason: problem.code };
    if (this.#open.some((held) => held.order.clientOrderId === request.clientOrderId)) {
      return { refused: 'duplicate-id', reason: 'duplicate order sent' };
    }
    const worst = request.price ?? this.ask(request.symbol, timeMs);
    const heldCurrency = request.side === 'buy' ? market.quote : market.base;
    const held = request.side === 'buy' ? this.#costWithFee(request.quantity, worst) : request.quantity;
    const balance = this.#balanceOf(heldCurrency);
    if (compareDecimals(balance.free, held) < 0)
      return { refused: 'insufficient-funds', reason: 'insufficient balance' };
    balance.free = subtractDecimals(balance.free, held);
    balance.locked = addDecimals(balance.locked, held);
    const resting: RestingOrder = {
      order: {
        clientOrderId: request.clientOrderId,
        venueOrderId: String(this.#orders.length + 1),
        symbol: request.symbol,
        side: request.side,
        type: request.type,
        quantity: canonicalDecimal(request.quantity),
        price: request.price === undefined ? null : canonicalDecimal(request.price),
        filled: '0',
        status: 'open',
        timeMs,
      },
      heldCurrency,
      held,
      later: [],
      cancelMs: Number.POSITIVE_INFINITY,
      seenMs: timeMs,
    };
    this.#orders.push(resting);
    this.#open.push(resting);
    if (request.type === 'market') this.#fillMarketOrder(resting, timeMs, plan);
    else this.advance(timeMs);
    return resting.order;
  }

  cancel(id: { readonly clientOrderId?: string; readonly venueOrderId?: string }, timeMs: number): boolean {
    this.advance(timeMs);
    const held = this.#findHeld(id);
    if (held === undefined || held.order.status !== 'open') return false;
    this.#end(held, 'cancelled');
    return true;
  }

  /** Matches everything that rests up to `timeMs`. */
  advance(timeMs: number): void {
    for (const held of [...this.#open]) {
      while (held.order.status === 'open' && held.later.length > 0 && held.later[0].timeMs <= timeMs) {
        const { timeMs: atMs, quantity } = held.later.shift()!;
        this.#fill(held, quantity, this.#crossingPrice(held.order, atMs), atMs);
      }
      if (held.order.status === 'open' && held.cancelMs <= timeMs) this.#end(held, 'cancelled');
      if (held.order.status === 'open' && held.order.price !== null) this.#match(held, timeMs);
      held.seenMs = Math.max(held.seenMs, timeMs);
    }
  }

  #fillMarketOrder(held: RestingOrder, timeMs: number, plan: FillPlan | undefined): void {
    const market = this.#markets.get(held.order.symbol)!;
    const { quantity } = held.order;
    const first =
      plan === undefined
        ? quantity
        : floorToStep(multiplyDecimals(quantity, decimalOf(plan.firstShare)), market.quantityStep);
    if (compareDecimals(first, '0') > 0) this.#fill(held, first, this.#crossingPrice(held.order, timeMs), timeMs);
    const rest = subtractDecimals(quantity, first);
    if (plan === undefined || held.order.status !== 'open') return;
    if (plan.cancelRest) held.cancelMs = timeMs + plan.restMs;
    else held.later.push({ timeMs: timeMs + plan.restMs, quantity: rest });
  }

  /** Limit and stop-loss orders: the first touch of their price. */
  #match(held: RestingOrder, timeMs: number): void {
    const { order } = held;
    const level = Number(order.price);
    const stop = order.type === 'stop-loss';
    const direction = (order.side === 'sell') === stop ? 'below' : 'above';
    const touchMs = this.#path(order.symbol).firstTouch(held.seenMs, timeMs, level, direction);
    if (Number.isNaN(touchMs)) return;
    const crossing = this.#crossingPrice(order, touchMs);
    const better =
      order.side === 'buy' ? compareDecimals(crossing, order.price!) < 0 : compareDecimals(crossing, order.price!) > 0;
    this.#fill(held, subtractDecimals(order.quantity, order.filled), stop || better ? crossing : order.price!, touchMs);
  }

  #fill(held: RestingOrder, quantity: string, price: string, timeMs: number): void {
    const { order } = held;
    const market = this.#markets.get(order.symbol)!;
    const cost = floorToStep(multiplyDecimals(quantity, price), coinStep);
    // The price may have run away from what was held for the rest.
    if (order.side === 'buy' && compareDecimals(this.#costWithFee(quantity, price), this.#spendable(held)) > 0) {
      this.#end(held, 'expired');
      return;
    }
    const received = order.side === 'buy' ? quantity : cost;
    const feeInQuote = this.#options.feeIn === 'quote' || order.side === 'sell';
    const feeAmount = floorToStep(multiplyDecimals(feeInQuote ? cost : received, this.#options.feeRate), coinStep);
    const base = this.#balanceOf(market.base);
    const quote = this.#balanceOf(market.quote);
    this.#release(held);
    if (order.side === 'buy') {
      base.free = addDecimals(base.free, feeInQuote ? quantity : subtractDecimals(quantity, feeAmount));
      quote.free = subtractDecimals(quote.free, feeInQuote ? addDecimals(cost, feeAmount) : cost);
    } else {
      base.free = subtractDecimals(base.free, quantity);
      quote.free = addDecimals(quote.free, subtractDecimals(cost, feeAmount));
    }
    const filled = addDecimals(order.filled, quantity);
    held.order = { ...order, filled, status: filled === order.quantity ? 'filled' : 'open' };
    this.fills.push({
      fillId: String(this.fills.length + 1),
      venueOrderId: order.venueOrderId,
      clientOrderId: order.clientOrderId,
      symbol: order.symbol,
      side: order.side,
      price,
      quantity,
      feeAmount,
      feeCurrency: feeInQuote ? market.quote : market.base,
      timeMs,
    });
    if (held.order.status === 'open') this.#hold(held);
    else this.#open = this.#open.filter((other) => other !== held);
  }

  #end(held: RestingOrder, status: VenueOrder['status']): void {
    this.#release(held);
    held.order = { ...held.order, status };
    held.later = [];
    this.#open = this.#open.filter((other) => other !== held);
  }

  #release(held: RestingOrder): void {
    const balance = this.#balanceOf(held.heldCurrency);
    balance.free = addDecimals(balance.free, held.held);
    balance.locked = subtractDecimals(balance.locked, held.held);
    held.held = '0';
  }

  /** Holds what the open rest of an order can still cost, as far as it is there. */
  #hold(held: RestingOrder): void {
    const { order } = held;
    const rest = subtractDecimals(order.quantity, order.filled);
    const wanted =
      order.side === 'sell' ? rest : this.#costWithFee(rest, order.price ?? this.fills[this.fills.length - 1].price);
    const balance = this.#balanceOf(held.heldCurrency);
    held.held = compareDecimals(balance.free, wanted) < 0 ? balance.free : wanted;
    balance.free = subtractDecimals(balance.free, held.held);
    balance.locked = addDecimals(balance.locked, held.held);
  }

  #spendable(held: RestingOrder): string {
    return addDecimals(this.#balanceOf(held.heldCurrency).free, held.held);
  }

  #costWithFee(quantity: string, price: string): string {
    const cost = floorToStep(multiplyDecimals(quantity, price), coinStep);
    if (this.#options.feeIn !== 'quote') return cost;
    return addDecimals(cost, floorToStep(multiplyDecimals(cost, this.#options.feeRate), coinStep));
  }

  #crossingPrice(order: VenueOrder, timeMs: number): string {
    return order.side === 'buy' ? this.ask(order.symbol, timeMs) : this.bid(order.symbol, timeMs);
  }

  #shifted(symbol: string, timeMs: number, direction: 1 | -1): string {
    const tick = this.#markets.get(symbol)!.priceTick;
    const price = floorToStep(decimalOf(this.#path(symbol).priceAt(timeMs)), tick);
    return addDecimals(price, multiplyDecimals(tick, String(direction * this.#options.halfSpreadTicks)));
  }

  #path(symbol: string): PricePath {
    return this.#options.paths.get(symbol)!;
  }

  #findHeld(id: { readonly clientOrderId?: string; readonly venueOrderId?: string }): RestingOrder | undefined {
    return this.#orders.findLast((held) =>
      id.venueOrderId === undefined
        ? held.order.clientOrderId === id.clientOrderId
        : held.order.venueOrderId === id.venueOrderId,
    );
  }

  #balanceOf(currency: string): { free: string; locked: string } {
    let balance = this.#balances.get(currency);
    if (balance === undefined) {
      balance = { free: '0', locked: '0' };
      this.#balances.set(currency, balance);
    }
    return balance;
  }
}

/** What a filter change does to a market: a quantity step ten times as coarse and twice the minimum notional. */
export function coarserFilters(market: Market): Market {
  return {
    ...market,
    quantityStep: multiplyDecimals(market.quantityStep, '10'),
    minQuantity: multiplyDecimals(market.minQuantity, '10'),
    minNotional: multiplyDecimals(market.minNotional, '2'),
  };
}
