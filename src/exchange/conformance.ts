/**
 * Does a venue do what a broker needs of it? Places the smallest orders there are, asks for them in every way, cancels
 * and sells back, and compares what is said with what was asked for. Runs against a local server that speaks a venue's
 * dialect, against the venue's test network, or with a few units of real money.
 */
import type { Clock } from '../core/clock.ts';
import { ExchangeError } from '../core/errors.ts';
import {
  addDecimals,
  ceilToStep,
  compareDecimals,
  divideDecimals,
  floorToStep,
  multiplyDecimals,
  subtractDecimals,
} from './decimal.ts';
import type { Balance, Fill, Market, OrderRequest, Venue, VenueOrder } from './venue.ts';

export interface ConformanceFinding {
  readonly check: string;
  readonly ok: boolean;
  readonly saw: string;
}

export interface ConformanceOptions {
  readonly venue: Venue;
  readonly symbol: string;
  readonly clock: Clock;
  /** Begins the client ids; letters and digits, at most 9. */
  readonly tag: string;
  /** An order is looked for so long before it counts as not there; a minute. */
  readonly patienceMs?: number;
  readonly onFinding?: (finding: ConformanceFinding) => void;
}

const PATIENCE_MS = 60_000;
const BETWEEN_MS = 1_000;
/** A resting order lies so far from the market that it doesn't fill, and near enough for the venue's filters. */
const AWAY = '0.9';
/** Above the least that the venue takes, so that a falling price leaves it sellable. */
const SIZE = '1.5';

class Failed extends Error {}

function demand(condition: boolean, saw: string): asserts condition {
  if (!condition) throw new Failed(saw);
}

/** Every check, in order; later ones that need an earlier one are left out where that failed. */
export async function checkConformance(options: ConformanceOptions): Promise<ConformanceFinding[]> {
  const run = new Run(options);
  await run.check('clock', () => run.clock());
  await run.check('filters', () => run.filters());
  await run.check('balances', () => run.balances());
  if (run.failed) return run.findings;
  await run.check('an order that never was', () => run.unknownOrder());
  await run.check('a resting order by our id', () => run.restingOrder());
  await run.check('a market buy by quantity', () => run.buy());
  if (run.bought === null) return run.findings;
  await run.check('fills by order and by time', () => run.fills());
  if (options.venue.capabilities.onExchangeStop) await run.check('a resting stop', () => run.stop());
  await run.check('a market sell of what is held', () => run.sell());
  await run.check('nothing left behind', () => run.leftovers());
  return run.findings;
}

class Run {
  readonly findings: ConformanceFinding[] = [];
  readonly #options: ConformanceOptions;
  #market: Market | null = null;
  #before: ReadonlyMap<string, Balance> = new Map();
  #count = 0;
  bought: VenueOrder | null = null;
  #fills: readonly Fill[] = [];

  constructor(options: ConformanceOptions) {
    this.#options = options;
  }

  get failed(): boolean {
    return this.findings.some(({ ok }) => !ok);
  }

  async check(check: string, work: () => Promise<string>): Promise<void> {
    let finding: ConformanceFinding;
    try {
      finding = { check, ok: true, saw: await work() };
    } catch (error) {
      if (!(error instanceof Failed) && !(error instanceof ExchangeError)) throw error;
      const code = error instanceof ExchangeError ? ` (${error.code})` : '';
      finding = { check, ok: false, saw: `${error.message}${code}` };
    }
    this.findings.push(finding);
    this.#options.onFinding?.(finding);
  }

  async clock(): Promise<string> {
    const { venue } = this.#options;
    await venue.connect();
    const offsetMs = await venue.measureClock();
    demand(Math.abs(offsetMs) < 60_000, `its clock is ${Math.round(offsetMs / 1000)} s from ours`);
    return `its clock is ${offsetMs} ms from ours`;
  }

  async filters(): Promise<string> {
    this.#market = await this.#options.venue.fetchMarket(this.#options.symbol, true);
    const { quantityStep, priceTick, minNotional, minQuantity, active } = this.#market;
    demand(active, 'it is not traded now');
    demand(compareDecimals(quantityStep, '0') > 0, 'the quantity step is not told');
    return `step ${quantityStep}, tick ${priceTick}, least ${minQuantity} and ${minNotional}`;
  }

  async balances(): Promise<string> {
    this.#before = await this.#options.venue.fetchBalances();
    const { quote } = this.#market!;
    const free = this.#before.get(quote)?.free ?? '0';
    const needed = multiplyDecimals(await this.#smallest(), (await this.#quote()).ask);
    demand(compareDecimals(free, multiplyDecimals(needed, '1.02')) > 0, `${free} ${quote} free, ${needed} needed`);
    return `${free} ${quote} free`;
  }

  async unknownOrder(): Promise<string> {
    const { venue, symbol } = this.#options;
    const id = this.#nextId();
    demand((await venue.fetchOrder(id, symbol)) === null, 'it tells of an order that was never placed');
    demand((await venue.cancelOrder(id, symbol)) === 'not-open', 'it cancels an order that was never placed');
    return 'unknown when asked for, not open when cancelled';
  }

  async restingOrder(): Promise<string> {
    const { venue, symbol } = this.#options;
    const { priceTick } = this.#market!;
    const price = floorToStep(multiplyDecimals((await this.#quote()).bid, AWAY), priceTick);
    const draft = { clientOrderId: this.#nextId(), symbol, side: 'buy', type: 'limit', price } as const;
    const request = { ...draft, quantity: await this.#smallest(price) };
    await venue.createOrder(request);
    const tookMs = await this.#until(async () => (await this.#find(request)).status === 'open', 'it is not open');
    this.#compare(await this.#find(request), request);
    await this.#until(
      async () => (await venue.fetchOpenOrders(symbol)).some((one) => one.clientOrderId === request.clientOrderId),
      'the open orders lack it',
    );
    demand((await venue.cancelOrder(request.clientOrderId, symbol)) === 'cancelled', 'it could not be cancelled');
    await this.#until(async () => (await this.#find(request)).status === 'cancelled', 'it is not cancelled');
    const { filled } = await this.#find(request);
    demand(filled === '0', `it filled ${filled} on the way`);
    demand((await venue.cancelOrder(request.clientOrderId, symbol)) === 'not-open', 'it is cancelled twice');
    return `listed after ${tookMs} ms, cancelled`;
  }

  async buy(): Promise<string> {
    const { venue } = this.#options;
    const request = this.#marketOrder('buy', await this.#smallest());
    await venue.createOrder(request);
    const tookMs = await this.#until(async () => (await this.#find(request)).status !== 'open', 'it does not end');
    const order = await this.#find(request);
    this.#compare(order, request);
    demand(order.filled === request.quantity, `${order.filled} of ${request.quantity} were filled`);
    this.bought = order;
    return `${request.quantity} filled, listed after ${tookMs} ms`;
  }

  async fills(): Promise<string> {
    const { venue, symbol } = this.#options;
    const order = this.bought!;
    const sum = (fills: readonly Fill[]) => fills.reduce((total, { quantity }) => addDecimals(total, quantity), '0');
    const tookMs = await this.#until(async () => {
      this.#fills = await venue.fetchFills(symbol, { order });
      return sum(this.#fills) === order.filled;
    }, 'the fills of the order do not add up to it');
    const since = await venue.fetchFills(symbol, { sinceMs: order.timeMs - 60_000 });
    const swept = since.filter(({ venueOrderId }) => venueOrderId === order.venueOrderId);
    demand(sum(swept) === order.filled, `the fills since a minute before add up to ${sum(swept)}`);
    demand(
      swept.every(({ side }) => side === 'buy'),
      'a fill of a buy is told as a sale',
    );
    const { base, quote } = this.#market!;
    const fees = [...new Set(this.#fills.map(({ feeCurrency }) => feeCurrency))].join(', ');
    const cost = this.#fills.reduce(
      (total, { price, quantity }) => addDecimals(total, multiplyDecimals(price, quantity)),
      '0',
    );
    const feesIn = (currency: string) =>
      this.#fills
        .filter((fill) => fill.feeCurrency === currency)
        .reduce((total, { feeAmount }) => addDecimals(total, feeAmount), '0');
    await this.#until(async () => {
      const now = await venue.fetchBalances();
      const gained = subtractDecimals(total(now.get(base)), total(this.#before.get(base)));
      const spent = subtractDecimals(total(this.#before.get(quote)), total(now.get(quote)));
      return (
        isNear(gained, subtractDecimals(order.filled, feesIn(base))) && isNear(spent, addDecimals(cost, feesIn(quote)))
      );
    }, 'balances did not move by quantity, cost and fees');
    return `${this.#fills.length} fills after ${tookMs} ms, fees in ${fees}`;
  }

  async stop(): Promise<string> {
    const { venue, symbol } = this.#options;
    const price = ceilToStep(multiplyDecimals((await this.#quote()).bid, AWAY), this.#market!.priceTick);
    const draft = { clientOrderId: this.#nextId(), symbol, side: 'sell', type: 'stop-loss', price } as const;
    const request = { ...draft, quantity: await this.#held() };
    await venue.createOrder(request);
    const tookMs = await this.#until(async () => (await this.#find(request)).status === 'open', 'it is not open');
    this.#compare(await this.#find(request), request);
    const locked = (await venue.fetchBalances()).get(this.#market!.base)?.locked ?? '0';
    demand((await venue.cancelOrder(request.clientOrderId, symbol)) === 'cancelled', 'it could not be cancelled');
    await this.#until(async () => (await this.#find(request)).status !== 'open', 'it is not cancelled');
    return `listed after ${tookMs} ms, locks ${locked}, cancelled`;
  }

  async sell(): Promise<string> {
    const { venue } = this.#options;
    const request = this.#marketOrder('sell', await this.#held());
    await venue.createOrder(request);
    await this.#until(async () => (await this.#find(request)).status !== 'open', 'it does not end');
    const order = await this.#find(request);
    this.#compare(order, request);
    demand(order.filled === request.quantity, `${order.filled} of ${request.quantity} were filled`);
    return `${request.quantity} filled`;
  }

  async leftovers(): Promise<string> {
    const { venue, symbol } = this.#options;
    const { base, quantityStep } = this.#market!;
    await this.#until(
      async () =>
        (await venue.fetchOpenOrders(symbol)).every(
          ({ clientOrderId }) => !clientOrderId.startsWith(this.#options.tag),
        ),
      'orders of ours rest',
    );
    const left = subtractDecimals(total((await venue.fetchBalances()).get(base)), total(this.#before.get(base)));
    const dust = multiplyDecimals(quantityStep, '2');
    demand(compareDecimals(left, dust) < 0 && compareDecimals(left, '0') >= 0, `${left} ${base} more than before`);
    return `${left} ${base} of dust`;
  }

  /** What the fills brought, on the grid. */
  async #held(): Promise<string> {
    const { base, quantityStep } = this.#market!;
    const fees = this.#fills
      .filter(({ feeCurrency }) => feeCurrency === base)
      .reduce((sum, { feeAmount }) => addDecimals(sum, feeAmount), '0');
    return floorToStep(subtractDecimals(this.bought!.filled, fees), quantityStep);
  }

  #marketOrder(side: 'buy' | 'sell', quantity: string): OrderRequest {
    return { clientOrderId: this.#nextId(), symbol: this.#options.symbol, side, type: 'market', quantity };
  }

  #quote() {
    return this.#options.venue.fetchQuote(this.#options.symbol);
  }

  /** A little more than the least that the venue takes at this price. */
  async #smallest(atPrice?: string): Promise<string> {
    const { minNotional, minQuantity, quantityStep } = this.#market!;
    const price = atPrice ?? multiplyDecimals((await this.#quote()).bid, AWAY);
    const byValue = divideDecimals(multiplyDecimals(minNotional, SIZE), price, 12);
    const byQuantity = multiplyDecimals(minQuantity, '3');
    const least = compareDecimals(byValue, byQuantity) > 0 ? byValue : byQuantity;
    return ceilToStep(least, quantityStep);
  }

  async #find(request: OrderRequest): Promise<VenueOrder> {
    const { venue, symbol } = this.#options;
    const order = await venue.fetchOrder(request.clientOrderId, symbol);
    if (order === null) throw new NotYet();
    return order;
  }

  #compare(order: VenueOrder, request: OrderRequest): void {
    demand(order.clientOrderId === request.clientOrderId, `it goes by ${order.clientOrderId}`);
    demand(order.side === request.side, `it is a ${order.side}`);
    demand(
      order.quantity === request.quantity,
      `its quantity is ${order.quantity}, asked for were ${request.quantity}`,
    );
    if (request.price !== undefined) demand(order.price === request.price, `its price is ${order.price}`);
  }

  /** Returns how long it took. */
  async #until(isTrue: () => Promise<boolean>, what: string): Promise<number> {
    const { clock, patienceMs = PATIENCE_MS } = this.#options;
    const beganMs = clock.elapsedMs();
    for (;;) {
      const is = await isTrue().catch((error) => {
        if (error instanceof NotYet) return false;
        throw error;
      });
      const tookMs = Math.round(clock.elapsedMs() - beganMs);
      if (is) return tookMs;
      demand(tookMs < patienceMs, `${what} after ${Math.round(tookMs / 1000)} s`);
      await clock.sleep(BETWEEN_MS);
    }
  }

  #nextId(): string {
    const { clock, tag } = this.#options;
    return `${tag}${(this.#count++ % 36).toString(36)}${clock.nowMs().toString(36)}`;
  }
}

/** Not listed yet. */
class NotYet extends Error {}

const total = (balance: Balance | undefined): string =>
  balance === undefined ? '0' : addDecimals(balance.free, balance.locked);

/** To eight decimals, to which venues round. */
const isNear = (a: string, b: string): boolean => {
  const difference = subtractDecimals(a, b);
  return compareDecimals(difference, '0.00000002') <= 0 && compareDecimals(difference, '-0.00000002') >= 0;
};
