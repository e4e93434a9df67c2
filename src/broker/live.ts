import type { Account } from '../core/account.ts';
import type { Candle } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import type { Shield } from '../core/shield.ts';
import { decimalOf } from '../exchange/decimal.ts';
import { AbsenceProof } from './absence.ts';
import type { Broker, OrderIntent } from './broker.ts';
import type { CommandEntry } from './command.ts';
import type { BrokerEntry } from './entries.ts';
import { Exit } from './exit.ts';
import { inquire } from './inquire.ts';
import type { LiveBook } from './live-book.ts';
import { type LiveOptions, OrderDesk } from './order-desk.ts';
import { checkPrice } from './price-check.ts';
import { RestingStops } from './resting-stops.ts';
import { retryStep } from './retry.ts';
import { SellGate } from './sell-gate.ts';
import { Steps } from './steps.ts';
import { type Submission, submitOrder } from './submit.ts';
import { FillSweep, unfinished } from './sweep.ts';
import { Takeover } from './takeover.ts';
import { ThirdCoinFees } from './third-coin-fees.ts';

/** Without an answer of the venue for this long, what rests there is unresolved. */
const LONGEST_SILENCE_MS = 180_000;
/** An entry leaves this share of the cash it spends, because the market can move before it fills. */
const CASH_MARGIN = 0.01;
const LONGEST_PAUSE_MS = 60_000;
/** What gets the bot out waits no longer, whatever the venue asks for. */
const LONGEST_EXIT_PAUSE_MS = 10_000;

/** What a reconciliation found for one broker. */
export interface Reconciled {
  /** What the venue holds of the base currency, where that is less than the book owns; null where all is there. */
  readonly shortage: string | null;
  /** Quote currency is missing, so that nothing can be bought. */
  readonly quoteShortage: boolean;
  /** A balance differs from what was expected, and nobody knows yet whether that is true. */
  readonly unconfirmed: string | null;
}

/**
 * Real orders on a spot venue, for one symbol. An order is written down and made durable before it leaves, leaves once,
 * and is asked after by its client id whenever its state is unresolved; only when it is proven that it isn't there can a
 * new order with a new id follow. Every belief is a fold of journal entries (`LiveBook`).
 * @throws ExchangeError where the venue fails in a way that waiting doesn't mend
 */
export class LiveBroker implements Broker {
  readonly kind = 'live';
  readonly symbol: string;
  readonly account: Account;
  readonly book: LiveBook;
  spread = Number.NaN;
  readonly #desk: OrderDesk;
  readonly #steps: Steps;
  readonly #absence: AbsenceProof;
  readonly #gate: SellGate;
  readonly #stops: RestingStops;
  readonly #exit: Exit;
  readonly #sweep: FillSweep;
  readonly #takeover: Takeover;
  readonly #fees: ThirdCoinFees;
  /** Null until the first reconciliation after a start. */
  #reconciled: Reconciled | null = null;
  /** undefined until the bot has said where levels come from: a resting stop stays as it is. */
  #levels: Shield['levels'] | null | undefined = undefined;
  /** Open time of the newest bar that closed: every decision up to it is superseded. */
  #newestBarMs = Number.NEGATIVE_INFINITY;
  #freshMs: number;

  constructor(options: LiveOptions) {
    this.#desk = new OrderDesk(options);
    this.#steps = new Steps(this.#desk);
    this.#absence = new AbsenceProof(this.#desk);
    this.#sweep = new FillSweep(this.#desk);
    this.#takeover = new Takeover(this.#desk);
    this.#fees = new ThirdCoinFees(this.#desk);
    this.#gate = new SellGate(this.#desk, this.#sweep);
    this.#stops = new RestingStops(this.#desk, this.#absence, this.#gate);
    this.#exit = new Exit(this.#desk, this.#stops, this.#gate);
    this.symbol = options.symbol;
    this.account = options.account;
    this.book = this.#desk.book;
    this.#freshMs = options.freshMs;
  }

  get lastSlippage(): number {
    return this.book.lastSlippage;
  }

  get unresolved(): string | null {
    const desk = this.#desk;
    const { book } = this;
    const market = book.find('market');
    if (market !== null) return `order ${market.id} is ${market.state}`;
    const stop = book.stops.find(({ state }) => state !== 'open');
    if (stop !== undefined) return `stop ${stop.id} is ${stop.state}`;
    if (book.exit !== null) return 'an exit is not done';
    for (const [currency, amount] of book.unpricedFees) return `a fee of ${amount} ${currency} has no known price`;
    if (desk.openSellMs !== null) return 'a sell that ended may have filled';
    const { settleMs } = desk.options.venue.capabilities;
    const young = unfinished(desk).find(
      ({ id, role, end }) =>
        role === 'entry' && end !== 'never-arrived' && desk.elapsedMs - desk.endedMs(id) < settleMs,
    );
    if (young !== undefined) return `order ${young.id} ended, and may have filled`;
    if (this.#reconciled === null) return 'not reconciled since the start';
    const { shortage, quoteShortage, unconfirmed } = this.#reconciled;
    if (shortage !== null) return `the venue holds only ${shortage} ${book.base}`;
    if (quoteShortage) return `the venue holds less ${book.quote} than the allocations`;
    if (unconfirmed !== null) return unconfirmed;
    if (desk.elapsedMs - desk.lastContactMs > LONGEST_SILENCE_MS) return 'the venue does not answer';
    return null;
  }

  get owned(): string {
    return this.book.baseOwned;
  }

  get busy(): boolean {
    return this.book.find('market') !== null || this.book.stops.some(({ state }) => state !== 'open');
  }

  /** Counts everything that can change balances; a reconciliation holds only where it stood still. */
  get activity(): number {
    return this.#desk.activity;
  }

  takeReconciled(result: Reconciled): void {
    this.#reconciled = result;
  }

  async closeBar(candle: Candle): Promise<void> {
    this.#newestBarMs = candle.timeMs;
    await this.poll();
    this.spread = Number.NaN;
    await this.#steps.run('spread', 0, async () => {
      const { bid, ask } = await this.#quote();
      this.spread = (2 * (ask - bid)) / (ask + bid);
    });
    this.account.observeBar(candle.high, candle.low, candle.close);
  }

  async place(intent: OrderIntent): Promise<void> {
    const desk = this.#desk;
    const { close: reference, decisionMs, reason } = intent;
    if (intent.quantity > 0) {
      const { unresolved } = this;
      if (unresolved !== null) return desk.noteDenied('unresolved', { unresolved });
      if (!this.isFresh(decisionMs)) return desk.noteDenied('no-longer-fresh', {});
      const sentBefore = this.book.sequence;
      const ended = await this.#steps.run('place', 0, async () => {
        await this.#enter({ quantity: intent.quantity, reference, decisionMs, reason, attempt: 1 });
      });
      // Whatever a decision ordered is sent, or it is said why it wasn't.
      if (!ended && this.book.sequence === sentBefore) desk.noteDenied('venue-error', {});
      return;
    }
    if (this.book.retry !== null) desk.noteGivenUp('superseded', {});
    this.#wantExit(reference, decisionMs, reason);
    await this.#runExit();
  }

  async protect(levels: Shield['levels'] | null): Promise<void> {
    this.#levels = levels;
    await this.#keepStops();
  }

  async poll(): Promise<void> {
    for (const order of [...this.book.orders.values()])
      await this.#steps.run(`inquire ${order.role}`, LONGEST_EXIT_PAUSE_MS, () =>
        inquire(this.#desk, this.#absence, order),
      );
    await this.#steps.run('fees', LONGEST_PAUSE_MS, () => this.#fees.run());
    await this.#steps.run('late fills', LONGEST_EXIT_PAUSE_MS, () => this.#sweep.run());
    await this.#steps.run('sell gate', LONGEST_EXIT_PAUSE_MS, () => this.#gate.isOpen());
    await this.#runExit();
    if (this.book.find('market') === null) await this.#steps.run('entry', LONGEST_PAUSE_MS, () => this.#tryAgain());
    await this.#keepStops();
    await this.#steps.run('levels', LONGEST_EXIT_PAUSE_MS, () => this.#watchLevels());
  }

  async recover(): Promise<void> {
    const desk = this.#desk;
    for (const order of [...this.book.orders.values()])
      if (order.state === 'intended') desk.noteState(order, 'unknown', null, 'restarted');
    // Nobody knows what was seen of them before the restart.
    if (unfinished(desk).some(({ role }) => role !== 'entry')) desk.openSellMs = desk.elapsedMs;
    await this.#steps.run('takeover', LONGEST_EXIT_PAUSE_MS, () => this.#takeover.run(true));
    await this.poll();
  }

  /**
   * Asks after what the venue has of ours; what the book doesn't know is taken over, what is somebody else's is said.
   * @param fills also of ended orders, because a balance differs
   */
  async checkOrders(fills: boolean): Promise<void> {
    const desk = this.#desk;
    await this.#takeover.run(fills);
    for (const stop of this.book.stops) await inquire(desk, this.#absence, stop);
    // A balance that differs is somebody else's doing only where no fill of ours explains it.
    await this.#sweep.run(true);
    desk.heardFrom();
  }

  async settled(): Promise<boolean> {
    return !this.busy && (await this.#gate.isOpen());
  }

  async cancelAll(): Promise<readonly string[]> {
    const desk = this.#desk;
    const { venue } = desk.options;
    this.#levels = null;
    const open = (await venue.fetchOpenOrders(this.symbol)).map(({ clientOrderId }) => clientOrderId);
    await this.#gate.beforeCancel(this.book.stops.filter(({ state }) => state === 'open'));
    const ids = new Set([...open.filter((id) => desk.isOurs(id)), ...this.book.orders.keys()]);
    for (const id of ids) {
      desk.activity++;
      await venue.cancelOrder(id, this.symbol);
    }
    for (const order of [...this.book.orders.values()]) await inquire(desk, this.#absence, order);
    return [...ids];
  }

  save(whole = false): Json {
    return this.book.save(whole);
  }

  restore(state: Json): void {
    this.book.restore(state);
  }

  apply(entry: BrokerEntry): void {
    if (entry.type === 'command') this.#obey(entry);
    this.book.apply(entry);
  }

  /** An entry belongs to the newest decision, and to the time just after it. */
  isFresh(decisionMs: number): boolean {
    const { venue } = this.#desk.options;
    return decisionMs > this.#newestBarMs && venue.serverTimeMs() - decisionMs <= this.#freshMs;
  }

  #obey(entry: CommandEntry): void {
    this.#desk.activity++;
    if (entry.command === 'tighten' && entry.maxDataAgeMs !== null)
      this.#freshMs = Math.min(this.#freshMs, entry.maxDataAgeMs);
  }

  #wantExit(reference: number, decisionMs: number, reason: 'order' | 'flatten'): void {
    if (this.book.exit !== null || this.account.units === 0) return;
    const { symbol } = this;
    this.#desk.note({ type: 'exit', symbol, reference, decisionMs, reason, timeMs: this.#desk.nowMs });
  }

  async #runExit(): Promise<void> {
    if (this.book.exit !== null && this.#takeover.letsSell)
      await this.#steps.run('exit', LONGEST_EXIT_PAUSE_MS, () => this.#exit.run());
  }

  async #quote(): Promise<{ readonly bid: number; readonly ask: number }> {
    const { bid, ask } = await this.#desk.options.venue.fetchQuote(this.symbol);
    return { bid: Number(bid), ask: Number(ask) };
  }

  /** The part of an entry that the cash pays for even where the price moves a little. */
  #affordable(quantity: number, close: number, ask: number): number {
    const { cash, config } = this.account;
    return Math.min(quantity, Math.max(0, cash) / (Math.max(close, ask) * (1 + CASH_MARGIN) * (1 + config.feeRate)));
  }

  /** An entry that never arrived is sent again, waits, or is given up. */
  async #tryAgain(): Promise<void> {
    const order = this.book.retry;
    if (order === null) return;
    const closing = this.#levels === null;
    const facts = { fresh: this.isFresh(order.decisionMs), closing, unresolved: this.unresolved };
    const step = retryStep(order, facts);
    if (step.kind === 'give-up') return this.#desk.noteGivenUp(step.code, step.numbers);
    if (step.kind === 'send')
      await this.#enter({ ...order, quantity: Number(order.quantity), attempt: order.attempt + 1 });
  }

  /** Every attempt is at a price of its own, and may come too late by the time that it is told. */
  async #enter(order: Omit<Submission, 'role' | 'price' | 'quantity'> & { readonly quantity: number }): Promise<void> {
    const { reference, decisionMs, reason, attempt } = order;
    const desk = this.#desk;
    const { venue, symbol } = desk.options;
    const quote = await venue.fetchQuote(symbol);
    if (!this.isFresh(decisionMs)) return desk.noteGivenUp('no-longer-fresh', {});
    const price = checkPrice(quote, reference, venue.serverTimeMs());
    if (price !== null) return desk.noteGivenUp(price.code, price.numbers);
    const quantity = decimalOf(roundQuantity(this.#affordable(order.quantity, reference, Number(quote.ask))));
    const what = { role: 'entry', quantity, reference, decisionMs, reason, attempt } as const;
    const result = await submitOrder(desk, what);
    if (result.kind === 'denied') desk.noteGivenUp(result.problem.code, result.problem.numbers);
  }

  async #keepStops(): Promise<void> {
    const levels = this.#levels;
    if (levels === undefined || !this.#takeover.letsSell) return;
    const idle = this.book.find('market') === null && this.book.exit === null && this.book.retry === null;
    await this.#steps.run('stop', LONGEST_EXIT_PAUSE_MS, () => this.#stops.keep(levels, idle));
  }

  /** Levels that don't rest on the venue are watched here: without a stop order, and every target. */
  async #watchLevels(): Promise<void> {
    const { units, position, entryPrice, bestPrice } = this.account;
    if (!this.#levels || units <= 0 || this.busy || this.book.exit !== null) return;
    const { stop, target } = this.#levels({ position, entryPrice, bestPrice });
    const watched = this.book.stops.length === 0 ? stop : Number.NaN;
    if (Number.isNaN(watched) && Number.isNaN(target)) return;
    const { bid } = await this.#quote();
    if (!(bid <= watched || bid >= target)) return;
    this.#wantExit(bid, this.#desk.nowMs, 'flatten');
    await this.#exit.run();
  }
}

/** A float64 that stands for a multiple of a step can lie a hair below it; twelve digits tell the two apart. */
function roundQuantity(quantity: number): number {
  return Number(quantity.toPrecision(12));
}
