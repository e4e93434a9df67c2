import type { Account } from '../core/account.ts';
import { backoffMs } from '../core/backoff.ts';
import type { Candle } from '../core/candle.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Shield } from '../core/shield.ts';
import { decimalOf } from '../exchange/decimal.ts';
import { type Broker, type OrderIntent, TOO_LITTLE } from './broker.ts';
import type { BrokerEntry } from './entries.ts';
import { inquire } from './inquire.ts';
import type { LiveBook } from './live-book.ts';
import { type LiveOptions, OrderDesk } from './order-desk.ts';
import { RestingStop } from './resting-stop.ts';
import { retryStep } from './retry.ts';
import { submitOrder } from './submit.ts';

const LONGEST_BACKOFF_MS = 60_000;
/** Without an answer of the venue for this long, what rests there is unresolved. */
const LONGEST_SILENCE_MS = 180_000;
/** An entry leaves this share of the cash it spends, because the market can move before it fills. */
const CASH_MARGIN = 0.01;

/** What a reconciliation found for one broker. */
export interface Reconciled {
  /** What the venue holds of the base currency, where that is less than the book owns; null where all is there. */
  readonly shortage: string | null;
  /** Quote currency is missing, so that nothing can be bought. */
  readonly quoteShortage: boolean;
}

/**
 * Real orders on a spot venue, for one symbol. An order is written down and made durable before it leaves, leaves once,
 * and is asked after by its client id whenever its state is unresolved; only then can a new order with a new id follow.
 * Every belief is a fold of journal entries (`LiveBook`).
 */
export class LiveBroker implements Broker {
  readonly kind = 'live';
  readonly symbol: string;
  readonly account: Account;
  readonly book: LiveBook;
  spread = Number.NaN;
  readonly #desk: OrderDesk;
  readonly #stop: RestingStop;
  /** Null until the first reconciliation after a start. */
  #reconciled: Reconciled | null = null;
  /** undefined until the bot has said where levels come from: a resting stop stays as it is. */
  #levels: Shield['levels'] | null | undefined = undefined;
  /** An exit that waits for another order to end. */
  #exitWanted: OrderIntent | null = null;
  /** Open time of the newest bar that closed: every decision up to it is superseded. */
  #newestBarMs = Number.NEGATIVE_INFINITY;
  #quietUntilMs = 0;
  /** An exit that the filters refuse is not tried again before, however often it is asked for. */
  #deniedUntilMs = 0;
  #failures = 0;

  constructor(options: LiveOptions) {
    this.#desk = new OrderDesk(options);
    this.#stop = new RestingStop(this.#desk);
    this.symbol = options.symbol;
    this.account = options.account;
    this.book = this.#desk.book;
  }

  get lastSlippage(): number {
    return this.book.lastSlippage;
  }

  get unresolved(): string | null {
    const { book } = this;
    const market = book.find('market');
    const stop = book.find('stop');
    if (market !== null) return `order ${market.id} is ${market.state}`;
    if (stop !== null && stop.state !== 'open') return `stop ${stop.id} is ${stop.state}`;
    if (this.#exitWanted !== null || book.retry?.role === 'exit') return 'an exit is not done';
    if (this.#reconciled === null) return 'not reconciled since the start';
    const { shortage, quoteShortage } = this.#reconciled;
    if (shortage !== null) return `the venue holds only ${shortage} ${book.base}`;
    if (quoteShortage) return `the venue holds less ${book.quote} than the allocations`;
    if (this.#desk.nowMs - this.#desk.lastContactMs > LONGEST_SILENCE_MS) return 'the venue does not answer';
    return null;
  }

  /** True while an order that changes balances is under way. */
  get busy(): boolean {
    return this.book.find('market') !== null || (this.book.find('stop')?.state ?? 'open') !== 'open';
  }

  /** Counts everything that can change balances; a reconciliation holds only where it stood still. */
  get activity(): number {
    return this.#desk.activity;
  }

  takeReconciled(result: Reconciled): void {
    this.#reconciled = result;
    this.#desk.shortage = result.shortage;
  }

  async closeBar(candle: Candle): Promise<void> {
    this.#newestBarMs = candle.timeMs;
    await this.poll();
    this.spread = Number.NaN;
    await this.#carefully(async () => {
      const quote = await this.#desk.options.venue.fetchQuote(this.symbol);
      const [bid, ask] = [Number(quote.bid), Number(quote.ask)];
      this.spread = (2 * (ask - bid)) / (ask + bid);
    });
    this.account.observeBar(candle.high, candle.low, candle.close);
  }

  async place(intent: OrderIntent): Promise<void> {
    const desk = this.#desk;
    const { unresolved } = this;
    if (intent.quantity > 0) {
      if (unresolved !== null) return desk.noteDenied('unresolved', { unresolved });
      if (!this.isFresh(intent.decisionMs)) return desk.noteDenied('no-longer-fresh', {});
      const quantity = decimalOf(roundQuantity(this.#affordable(intent)));
      return this.#carefully(() => this.#send('entry', quantity, intent, 1));
    }
    if (this.book.retry?.role === 'entry') desk.noteGivenUp('superseded', {});
    this.#exitWanted = intent;
    return this.#carefully(() => this.#exit());
  }

  async protect(levels: Shield['levels'] | null): Promise<void> {
    this.#levels = levels;
    await this.#carefully(() => this.#keepStop());
  }

  async poll(): Promise<void> {
    if (this.#desk.nowMs < this.#quietUntilMs) return;
    await this.#carefully(async () => {
      for (const order of [...this.book.orders.values()]) await inquire(this.#desk, order);
      if (this.book.find('market') === null) {
        if (this.#exitWanted !== null) await this.#exit();
        else await this.#tryAgain();
      }
      await this.#keepStop();
      await this.#watchLevels();
      this.#failures = 0;
    });
  }

  async recover(): Promise<void> {
    for (const order of [...this.book.orders.values()])
      if (order.state === 'intended') this.#desk.noteState(order, 'unknown', null, 'restarted');
    await this.poll();
  }

  /** Asks after what rests on the venue: orders of ours that the book doesn't know are cancelled, others are said. */
  async checkOpenOrders(): Promise<void> {
    const desk = this.#desk;
    const { venue, tag, alarm } = desk.options;
    for (const order of await venue.fetchOpenOrders(this.symbol)) {
      if (this.book.orders.has(order.clientOrderId)) continue;
      const numbers = { symbol: this.symbol, id: order.clientOrderId || order.venueOrderId, quantity: order.quantity };
      if (!order.clientOrderId.startsWith(`${tag}-`)) alarm('foreign-order', numbers);
      else {
        alarm('stray-order', numbers);
        desk.activity++;
        await venue.cancelOrder(order.clientOrderId, this.symbol);
      }
    }
    const stop = this.book.find('stop');
    if (stop !== null) await inquire(desk, stop);
    desk.heardFrom();
  }

  save(): Json {
    return this.book.save();
  }

  restore(state: Json): void {
    this.book.restore(state);
  }

  apply(entry: BrokerEntry): void {
    this.book.apply(entry);
  }

  /** An entry belongs to the newest decision, and to the time just after it. */
  isFresh(decisionMs: number): boolean {
    const { venue, freshMs } = this.#desk.options;
    return decisionMs > this.#newestBarMs && venue.serverTimeMs() - decisionMs <= freshMs;
  }

  /** Cancels the stop, then sells all that is owned. Stays wanted until it is sent. */
  async #exit(): Promise<void> {
    const intent = this.#exitWanted;
    if (intent === null || this.book.find('market') !== null) return;
    if (this.#desk.nowMs < this.#deniedUntilMs) return;
    if (!(await this.#stop.clear())) return;
    this.#exitWanted = null;
    if (this.account.units === 0) return;
    await this.#send('exit', this.#desk.sellable, intent, 1);
  }

  /** The part of an entry that the cash pays for even where the price moves a little. */
  #affordable({ quantity, close }: OrderIntent): number {
    const { cash, config } = this.account;
    return Math.min(quantity, Math.max(0, cash) / (close * (1 + CASH_MARGIN) * (1 + config.feeRate)));
  }

  /** What ended without doing what it was for is sent again, waits, or is given up. */
  async #tryAgain(): Promise<void> {
    const order = this.book.retry;
    if (order === null) return;
    const facts = {
      fresh: this.isFresh(order.decisionMs),
      closing: this.#levels === null,
      flat: this.account.units === 0,
    };
    const step = retryStep(order, { ...facts, unresolved: this.unresolved });
    if (step.kind === 'give-up') return this.#desk.noteGivenUp(step.code, step.numbers);
    if (step.kind === 'wait') return;
    if (order.role === 'exit') {
      if (!(await this.#stop.clear())) return;
      this.#quietUntilMs = this.#desk.nowMs + backoffMs(order.attempt, 1000, LONGEST_BACKOFF_MS);
    }
    const intent = { close: order.reference, decisionMs: order.decisionMs, reason: order.reason };
    const quantity = order.role === 'exit' ? this.#desk.sellable : order.quantity;
    await this.#send(order.role as 'entry' | 'exit', quantity, intent, order.attempt + 1);
  }

  async #send(
    role: 'entry' | 'exit',
    quantity: string,
    intent: Pick<OrderIntent, 'close' | 'decisionMs'> & { readonly reason: 'order' | 'flatten' | 'stop' },
    attempt: number,
  ): Promise<void> {
    const desk = this.#desk;
    const result = await submitOrder(desk, { role, quantity, intent, attempt });
    if (result === 'sent' || result === 'refused') return;
    if (role === 'exit') {
      this.#deniedUntilMs = desk.nowMs + LONGEST_BACKOFF_MS;
      desk.options.alarm('exit-denied', { symbol: this.symbol, code: result.code, ...result.numbers });
    }
    const dust = role === 'exit' && desk.shortage === null && TOO_LITTLE.has(result.code);
    desk.noteGivenUp(result.code, result.numbers, dust);
  }

  async #keepStop(): Promise<void> {
    if (this.#levels === undefined) return;
    const idle = this.book.find('market') === null && this.#exitWanted === null && this.book.retry === null;
    await this.#stop.keep(this.#levels, idle);
  }

  /** Levels that don't rest on the venue are watched here: without a stop order, and every target. */
  async #watchLevels(): Promise<void> {
    const { units, position, entryPrice, bestPrice } = this.account;
    if (!this.#levels || units <= 0 || this.busy || this.#exitWanted !== null) return;
    const { stop, target } = this.#levels({ position, entryPrice, bestPrice });
    const watched = this.book.find('stop') === null ? stop : Number.NaN;
    if (Number.isNaN(watched) && Number.isNaN(target)) return;
    const bid = Number((await this.#desk.options.venue.fetchQuote(this.symbol)).bid);
    if (!(bid <= watched || bid >= target)) return;
    this.#exitWanted = { quantity: -position, decisionMs: this.#desk.nowMs, close: bid, reason: 'flatten' };
    await this.#exit();
  }

  /** Runs a step; a venue's failure is waited out and said, everything else is a bug. */
  async #carefully(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ExchangeError) && !(error instanceof InputError)) throw error;
      const code = error instanceof ExchangeError ? error.code : 'input';
      const asked = error instanceof ExchangeError ? error.retryAfterMs : 0;
      const waitMs = Math.max(asked, backoffMs(this.#failures++, 1000, LONGEST_BACKOFF_MS));
      this.#quietUntilMs = this.#desk.nowMs + waitMs;
      const numbers = { symbol: this.symbol, code, failures: String(this.#failures), message: error.message };
      this.#desk.options.alarm('venue-error', numbers);
    }
  }
}

/** A float64 that stands for a multiple of a step can lie a hair below it; twelve digits tell the two apart. */
function roundQuantity(quantity: number): number {
  return Number(quantity.toPrecision(12));
}
