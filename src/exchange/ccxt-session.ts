import { ExchangeError, InputError } from '../core/errors.ts';
import { badAnswer, type PrecisionMode, readMarket } from './answers.ts';
import { type Ccxt, type CcxtHooks, type ConnectorOptions, guardClass, importVenue, openCcxt } from './ccxt.ts';
import { createRedactor } from './redact.ts';
import type { Market } from './venue.ts';
import { type AnswerNotes, isOrderNotFound, toExchangeError } from './venue-errors.ts';
import type { VenueRow } from './venues.ts';

const HOUR_MS = 3_600_000;
const PRECISION_MODES: Readonly<Record<number, PrecisionMode>> = {
  2: 'decimal-places',
  3: 'significant-digits',
  4: 'tick-size',
};

/**
 * Asking a venue through ccxt: loaded with the first question, its markets and clock read before the first that needs
 * them, every failure sorted by `toExchangeError`. While the venue asks us to wait, nothing is sent at all.
 */
export class CcxtSession {
  readonly #options: ConnectorOptions;
  readonly #row: VenueRow;
  readonly #redact: (text: string) => string;
  readonly #hooks: CcxtHooks;
  #loading: Promise<Ccxt> | null = null;
  #exchange: Ccxt | null = null;
  #connecting: Promise<void> | null = null;
  /** The venue's clock minus ours, as last measured. */
  #offsetMs = 0;
  #measuredMs = Number.NEGATIVE_INFINITY;
  #blockedUntilMs = Number.NEGATIVE_INFINITY;
  /** What was noted of the answer behind an error. */
  readonly #notes = new WeakMap<object, AnswerNotes>();

  constructor(options: ConnectorOptions, row: VenueRow, hooks: Omit<CcxtHooks, 'noteError'>) {
    this.#options = options;
    this.#row = row;
    this.#redact = createRedactor(options.keys === null ? [] : Object.values(options.keys));
    this.#hooks = { ...hooks, noteError: (error, notes) => this.#notes.set(error, notes) };
  }

  /** Once connected. */
  get exchange(): Ccxt {
    return this.#exchange!;
  }

  get serverTimeMs(): number {
    return this.#options.clock.nowMs() + this.#offsetMs;
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
      await this.ask(() => exchange.loadMarkets(true));
      return this.#market(symbol);
    } catch (error) {
      Object.assign(exchange, { markets, markets_by_id, symbols, ids });
      throw error;
    }
  }

  async measureClock(): Promise<number> {
    const { clock } = this.#options;
    const sentMs = clock.nowMs();
    const serverMs = await this.ask((exchange) => exchange.fetchTime());
    const backMs = clock.nowMs();
    if (typeof serverMs !== 'number' || !(serverMs > 1e12 && serverMs < 1e13)) throw badAnswer('the time is no time');
    this.#offsetMs = Math.round(serverMs - (sentMs + backMs) / 2);
    this.#measuredMs = backMs;
    this.exchange.options.timeDifference = -this.#offsetMs;
    return this.#offsetMs;
  }

  async ask<T>(question: (exchange: Ccxt) => Promise<T>): Promise<T> {
    const { clock, venue } = this.#options;
    const leftMs = this.#blockedUntilMs - clock.nowMs();
    if (leftMs > 0) {
      const message = `${venue}: the venue asked us to wait ${Math.ceil(leftMs / 1000)} s more`;
      throw new ExchangeError(message, { code: 'rate-limited', retryable: true, retryAfterMs: leftMs });
    }
    this.#exchange ??= await this.#load();
    try {
      return await question(this.#exchange);
    } catch (error) {
      const sorted = this.sortError(error);
      if (sorted instanceof ExchangeError && sorted.retryAfterMs > 0)
        this.#blockedUntilMs = clock.nowMs() + sorted.retryAfterMs;
      throw sorted;
    }
  }

  /** A question that needs the key, and a clock that the venue agrees with. */
  async askSigned<T>(question: (exchange: Ccxt) => Promise<T>): Promise<T> {
    const { clock, keys, venue } = this.#options;
    if (keys === null)
      throw new InputError(`${venue}: this needs an API key; set TRADERNET_${venue.toUpperCase()}_KEY and _SECRET`);
    await this.connect();
    // Clocks drift, and ccxt looks at the venue's once only. Where that fails the old offset does for another minute.
    const nowMs = clock.nowMs();
    if (nowMs - this.#measuredMs > HOUR_MS) {
      this.#measuredMs = nowMs - HOUR_MS + 60_000;
      await this.measureClock().catch(() => {});
    }
    try {
      return await this.ask(question);
    } catch (error) {
      if (error instanceof ExchangeError && error.code === 'clock') await this.measureClock().catch(() => {});
      throw error;
    }
  }

  /** The answer, or null where the venue says that it knows no such order. */
  unlessNotFound<T>(question: (exchange: Ccxt) => Promise<T>): Promise<T | null> {
    return this.askSigned((exchange) =>
      question(exchange).catch((error) => {
        if (isOrderNotFound(error)) return null;
        throw error;
      }),
    );
  }

  sortError(error: unknown): Error {
    if (error instanceof Error && error.message.startsWith('internal error:')) return error;
    const notes = typeof error === 'object' && error !== null ? (this.#notes.get(error) ?? null) : null;
    return toExchangeError(error, notes, this.#options.clock.nowMs(), this.#redact);
  }

  async #open(): Promise<void> {
    // `true`: ccxt keeps the promise of its first attempt, and with it a failure for ever.
    await this.ask((exchange) => exchange.loadMarkets(true));
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
      openCcxt(this.#options, this.#row, guardClass(Base, this.#hooks)),
    );
    return this.#loading;
  }
}
