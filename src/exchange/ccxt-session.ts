import { ExchangeError, InputError } from '../core/errors.ts';
import { badAnswer, type PrecisionMode, readMarket } from './answers.ts';
import { type Ccxt, type CcxtHooks, type ConnectorOptions, hookClass, importVenue, openCcxt } from './ccxt.ts';
import { createRedactor } from './redact.ts';
import type { Market } from './venue.ts';
import { VenueClock } from './venue-clock.ts';
import { type AnswerNotes, isOrderNotFound, toExchangeError } from './venue-errors.ts';
import type { VenueRow } from './venues/row.ts';

/** What is counted, and limited, apart: candles and prices, the account, and orders. */
export type AskKind = 'public' | 'private' | 'orders';
const ASK_KINDS: readonly AskKind[] = ['public', 'private', 'orders'];
const PRECISION_MODES: Readonly<Record<number, PrecisionMode>> = {
  2: 'decimal-places',
  3: 'significant-digits',
  4: 'tick-size',
};

/** A machine's clock may be set wrong by hours; a venue that is days away is not believed. */
const LARGEST_OFFSET_MS = 86_400_000;

/**
 * Asking a venue through ccxt: loaded with the first question, its markets and clock read before the first that needs
 * them, every failure sorted by `toExchangeError`. What the venue asks us to leave alone for a while is left alone.
 */
export class CcxtSession {
  readonly #options: ConnectorOptions;
  readonly #row: VenueRow;
  readonly #redact: (text: string) => string;
  readonly #hooks: CcxtHooks;
  #loading: Promise<Ccxt> | null = null;
  #exchange: Ccxt | null = null;
  #connecting: Promise<void> | null = null;
  readonly #clock: VenueClock;
  /** Until when the venue asked to be left alone, by kind, in elapsed time. */
  readonly #blockedUntilMs = new Map<AskKind, number>();
  /** What was noted of the answer behind an error. */
  readonly #notes = new WeakMap<object, AnswerNotes>();

  constructor(options: ConnectorOptions, row: VenueRow, hooks: Omit<CcxtHooks, 'noteError'>) {
    this.#options = options;
    this.#row = row;
    this.#clock = new VenueClock(options.clock);
    this.#redact = createRedactor(options.keys === null ? [] : Object.values(options.keys));
    this.#hooks = { ...hooks, noteError: (error, notes) => this.#notes.set(error, notes) };
  }

  /** Once connected. */
  get exchange(): Ccxt {
    return this.#exchange!;
  }

  get serverTimeMs(): number {
    return Math.floor(this.#clock.nowMs);
  }

  /** The latest that the venue's clock surely shows. */
  get surelyPastMs(): number {
    return this.#clock.nowMs - this.#clock.uncertaintyMs;
  }

  connect(): Promise<void> {
    this.#connecting ??= this.#open().catch((error) => {
      this.#connecting = null;
      throw error;
    });
    return this.#connecting;
  }

  async close(): Promise<void> {
    await this.#exchange?.close().catch(() => {});
  }

  /** The venue's filters for a symbol; `refresh` reads them anew, and where they make no sense the old ones stay. */
  async market(symbol: string, refresh = false): Promise<Market> {
    await this.connect();
    if (!refresh) return this.#market(symbol);
    const { exchange } = this;
    const { markets, markets_by_id, symbols, ids } = exchange;
    try {
      await this.ask('public', () => exchange.loadMarkets(true));
      return this.#market(symbol);
    } catch (error) {
      Object.assign(exchange, { markets, markets_by_id, symbols, ids });
      throw error;
    }
  }

  async measureClock(): Promise<number> {
    return this.#clock.measure(async () => {
      const serverMs = await this.ask('public', (exchange) => exchange.fetchTime());
      if (typeof serverMs !== 'number' || !(serverMs > 1e12 && serverMs < 1e13)) throw badAnswer('the time is no time');
      // One answer years away would have every question about the past paged through those years.
      if (Math.abs(serverMs - this.#options.clock.nowMs()) > LARGEST_OFFSET_MS)
        throw badAnswer(
          `its clock says ${new Date(serverMs).toISOString()}, which is more than a day from this machine's`,
        );
      return serverMs;
    });
  }

  /**
   * Asks; while the venue wants to be left alone with this kind of question, nothing is sent.
   * @param urgent asks all the same: what reduces risk is not silenced by what something else asked too often
   */
  async ask<T>(kind: AskKind, question: (exchange: Ccxt) => Promise<T>, urgent = false): Promise<T> {
    const { clock, venue } = this.#options;
    const leftMs = (this.#blockedUntilMs.get(kind) ?? Number.NEGATIVE_INFINITY) - clock.elapsedMs();
    if (leftMs > 0 && !urgent) {
      const message = `${venue}: the venue asked us to wait ${Math.ceil(leftMs / 1000)} s more`;
      throw new ExchangeError(message, { code: 'rate-limited', retryable: true, retryAfterMs: leftMs });
    }
    this.#exchange ??= await this.#load();
    try {
      return await question(this.#exchange);
    } catch (error) {
      const sorted = this.sortError(error);
      if (sorted instanceof ExchangeError && sorted.retryAfterMs > 0) {
        // A ban is for all of our address, too many questions are for the kind that asked them.
        const kinds = sorted.code === 'banned' ? ASK_KINDS : [kind];
        for (const one of kinds) this.#blockedUntilMs.set(one, clock.elapsedMs() + sorted.retryAfterMs);
      }
      throw sorted;
    }
  }

  /** A question that needs the key, and a clock that the venue agrees with. */
  async askSigned<T>(kind: 'private' | 'orders', question: (exchange: Ccxt) => Promise<T>, urgent = false): Promise<T> {
    const { keys, venue } = this.#options;
    if (keys === null)
      throw new InputError(`${venue}: this needs an API key; set TRADERNET_${venue.toUpperCase()}_KEY and _SECRET`);
    await this.connect();
    // Where that fails the old offset does for another minute.
    if (this.#clock.isOld()) await this.measureClock().catch(() => this.#clock.putOff());
    try {
      return await this.ask(kind, question, urgent);
    } catch (error) {
      if (error instanceof ExchangeError && error.code === 'clock') {
        this.#clock.distrust();
        await this.measureClock().catch(() => {});
      }
      throw error;
    }
  }

  /** The answer, or null where the venue says that it knows no such order. */
  unlessNotFound<T>(question: (exchange: Ccxt) => Promise<T>, urgent = false): Promise<T | null> {
    const orNull = (exchange: Ccxt) =>
      question(exchange).catch((error) => {
        if (isOrderNotFound(error)) return null;
        throw error;
      });
    return this.askSigned('orders', orNull, urgent);
  }

  sortError(error: unknown): Error {
    if (error instanceof Error && error.message.startsWith('internal error:')) return error;
    const notes = typeof error === 'object' && error !== null ? (this.#notes.get(error) ?? null) : null;
    return toExchangeError(error, notes, this.#options.clock.nowMs(), this.#redact);
  }

  async #open(): Promise<void> {
    // `true`: ccxt keeps the promise of its first attempt, and with it a failure for ever.
    await this.ask('public', (exchange) => exchange.loadMarkets(true));
    await this.measureClock();
  }

  #market(symbol: string): Market {
    const { markets, precisionMode } = this.exchange;
    const raw = markets !== undefined && Object.hasOwn(markets, symbol) ? markets[symbol] : undefined;
    if (raw === undefined)
      throw new InputError(
        `${this.#options.venue}: unknown symbol ${JSON.stringify(symbol)}; name one such as BTC/USDT`,
      );
    return readMarket(raw, PRECISION_MODES[precisionMode] ?? 'tick-size');
  }

  #load(): Promise<Ccxt> {
    this.#loading ??= importVenue(this.#options.venue).then((Base) =>
      openCcxt(this.#options, this.#row, hookClass(Base, this.#hooks), () => this.#clock.nowMs),
    );
    return this.#loading;
  }
}
