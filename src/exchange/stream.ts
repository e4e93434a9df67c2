import { backoffMs } from '../core/backoff.ts';
import type { Candle } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { ExchangeError } from '../core/errors.ts';
import type { CandleUpdate, Venue } from './venue.ts';

export interface StreamOptions {
  readonly venue: Pick<Venue, 'watchCandles' | 'fetchCandles' | 'fetchQuote' | 'serverTimeMs' | 'capabilities'>;
  readonly symbol: string;
  readonly timeframeMs: number;
  readonly clock: Clock;
  /** Open time of the last candle that was processed; the stream begins with the one after it. */
  readonly lastTimeMs: number;
  /** Its close, by which the next one is judged; without it the first is believed. */
  readonly lastClose?: number;
  /** How long after a close the stream's final is waited for before REST is asked. Default 1,500. */
  readonly graceMs?: number;
  /** Without a new update for so long the connection is given up and dialled anew. Default 90,000. */
  readonly staleMs?: number;
  /** Longest pause between two attempts, of dialling as of asking. Default 60,000. */
  readonly longestPauseMs?: number;
}

/** A final that moved further takes a second witness. */
const PLAUSIBLE_MOVE = 0.02;
/** A candle from REST that moved further takes the venue's price now. */
const DOUBTFUL_MOVE = 0.2;

export interface StreamListener {
  /** A closed candle: in order, each once. The next one waits until the returned promise resolves. */
  onCandle(candle: Candle, source: 'stream' | 'rest'): void | Promise<void>;
  /** The running candle after the last closed one, whenever it changes; its first call tells the open. */
  onRunning?(candle: Candle): void;
  /** The venue has no candles with fromMs <= timeMs < toMs, asked twice, but has later ones. */
  onGap?(fromMs: number, toMs: number): void;
  /** Anything that went wrong and was mended or will be tried again: for logs and alarms. */
  onTrouble?(error: ExchangeError): void;
}

/** What the stream did so far. */
export interface StreamStatus {
  lastTimeMs: number;
  /** Elapsed time at the last update that told something new; NaN before the first. */
  lastUpdateMs: number;
  fromStream: number;
  fromRest: number;
  dials: number;
  staleCount: number;
  gaps: number;
}

/**
 * Live candles of one symbol: closed ones only, in order, each exactly once, whatever the socket does.
 *
 * REST is the truth and the socket is the fast path. The next candle is always last + timeframe. It comes from the
 * socket's final update, or else, a grace period after its close, from REST: a timer at each boundary asks even where
 * the socket is dead, mute or doesn't mark finals. Start-up, repair after a drop and normal running are one path, so a
 * back-fill is nothing special. A watchdog redials a socket that is open but says nothing new.
 */
export class WebSocketClient {
  readonly status: StreamStatus;
  readonly #options: Required<StreamOptions>;
  readonly #listener: StreamListener;
  /** Final updates that wait for their turn. */
  readonly #finals = new Map<number, Candle>();
  #running: Candle | null = null;
  #advancing: Promise<void> | null = null;
  #again = false;
  #failures = 0;
  #waitUntilMs = 0;
  /** First candle that was seen missing, to be asked for once more; NaN when there is none. */
  #missingMs = Number.NaN;
  #seen = '';
  /** Of the last candle that was emitted; NaN where it isn't known. */
  #lastClose: number;
  /** The newest update that was no final. */
  #heard: Candle | null = null;

  constructor(options: StreamOptions, listener: StreamListener) {
    this.#options = { graceMs: 1_500, staleMs: 90_000, longestPauseMs: 60_000, lastClose: Number.NaN, ...options };
    this.#lastClose = this.#options.lastClose;
    this.#listener = listener;
    this.status = {
      lastTimeMs: options.lastTimeMs,
      lastUpdateMs: Number.NaN,
      fromStream: 0,
      fromRest: 0,
      dials: 0,
      staleCount: 0,
      gaps: 0,
    };
  }

  /** Runs until the signal aborts; rejects only with what isn't an ExchangeError (a bug, or what a listener threw). */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const loops = [this.#poll(inner), this.#watch(inner)];
    try {
      await Promise.all(loops);
    } finally {
      stop.abort();
      await Promise.allSettled(loops);
      await this.#advancing?.catch(() => {});
    }
  }

  /** The boundary timer: asks whenever a candle is overdue. */
  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, timeframeMs, graceMs } = this.#options;
    while (!signal.aborted) {
      await this.#advance(signal);
      const dueMs = this.status.lastTimeMs + 2 * timeframeMs + graceMs - this.#options.venue.serverTimeMs();
      const waitMs = Math.max(dueMs, this.#waitUntilMs - clock.elapsedMs(), 20);
      // Never longer than a bar: our clock may have been corrected meanwhile.
      await clock.sleep(Math.min(waitMs, timeframeMs), signal).catch(() => {});
    }
  }

  /** Dials, and dials again. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, venue, symbol, timeframeMs, longestPauseMs } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      this.status.dials++;
      const updateBefore = this.status.lastUpdateMs;
      const dial = new AbortController();
      const dialSignal = AbortSignal.any([signal, dial.signal]);
      const watchdog = this.#watchdog(dial, dialSignal);
      try {
        await venue.watchCandles(symbol, timeframeMs, (update) => this.#take(update, dialSignal), dialSignal);
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
        this.#listener.onTrouble?.(error);
      } finally {
        dial.abort();
        await watchdog;
      }
      failures = Object.is(this.status.lastUpdateMs, updateBefore) ? failures + 1 : 0;
      const pauseMs = backoffMs(failures, 1_000, longestPauseMs);
      await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  async #watchdog(dial: AbortController, signal: AbortSignal): Promise<void> {
    const { clock, staleMs, symbol } = this.#options;
    const sinceMs = clock.elapsedMs();
    while (!signal.aborted) {
      const lastMs = Math.max(sinceMs, Number.isNaN(this.status.lastUpdateMs) ? sinceMs : this.status.lastUpdateMs);
      const leftMs = lastMs + staleMs - clock.elapsedMs();
      if (leftMs > 0) {
        await clock.sleep(leftMs, signal).catch(() => {});
        continue;
      }
      this.status.staleCount++;
      this.#listener.onTrouble?.(
        new ExchangeError(`${symbol}: nothing new on the stream for ${staleMs} ms; dialling anew`, {
          code: 'network',
          retryable: true,
        }),
      );
      dial.abort(new Error('stale'));
    }
  }

  /** An update from the socket: any age, any order, any number of times. */
  #take({ candle, closed }: CandleUpdate, signal: AbortSignal): void {
    if (signal.aborted) return;
    const { timeframeMs, venue, clock } = this.#options;
    // A socket that repeats itself or tells old tales isn't alive.
    const content = `${candle.timeMs} ${candle.close} ${candle.volume} ${closed}`;
    if (content !== this.#seen && candle.timeMs + 2 * timeframeMs > venue.serverTimeMs())
      this.status.lastUpdateMs = clock.elapsedMs();
    this.#seen = content;
    if (candle.timeMs <= this.status.lastTimeMs) return;
    if (closed === true) {
      if (!this.#isPlausible(candle)) {
        // REST is asked a grace period later, as if the final had been lost.
        const message = `${this.#options.symbol}: a final of ${candle.close} is far from the last price`;
        this.#listener.onTrouble?.(new ExchangeError(message, { code: 'bad-answer', retryable: true }));
        return;
      }
      this.#finals.set(candle.timeMs, candle);
      void this.#advance(signal).catch(() => {}); // `#poll` meets the same rejection and reports it.
    } else {
      this.#heard = candle;
      if (this.#running === null || candle.timeMs >= this.#running.timeMs) this.#running = candle;
      if (this.#advancing === null) this.#tellRunning();
    }
  }

  /** One at a time; a call while one is at work makes it look again when it is done. */
  #advance(signal: AbortSignal): Promise<void> {
    if (this.#advancing !== null) {
      this.#again = true;
      return this.#advancing;
    }
    const work = async () => {
      do {
        this.#again = false;
        await this.#catchUp(signal);
      } while (this.#again);
    };
    this.#advancing = work().then(() => {
      this.#advancing = null;
      this.#tellRunning();
    });
    return this.#advancing;
  }

  /** Emits everything that is due, in order. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const { timeframeMs, graceMs, venue, clock } = this.#options;
    while (!signal.aborted) {
      const wantMs = this.status.lastTimeMs + timeframeMs;
      const final = this.#finals.get(wantMs);
      if (final !== undefined) {
        await this.#emit(final, 'stream');
        continue;
      }
      const nowMs = venue.serverTimeMs();
      if (nowMs < wantMs + timeframeMs + graceMs || clock.elapsedMs() < this.#waitUntilMs) return;
      if (!(await this.#ask(wantMs, nowMs, signal))) return;
    }
  }

  /** Asks REST for the candles from `wantMs` on; false where that brought nothing forward. */
  async #ask(wantMs: number, nowMs: number, signal: AbortSignal): Promise<boolean> {
    const { timeframeMs } = this.#options;
    let rows: Candle[];
    try {
      rows = await this.#fetchFrom(wantMs, Math.floor(nowMs / timeframeMs) * timeframeMs);
      await this.#confirm(rows);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      this.#listener.onTrouble?.(error);
      this.#pause(error.retryAfterMs);
      return false;
    }
    const lastBefore = this.status.lastTimeMs;
    for (const row of rows) {
      if (signal.aborted) return false;
      const nextMs = this.status.lastTimeMs + timeframeMs;
      if (row.timeMs < nextMs) continue;
      // The socket may have brought it meanwhile.
      if (row.timeMs > nextMs && (this.#missingMs !== nextMs || this.#finals.has(nextMs))) {
        this.#missingMs = nextMs;
        break;
      }
      if (row.timeMs > nextMs) {
        this.status.gaps++;
        this.#listener.onGap?.(nextMs, row.timeMs);
      }
      await this.#emit(row, 'rest');
    }
    if (this.status.lastTimeMs === lastBefore) this.#pause(0);
    else this.#failures = 0;
    return this.status.lastTimeMs !== lastBefore;
  }

  /** The first candles from `fromMs` on, over any number of pages without one: a hole may be longer than a page. */
  async #fetchFrom(fromMs: number, toMs: number): Promise<Candle[]> {
    const { timeframeMs, venue, symbol } = this.#options;
    const pageMs = venue.capabilities.candlesPerPage * timeframeMs;
    for (let atMs = fromMs; ; atMs += pageMs) {
      const rows = await venue.fetchCandles(symbol, timeframeMs, atMs, toMs);
      if (rows.length > 0 || atMs + pageMs >= toMs) return rows;
    }
  }

  /** A candle that lies far from the last one is believed where the venue's price now says so too. */
  async #confirm(rows: readonly Candle[]): Promise<void> {
    const newest = rows.at(-1);
    if (newest === undefined || !(Math.abs(newest.close / this.#lastClose - 1) > DOUBTFUL_MOVE)) return;
    const { venue, symbol } = this.#options;
    const { bid, ask } = await venue.fetchQuote(symbol);
    const middle = (Number(bid) + Number(ask)) / 2;
    if (Math.abs(newest.close / middle - 1) <= DOUBTFUL_MOVE) return;
    const message = `${symbol}: a candle ended at ${newest.close}, the venue's price is ${middle}`;
    throw new ExchangeError(message, { code: 'bad-answer', retryable: true });
  }

  /** Near the last close, or where the bar's own running price was: else it takes a second witness. */
  #isPlausible({ timeMs, close }: Candle): boolean {
    const near = (price: number) => Math.abs(close / price - 1) <= PLAUSIBLE_MOVE;
    return (
      Number.isNaN(this.#lastClose) ||
      near(this.#lastClose) ||
      (this.#heard?.timeMs === timeMs && near(this.#heard.close))
    );
  }

  /** Exponential, from 250 ms. */
  #pause(atLeastMs: number): void {
    const pauseMs = backoffMs(this.#failures++, 250, this.#options.longestPauseMs);
    this.#waitUntilMs = this.#options.clock.elapsedMs() + Math.max(atLeastMs, pauseMs);
  }

  async #emit(candle: Candle, source: 'stream' | 'rest'): Promise<void> {
    this.status.lastTimeMs = candle.timeMs;
    this.#lastClose = candle.close;
    if (source === 'stream') this.status.fromStream++;
    else this.status.fromRest++;
    for (const timeMs of this.#finals.keys()) if (timeMs <= candle.timeMs) this.#finals.delete(timeMs);
    await this.#listener.onCandle(candle, source);
  }

  /** Only ever the candle right after the last closed one, so that a listener sees close, open, close, open. */
  #tellRunning(): void {
    if (this.#running === null || this.#running.timeMs !== this.status.lastTimeMs + this.#options.timeframeMs) return;
    const running = this.#running;
    this.#running = null;
    this.#listener.onRunning?.(running);
  }
}
