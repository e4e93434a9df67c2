import type { Account } from '../core/account.ts';
import type { Candle } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { SafetyLayer } from '../core/safety.ts';
import { compareDecimals, decimalOf } from '../exchange/decimal.ts';
import { canonicalOrder, checkOrder } from '../exchange/order-rules.ts';
import { type Market, mayHaveBeenPlaced, type OrderRequest, type Venue, type VenueOrder } from '../exchange/venue.ts';
import { type Broker, type JournalWriter, type OrderIntent, TOO_LITTLE } from './broker.ts';
import type { BrokerEntry, OrderEnd, OrderRole } from './entries.ts';
import { LiveBook, type TrackedOrder } from './live-book.ts';
import { nextState } from './order-life.ts';

/** Something a person should hear of. */
export type Alarm = (code: string, numbers: Readonly<Record<string, string>>) => void;

export interface LiveOptions {
  readonly symbol: string;
  readonly account: Account;
  readonly venue: Venue;
  readonly clock: Clock;
  readonly journal: JournalWriter;
  /** Begins every client order id; unique to the journal, so that no two bots share an id. Letters and digits, <= 16. */
  readonly tag: string;
  /** After this many ms a request can't reach the venue any more: its receive window and a margin. */
  readonly requestLifeMs: number;
  /** An entry is sent (or tried again) only this long after its decision. */
  readonly freshMs: number;
  readonly alarm: Alarm;
}

/** Entries are tried again at most this often, and only where it is proven that nothing was placed. */
const ENTRY_ATTEMPTS = 3;
const LONGEST_BACKOFF_MS = 60_000;
/** Without an answer of the venue for this long, what rests there is in doubt. */
const LONGEST_SILENCE_MS = 180_000;
/** A market order that is still open after so long is cancelled. */
const STUCK_MS = 120_000;
/** An entry leaves this share of the cash it spends, because the market can move before it fills. */
const CASH_MARGIN = 0.01;

/**
 * Real orders on a spot venue, for one symbol. An order is written down and made durable before it leaves, leaves once,
 * and is asked after by its client id whenever there is doubt; only then can a new order with a new id follow. Every
 * belief is a fold of journal entries (`LiveBook`).
 */
export class LiveBroker implements Broker {
  readonly kind = 'live';
  readonly symbol: string;
  readonly account: Account;
  readonly book: LiveBook;
  /** Set by reconciliation: what the venue holds where that is less than the book owns. */
  shortage: string | null = null;
  /** Set by reconciliation: quote currency is missing, so that nothing can be bought. */
  quoteShortage = false;
  /** False until the first reconciliation after a start. */
  reconciled = false;
  /** Counts everything that can change balances; reconciliation holds only where it stood still. */
  activity = 0;
  spread = Number.NaN;
  readonly #options: LiveOptions;
  #market: Market | null = null;
  /** undefined until the bot has said where levels come from: a resting stop stays as it is. */
  #levels: SafetyLayer['levels'] | null | undefined = undefined;
  /** An exit that waits for another order to end. */
  #exitWanted: OrderIntent | null = null;
  /** Open time of the newest bar that closed: every decision up to it is superseded. */
  #newestBarMs = Number.NEGATIVE_INFINITY;
  #refusedStop = '';
  #quietUntilMs = 0;
  /** An exit that the filters refuse is not tried again before, however often it is asked for. */
  #deniedUntilMs = 0;
  #failures = 0;
  #lastContactMs: number;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.symbol = options.symbol;
    this.account = options.account;
    this.book = new LiveBook(options.symbol, options.account);
    this.#lastContactMs = options.clock.nowMs();
  }

  get lastSlippage(): number {
    return this.book.lastSlippage;
  }

  get doubt(): string | null {
    const { book } = this;
    const market = book.find('market');
    const stop = book.find('stop');
    if (market !== null) return `order ${market.id} is ${market.state}`;
    if (stop !== null && stop.state !== 'open') return `stop ${stop.id} is ${stop.state}`;
    if (this.#exitWanted !== null || book.retry?.role === 'exit') return 'an exit is not done';
    if (this.shortage !== null) return `the venue holds only ${this.shortage} ${book.base}`;
    if (this.quoteShortage) return `the venue holds less ${book.quote} than the allocations`;
    if (!this.reconciled) return 'not reconciled since the start';
    if (this.#options.clock.nowMs() - this.#lastContactMs > LONGEST_SILENCE_MS) return 'the venue does not answer';
    return null;
  }

  /** True while an order that changes balances is under way. */
  get busy(): boolean {
    return this.book.find('market') !== null || (this.book.find('stop')?.state ?? 'open') !== 'open';
  }

  async closeBar(candle: Candle): Promise<void> {
    this.#newestBarMs = candle.timeMs;
    await this.poll();
    this.spread = Number.NaN;
    await this.#carefully(async () => {
      const quote = await this.#options.venue.fetchQuote(this.symbol);
      const [bid, ask] = [Number(quote.bid), Number(quote.ask)];
      this.spread = (2 * (ask - bid)) / (ask + bid);
    });
    this.account.observeBar(candle.high, candle.low, candle.close);
  }

  async place(intent: OrderIntent): Promise<void> {
    const { doubt } = this;
    if (intent.quantity > 0) {
      if (doubt !== null) return this.#deny('in-doubt', { doubt });
      if (!this.#isFresh(intent.decisionMs)) return this.#deny('no-longer-fresh', {});
      const quantity = decimalOf(roundQuantity(this.#affordable(intent)));
      return this.#carefully(() => this.#send(intent, 'entry', quantity, 1));
    }
    if (this.book.retry?.role === 'entry') this.#giveUp('superseded', {});
    this.#exitWanted = intent;
    return this.#carefully(() => this.#exit());
  }

  async protect(levels: SafetyLayer['levels'] | null): Promise<void> {
    this.#levels = levels;
    await this.#carefully(() => this.#keepStop());
  }

  async poll(): Promise<void> {
    if (this.#options.clock.nowMs() < this.#quietUntilMs) return;
    await this.#carefully(async () => {
      for (const order of [...this.book.orders.values()]) await this.#inquire(order);
      if (this.book.find('market') === null) {
        if (this.#exitWanted !== null) await this.#exit();
        else if (this.book.retry !== null) await this.#tryAgain(this.book.retry);
      }
      await this.#keepStop();
      await this.#watchLevels();
      this.#failures = 0;
    });
  }

  async recover(): Promise<void> {
    for (const order of [...this.book.orders.values()])
      if (order.state === 'intended') this.#tell(order, 'unknown', null, 'restarted');
    await this.poll();
  }

  /** Asks after what rests on the venue: orders of ours that the book doesn't know are cancelled, others are said. */
  async checkOpenOrders(): Promise<void> {
    const open = await this.#options.venue.fetchOpenOrders(this.symbol);
    for (const order of open) {
      if (this.book.orders.has(order.clientOrderId)) continue;
      const numbers = { symbol: this.symbol, id: order.clientOrderId || order.venueOrderId, quantity: order.quantity };
      if (!order.clientOrderId.startsWith(`${this.#options.tag}-`)) this.#options.alarm('foreign-order', numbers);
      else {
        this.#options.alarm('stray-order', numbers);
        this.activity++;
        await this.#options.venue.cancelOrder(order.clientOrderId, this.symbol);
      }
    }
    const stop = this.book.find('stop');
    if (stop !== null) await this.#inquire(stop);
    this.#heardFrom();
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

  /** Cancels the stop, then sells all that is owned. Stays wanted until it is sent. */
  async #exit(): Promise<void> {
    const intent = this.#exitWanted;
    if (intent === null || this.book.find('market') !== null) return;
    if (this.#options.clock.nowMs() < this.#deniedUntilMs) return;
    if (!(await this.#clearStop())) return;
    this.#exitWanted = null;
    if (this.account.units === 0) return;
    await this.#send(intent, 'exit', this.#sellable(), 1);
  }

  /** An entry belongs to the newest decision, and to the time just after it. */
  #isFresh(decisionMs: number): boolean {
    return decisionMs > this.#newestBarMs && this.#options.venue.serverTimeMs() - decisionMs <= this.#options.freshMs;
  }

  /** The part of an entry that the cash pays for even where the price moves a little. */
  #affordable({ quantity, close }: OrderIntent): number {
    const { cash, config } = this.account;
    return Math.min(quantity, Math.max(0, cash) / (close * (1 + CASH_MARGIN) * (1 + config.feeRate)));
  }

  #sellable(): string {
    const { baseOwned } = this.book;
    return this.shortage !== null && compareDecimals(this.shortage, baseOwned) < 0 ? this.shortage : baseOwned;
  }

  async #tryAgain(order: TrackedOrder): Promise<void> {
    const { clock } = this.#options;
    const intent: OrderIntent = {
      quantity: order.role === 'exit' ? -this.account.position : Number(order.quantity),
      decisionMs: order.decisionMs,
      close: order.reference,
      reason: order.reason === 'flatten' ? 'flatten' : 'order',
    };
    if (order.role === 'exit') {
      if (this.account.units === 0) return this.#giveUp('nothing-left', {});
      if (!(await this.#clearStop())) return;
      this.#quietUntilMs = clock.nowMs() + Math.min(LONGEST_BACKOFF_MS, 1000 * 2 ** Math.min(order.attempt, 10));
      return this.#send(intent, 'exit', this.#sellable(), order.attempt + 1);
    }
    if (this.#levels === null) return this.#giveUp('closing', { id: order.id });
    if (order.attempt >= ENTRY_ATTEMPTS) return this.#giveUp('too-many-attempts', { attempts: String(order.attempt) });
    if (!this.#isFresh(order.decisionMs)) return this.#giveUp('no-longer-fresh', { id: order.id });
    // What is in doubt may clear up while the decision is still fresh.
    if (this.doubt !== null) return;
    await this.#send(intent, 'entry', order.quantity, order.attempt + 1);
  }

  async #send(intent: OrderIntent, role: 'entry' | 'exit', quantity: string, attempt: number): Promise<void> {
    const request: OrderRequest = {
      clientOrderId: this.#nextId(),
      symbol: this.symbol,
      side: role === 'entry' ? 'buy' : 'sell',
      type: 'market',
      quantity,
    };
    // The venue judges a market order by its own average price: leave an entry some room.
    const judged = decimalOf(intent.close * (role === 'entry' ? 0.99 : 1));
    await this.#submit(request, role, intent, judged, attempt);
  }

  async #submit(
    draft: OrderRequest,
    role: OrderRole,
    intent: Pick<OrderIntent, 'close' | 'decisionMs'> & { readonly reason: 'order' | 'flatten' | 'stop' },
    judgedBy: string,
    attempt: number,
  ): Promise<boolean> {
    const { venue, clock, journal, alarm } = this.#options;
    this.#market ??= await venue.fetchMarket(this.symbol);
    const request = canonicalOrder(draft, this.#market);
    const problem = checkOrder(request, this.#market, judgedBy);
    if (problem !== null) {
      if (role === 'exit') this.#deniedUntilMs = clock.nowMs() + LONGEST_BACKOFF_MS;
      if (role !== 'entry') alarm(`${role}-denied`, { symbol: this.symbol, code: problem.code, ...problem.numbers });
      const dust = role === 'exit' && this.shortage === null && TOO_LITTLE.has(problem.code);
      if (role !== 'stop') this.#giveUp(problem.code, problem.numbers, dust);
      return false;
    }
    this.#note({
      type: 'intent',
      symbol: this.symbol,
      id: request.clientOrderId,
      role,
      quantity: request.quantity,
      price: request.price ?? null,
      reference: intent.close,
      decisionMs: intent.decisionMs,
      attempt,
      reason: intent.reason,
      timeMs: clock.nowMs(),
    });
    journal.sync();
    const order = this.book.orders.get(request.clientOrderId)!;
    try {
      await this.#heard(order, await venue.createOrder(request));
      return true;
    } catch (error) {
      // The answer came and something after it failed: the order is tracked, the next round asks.
      if (this.book.orders.get(order.id)?.state !== 'intended') throw error;
      await this.#refusedOrLost(order, error);
      return false;
    }
  }

  async #refusedOrLost(order: TrackedOrder, error: unknown): Promise<void> {
    if (!(error instanceof ExchangeError) && !(error instanceof InputError)) throw error;
    const code = error instanceof ExchangeError ? error.code : 'input';
    if (mayHaveBeenPlaced(code)) {
      this.#tell(order, 'unknown', null, code);
      throw error;
    }
    // A refused timestamp is the one refusal that says nothing about the order itself.
    this.#end(order, code === 'clock' ? 'never-arrived' : 'rejected', code);
    if (code === 'filter') this.#market = await this.#options.venue.fetchMarket(this.symbol, true);
    else if (code !== 'clock') this.#options.alarm('order-refused', { symbol: this.symbol, id: order.id, code });
  }

  /** Takes in what the venue says of an order: state, fills, end. */
  async #heard(order: TrackedOrder, said: VenueOrder): Promise<void> {
    this.#heardFrom();
    const ended = said.status !== 'open';
    const state = nextState(order.state, ended ? 'ended' : 'open', true);
    const end = said.status === 'open' ? null : said.status;
    if (state !== order.state || said.filled !== order.filled || !order.acknowledged)
      this.#tell(order, state as 'open' | 'closing', said, said.status, end);
    let known = this.book.orders.get(order.id)!;
    if (compareDecimals(said.filled, known.seen) > 0) {
      for (const fill of await this.#options.venue.fetchFills(this.symbol, { order: said })) {
        if (known.fillIds.includes(fill.fillId)) continue;
        this.activity++;
        this.#note({
          type: 'fill',
          symbol: this.symbol,
          id: order.id,
          fillId: fill.fillId,
          side: fill.side,
          price: fill.price,
          quantity: fill.quantity,
          feeAmount: fill.feeAmount,
          feeCurrency: fill.feeCurrency,
          fillMs: fill.timeMs,
          timeMs: this.#options.clock.nowMs(),
        });
      }
      known = this.book.orders.get(order.id)!;
    }
    // Fills can be listed later than the order's own count of them: then it stays open to us.
    if (ended && compareDecimals(known.seen, known.filled) >= 0) this.#end(known, known.end ?? 'filled', said.status);
  }

  async #inquire(order: TrackedOrder): Promise<void> {
    const { venue, clock, requestLifeMs, alarm } = this.#options;
    const said = await venue.fetchOrder(order.id, this.symbol);
    if (said !== null) {
      await this.#heard(order, said);
      return this.#endStuck(order);
    }
    this.#heardFrom();
    const late = clock.nowMs() - order.timeMs > requestLifeMs;
    const state = nextState(order.state, late ? 'missing-late' : 'missing-early', order.acknowledged);
    if (state === 'done') this.#end(order, 'never-arrived', 'the venue knows no such order');
    else if (state !== order.state) {
      if (order.acknowledged) alarm('order-vanished', { symbol: this.symbol, id: order.id });
      this.#tell(order, state as 'unknown', null, 'not found');
    }
  }

  /** A market order fills or ends at once; one that does neither is cancelled, and what it got is kept. */
  async #endStuck({ id, role, timeMs }: TrackedOrder): Promise<void> {
    const { venue, clock, alarm } = this.#options;
    if (role === 'stop' || this.book.orders.get(id)?.state !== 'open' || clock.nowMs() - timeMs < STUCK_MS) return;
    alarm('order-stuck', { symbol: this.symbol, id });
    await venue.cancelOrder(id, this.symbol);
  }

  /** True once no stop rests or is in doubt; what it filled before it went is booked. */
  async #clearStop(): Promise<boolean> {
    const stop = this.book.find('stop');
    if (stop === null) return true;
    if (stop.state === 'open') {
      this.activity++;
      await this.#options.venue.cancelOrder(stop.id, this.symbol);
    }
    await this.#inquire(this.book.orders.get(stop.id)!);
    return this.book.find('stop') === null;
  }

  /** Keeps one stop on the venue, at the shield's level and for all that is owned. */
  async #keepStop(): Promise<void> {
    const { venue, clock } = this.#options;
    if (this.#levels === undefined || !venue.capabilities.onExchangeStop) return;
    const { units, position, entryPrice, bestPrice } = this.account;
    const level = this.#levels === null || units <= 0 ? NaN : this.#levels({ position, entryPrice, bestPrice }).stop;
    if (!(level > 0)) {
      await this.#clearStop();
      return;
    }
    if (this.book.find('market') !== null || this.#exitWanted !== null || this.book.retry !== null) return;
    this.#market ??= await venue.fetchMarket(this.symbol);
    const draft = {
      clientOrderId: this.#nextId(),
      symbol: this.symbol,
      side: 'sell',
      type: 'stop-loss',
      quantity: this.#sellable(),
      price: decimalOf(level),
    } as const;
    const wanted = canonicalOrder(draft, this.#market);
    const stop = this.book.find('stop');
    if (stop !== null && stop.quantity === wanted.quantity && stop.price === wanted.price) return;
    const key = `${wanted.quantity}@${wanted.price}`;
    if (key === this.#refusedStop || !(await this.#clearStop()) || this.account.units <= 0) return;
    const intent = { close: level, decisionMs: clock.nowMs(), reason: 'stop' } as const;
    if (!(await this.#submit(draft, 'stop', intent, decimalOf(level), 1))) this.#refusedStop = key;
  }

  /** Levels that don't rest on the venue are watched here: without a stop order, and every target. */
  async #watchLevels(): Promise<void> {
    const { units, position, entryPrice, bestPrice } = this.account;
    if (!this.#levels || units <= 0 || this.busy || this.#exitWanted !== null) return;
    const { stop, target } = this.#levels({ position, entryPrice, bestPrice });
    const watched = this.book.find('stop') === null ? stop : Number.NaN;
    if (Number.isNaN(watched) && Number.isNaN(target)) return;
    const bid = Number((await this.#options.venue.fetchQuote(this.symbol)).bid);
    if (!(bid <= watched || bid >= target)) return;
    const decisionMs = this.#options.clock.nowMs();
    this.#exitWanted = { quantity: -position, decisionMs, close: bid, reason: 'flatten' };
    await this.#exit();
  }

  /** Runs a step; a venue's failure is waited out and said, everything else is a bug. */
  async #carefully(step: () => Promise<unknown>): Promise<void> {
    const { clock, alarm } = this.#options;
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ExchangeError) && !(error instanceof InputError)) throw error;
      const code = error instanceof ExchangeError ? error.code : 'input';
      const asked = error instanceof ExchangeError ? error.retryAfterMs : 0;
      const backoffMs = Math.min(LONGEST_BACKOFF_MS, 1000 * 2 ** Math.min(this.#failures++, 10));
      this.#quietUntilMs = clock.nowMs() + Math.max(asked, backoffMs);
      alarm('venue-error', { symbol: this.symbol, code, failures: String(this.#failures), message: error.message });
    }
  }

  #tell(
    order: TrackedOrder,
    state: 'open' | 'unknown' | 'closing',
    said: VenueOrder | null,
    why: string,
    end: OrderEnd | null = null,
  ): void {
    const { symbol } = this;
    const timeMs = this.#options.clock.nowMs();
    const filled = said?.filled ?? order.filled;
    const venueOrderId = said?.venueOrderId ?? null;
    this.#note({ type: 'order', symbol, id: order.id, state, venueOrderId, filled, end, why, timeMs });
  }

  #end(order: TrackedOrder, end: OrderEnd, why: string): void {
    this.activity++;
    const timeMs = this.#options.clock.nowMs();
    const dust = order.role !== 'entry' && this.#leavesDust();
    this.#note({ type: 'order-end', symbol: this.symbol, id: order.id, end, why, dust, timeMs });
  }

  /** Whether what is left of the position is too little to be sold. */
  #leavesDust(): boolean {
    if (this.account.units <= 0 || this.#market === null || this.shortage !== null) return false;
    const draft = { clientOrderId: 'dust', symbol: this.symbol, side: 'sell', type: 'market' } as const;
    const rest = canonicalOrder({ ...draft, quantity: this.book.baseOwned }, this.#market);
    return TOO_LITTLE.has(checkOrder(rest, this.#market, decimalOf(this.account.mark))?.code ?? '');
  }

  #deny(code: string, numbers: Readonly<Record<string, string>>): void {
    const timeMs = this.#options.clock.nowMs();
    this.#note({ type: 'denied', symbol: this.symbol, code, numbers, gaveUp: null, dust: false, timeMs });
  }

  #giveUp(code: string, numbers: Readonly<Record<string, string>>, dust = false): void {
    const timeMs = this.#options.clock.nowMs();
    const gaveUp = this.book.retry?.id ?? null;
    this.#note({ type: 'denied', symbol: this.symbol, code, numbers, gaveUp, dust, timeMs });
  }

  #note(entry: BrokerEntry): void {
    if (entry.type === 'intent') this.activity++;
    this.#options.journal.record(entry);
    this.book.apply(entry);
  }

  #heardFrom(): void {
    this.#lastContactMs = this.#options.clock.nowMs();
  }

  #nextId(): string {
    return `${this.#options.tag}-${(this.book.sequence + 1).toString(36)}`;
  }
}

/** A float64 that stands for a multiple of a step can lie a hair below it; twelve digits tell the two apart. */
function roundQuantity(quantity: number): number {
  return Number(quantity.toPrecision(12));
}
