/**
 * The loop: latest data -> agent -> shield -> broker -> journal -> wait for the next bar. What it knows is a fold of its
 * journal (`state.ts`), a start is a recovery (`recovery.ts`), and whoever watches can't end it (`observers.ts`).
 */
import { LiveBroker } from '../broker/live.ts';
import { Reconciler } from '../broker/reconcile.ts';
import { runInAll } from '../broker/serial-queue.ts';
import { ExchangeError } from '../core/errors.ts';
import { WebSocketClient } from '../exchange/stream.ts';
import { BotJournal } from './bot-journal.ts';
import { createTrader } from './create-trader.ts';
import { readHalt, writeHalt } from './halt-file.ts';
import { type BotObservers, isolate } from './observers.ts';
import type { BotOptions } from './options.ts';
import { Portfolio } from './portfolio.ts';
import { recover } from './recovery.ts';
import { BotState } from './state.ts';
import type { Trader, TraderContext } from './trader.ts';

const CLOCK_CHECK_MS = 3_600_000;

export class Bot {
  readonly #options: BotOptions;
  readonly #observers: Required<BotObservers>;
  readonly #journal: BotJournal;
  readonly #state: BotState;
  readonly #clients = new Map<string, WebSocketClient>();
  /** What went wrong inside a listener, whose caller couldn't pass it on. */
  #failure: unknown = null;
  #fail: (error: unknown) => void = () => {};
  /** True after a restart that found earlier entries. */
  readonly resumed: boolean;

  /** Opens the journal and takes back everything in it. @throws InputError where it belongs to another setup */
  constructor(options: BotOptions) {
    this.#options = options;
    this.#observers = this.#isolateObservers();
    this.#journal = new BotJournal(options, this.#observers.onEntry);
    const { earlier, id } = this.#journal;
    this.resumed = earlier.length > 0;
    const allocations = new Map(options.symbols.map(({ symbol, account }) => [symbol, account.startingEquity]));
    const portfolio = new Portfolio(allocations, options.maxDrawdown);
    const alarm = this.#alarm.bind(this);
    const traders = options.symbols.map((setup, index) =>
      createTrader(setup, `${id}${index.toString(36)}`, options, this.#context(), alarm),
    );
    const { venue, clock } = options;
    const brokers = traders.map(({ broker }) => broker).filter((broker) => broker instanceof LiveBroker);
    const record = this.#journal.append.bind(this.#journal);
    const reconciler = options.kind === 'paper' ? null : new Reconciler({ venue, clock, brokers, record, alarm });
    this.#state = new BotState(traders, portfolio, reconciler);
    for (const entry of earlier) this.#state.replay(entry);
    this.#journal.begin();
  }

  get traders(): readonly Trader[] {
    return this.#state.traders;
  }

  get portfolio(): Portfolio {
    return this.#state.portfolio;
  }

  /** Why everything is halted; null while it isn't. */
  get halted(): string | null {
    return this.#state.halted;
  }

  /** Candles' status by symbol, for health and metrics. */
  get streams(): ReadonlyMap<string, WebSocketClient> {
    return this.#clients;
  }

  /** Runs until the signal aborts; then everything under way is written down and the journal closed in order. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    try {
      const context = {
        reconcile: () => this.#reconcile(),
        checkHaltFile: () => this.#checkHaltFile(),
        waitOut: (error: unknown) => this.#waitOut(error),
      };
      await recover(this.#state, this.#journal, this.#options, context, inner);
      const loops = [this.#tick(inner), ...this.traders.map((trader) => this.#follow(trader, inner))];
      // The first failure ends them all; it is a bug or a full disk, and a restart is the answer.
      const endings = loops.map((loop) => loop.finally(() => stop.abort(new Error('the bot stopped'))));
      this.#fail = (error) => {
        this.#failure ??= error;
        stop.abort(new Error('the bot stopped'));
      };
      await Promise.all(endings);
      if (this.#failure !== null) throw this.#failure;
      await runInAll(
        this.traders.map(({ queue }) => queue),
        async () => {
          this.#journal.append({ type: 'stop', timeMs: this.#now(), code: 'ordered', numbers: {} });
          this.#journal.sync();
        },
      );
    } finally {
      stop.abort(new Error('the bot stopped'));
    }
  }

  /** Everything is closed, and nothing opened until a person resets. Durable before anything else happens. */
  halt(by: string, reason: string): void {
    if (this.halted !== null) return;
    const { files, folder } = this.#options;
    const timeMs = this.#now();
    this.#journal.append({ type: 'halt', timeMs, by, reason });
    this.#journal.sync();
    this.#state.halted = reason;
    if (readHalt(files, folder) === null) writeHalt(files, folder, { by, reason, timeMs });
    this.#alarm('halted', { by, reason });
  }

  #isolateObservers(): Required<BotObservers> {
    const { onEntry, onAlarm, onRunning, onMeasured } = this.#options;
    const say = (observer: string) => (message: string) => this.#alarm('observer-failed', { observer, message });
    return {
      onEntry: isolate(onEntry, say('entries')),
      onAlarm: isolate(onAlarm, say('alarms')),
      onRunning: isolate(onRunning, say('running candles')),
      onMeasured: isolate(onMeasured, say('measurements')),
    };
  }

  #context(): TraderContext {
    const bot = this;
    const { venue, elapsedMs } = this.#options;
    return {
      nowMs: () => bot.#now(),
      venueMs: () => venue.serverTimeMs(),
      elapsedMs,
      append: (entry) => bot.#journal.append(entry),
      sync: () => bot.#journal.sync(),
      mark(symbol, equity) {
        const { portfolio } = bot;
        if (portfolio.mark(symbol, equity))
          bot.halt('portfolio', `drawdown of ${(100 * portfolio.drawdown).toFixed(2)} % over all symbols`);
        return { total: portfolio.total, peak: portfolio.peak };
      },
      get halted() {
        return bot.halted;
      },
      measured: this.#observers.onMeasured,
    };
  }

  async #follow(trader: Trader, signal: AbortSignal): Promise<void> {
    const { venue, clock, timeframeMs, graceMs } = this.#options;
    const { symbol, lastTimeMs } = trader;
    const client = new WebSocketClient(
      { venue, symbol, timeframeMs, clock, lastTimeMs, ...(graceMs === undefined ? {} : { graceMs }) },
      {
        onCandle: (candle, source) => trader.queue.run(() => trader.onCandle(candle, source)),
        onRunning: (candle) => this.#observers.onRunning(symbol, candle),
        onGap: (fromMs, toMs) =>
          this.#orFail(() => {
            const numbers = { symbol, fromMs, toMs };
            this.#journal.append({ type: 'gap', timeMs: this.#now(), code: 'no-candles', numbers });
          }),
        onTrouble: (error) =>
          this.#orFail(() => this.#alarm('stream', { symbol, code: error.code, message: error.message })),
      },
    );
    this.#clients.set(symbol, client);
    await client.run(signal);
  }

  /** What has to happen between candles. */
  async #tick(signal: AbortSignal): Promise<void> {
    const { clock, venue, tickMs = 5_000, reconcileMs = 60_000 } = this.#options;
    let clockMs = clock.nowMs();
    let reconciledMs = clock.nowMs();
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal).catch(() => {});
      if (signal.aborted) return;
      this.#checkHaltFile();
      for (const trader of this.traders)
        await trader.queue.run(async () => {
          if (this.halted !== null && trader.broker.kind === 'live') await trader.flatten();
          await trader.broker.poll();
        });
      if (clock.nowMs() - reconciledMs >= reconcileMs && (await this.#reconcile())) reconciledMs = clock.nowMs();
      if (clock.nowMs() - clockMs >= CLOCK_CHECK_MS) {
        clockMs = clock.nowMs();
        await venue.measureClock().catch((error) => this.#waitOut(error));
      }
    }
  }

  async #reconcile(): Promise<boolean> {
    const { reconciler } = this.#state;
    if (reconciler === null) return true;
    return runInAll(
      this.traders.map(({ queue }) => queue),
      async () => {
        const results = await reconciler.reconcile();
        for (const [broker, result] of results ?? []) broker.takeReconciled(result);
        return results !== null;
      },
    );
  }

  #checkHaltFile(): void {
    const { files, folder } = this.#options;
    const order = this.halted === null ? readHalt(files, folder) : null;
    if (order !== null) this.halt(order.by, order.reason);
  }

  /** Says a venue's failure and returns how long it asked to wait; rethrows everything else. */
  #waitOut(error: unknown): number {
    if (!(error instanceof ExchangeError)) throw error;
    this.#alarm('venue-error', { code: error.code, message: error.message });
    return error.retryAfterMs;
  }

  #alarm(code: string, numbers: Readonly<Record<string, string>>): void {
    this.#journal.append({ type: 'alarm', timeMs: this.#now(), code, numbers });
    this.#observers.onAlarm(code, numbers);
  }

  #orFail(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #now(): number {
    return this.#options.clock.nowMs();
  }
}
