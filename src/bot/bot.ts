/**
 * The loop: latest data -> agent -> shield -> broker -> journal -> wait for the next bar. What it knows is a fold of its
 * journal (`state.ts`), a start is a recovery (`recovery.ts`), and whoever watches can't end it (`observers.ts`).
 */
import { Holdings } from '../broker/holdings.ts';
import { LiveBroker } from '../broker/live.ts';
import { Reconciler } from '../broker/reconcile.ts';
import { runInAll } from '../broker/serial-queue.ts';
import { ExchangeError } from '../core/errors.ts';
import { Portfolio } from '../decision/portfolio.ts';
import { steadyVenue } from '../exchange/steady-venue.ts';
import { WebSocketClient } from '../exchange/stream.ts';
import { isDiskError } from '../journal/record-log.ts';
import { BotJournal } from './bot-journal.ts';
import { CommandDesk } from './command-desk.ts';
import { createTrader } from './create-trader.ts';
import type { StartEntry } from './entries.ts';
import { readHalt, writeHalt } from './halt-file.ts';
import { attend, type LoopContext, whenDue } from './loops.ts';
import { type BotObservers, isolate } from './observers.ts';
import type { BotOptions } from './options.ts';
import { recover } from './recovery.ts';
import { answerRequest, type CommandAnswer, type CommandRequest, readRequests, refuseRequests } from './requests.ts';
import { BotState, describeState } from './state.ts';
import type { Trader, TraderContext } from './trader.ts';
import { isLate, Watchdog } from './watchdog.ts';

const CLOCK_CHECK_MS = 3_600_000;
const TICK_MS = 5_000;
/** A venue's clock that moves by more is said. */
const VENUE_CLOCK_MS = 5_000;
const DEADLINE_MS = 20_000;
/** What a start reads in well under a second. */
const PART_BYTES = 16 * 2 ** 20;
const ROTATE_AGAIN_MS = 60_000;

/**
 * A trading bot on paper or live: latest candles, agent, shield, broker, journal, and the wait for the next bar. Whatever it
 * knows is a fold of its journal, so a start is a recovery. `examples/paper-trading.ts` runs one.
 * @throws InputError where the journal in its folder belongs to another setup
 */
export class Bot {
  readonly #options: BotOptions;
  readonly #observers: Required<BotObservers>;
  readonly #journal: BotJournal;
  readonly #state: BotState<Trader>;
  readonly #commands: CommandDesk;
  readonly #clients = new Map<string, WebSocketClient>();
  /** The venue's clock less ours, at the last decision; NaN before the first. */
  #venueAheadMs = Number.NaN;
  /** For what goes wrong where no caller could pass it on. */
  #fail: (error: unknown) => void = () => {};
  /** True after a restart that found earlier entries. */
  readonly resumed: boolean;

  /** Opens the journal and takes back everything in it. @throws InputError where it belongs to another setup */
  constructor(given: BotOptions) {
    const venue = steadyVenue(given.venue, given.clock, given.deadlineMs ?? DEADLINE_MS);
    const options = { ...given, venue };
    this.#options = options;
    this.#observers = this.#isolateObservers();
    this.#journal = new BotJournal(options, this.#observers.onEntry, (message) =>
      this.#observers.onAlarm('journal-failed', { message }),
    );
    const { earlier, id } = this.#journal;
    this.resumed = earlier.length > 0;
    const allocations = new Map(options.symbols.map(({ symbol, account }) => [symbol, account.startingEquity]));
    const portfolio = new Portfolio(allocations, options.maxDrawdown);
    const knownUntilMs = earlier.at(-1)?.timeMs ?? null;
    const alarm = this.#alarm.bind(this);
    const { clock } = options;
    const holdings = new Holdings(venue, clock);
    const traders = options.symbols.map((setup, index) =>
      createTrader(setup, `${id}${index.toString(36)}`, { ...options, knownUntilMs }, this.#context(), holdings, alarm),
    );
    const brokers = traders.map(({ broker }) => broker).filter((broker) => broker instanceof LiveBroker);
    const record = this.#journal.append.bind(this.#journal);
    const reconciler =
      options.kind === 'paper' ? null : new Reconciler({ venue, clock, holdings, brokers, record, alarm });
    this.#state = new BotState(traders, portfolio, reconciler);
    this.#commands = new CommandDesk({
      ...{ state: this.#state, venue, timeframeMs: options.timeframeMs, append: record },
      nowMs: () => this.#now(),
      sync: () => this.#journal.sync(),
    });
    this.#state.replay(earlier, options.folder);
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

  /** Hash of the journal's last entry: kept elsewhere, it tells of a journal that was cut or written anew. */
  get journalHead(): string {
    return this.#journal.head;
  }

  /** Symbols without a decision for longer than there should be one. */
  get silent(): readonly string[] {
    const { clock, timeframeMs } = this.#options;
    return this.traders
      .filter(({ decidedMs }) => isLate(clock.elapsedMs() - decidedMs, timeframeMs))
      .map(({ symbol }) => symbol);
  }

  /** Candles' status by symbol, for health and metrics. */
  get streams(): ReadonlyMap<string, WebSocketClient> {
    return this.#clients;
  }

  /** Runs until the signal aborts; then everything under way is written down and the journal closed in order. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, deadlineMs = DEADLINE_MS } = this.#options;
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const loops: Promise<void>[] = [];
    try {
      this.#refuseOldRequests();
      const context = {
        reconcile: () => this.#reconcile(),
        checkHaltFile: () => this.#checkHaltFile(),
        waitOut: (error: unknown) => this.#waitOut(error),
      };
      const failed = new Promise<never>((_, reject) => {
        this.#fail = reject;
      });
      failed.catch(() => {});
      // What watches waits for nothing that it watches, not even for the start.
      const watch = this.#watch(inner);
      watch.catch(this.#fail);
      loops.push(watch);
      await Promise.race([failed, recover(this.#state, this.#journal, this.#options, context, inner)]);
      loops.push(
        ...this.traders.map((trader) => attend(trader, this.#loopContext, inner)),
        ...this.traders.map((trader) => this.#follow(trader, inner)),
        this.#reconcileNowAndThen(inner),
        this.#measureClockNowAndThen(inner),
        this.#attendRequests(inner),
        this.#rotateNowAndThen(inner),
      );
      // The first failure ends them all, whatever hangs: it is a bug, and a restart is the answer.
      await Promise.race([failed, Promise.all(loops)]);
      await Promise.race([failed, this.#endInOrder()]);
    } catch (error) {
      stop.abort(error);
      await Promise.race([Promise.allSettled(loops), clock.sleep(deadlineMs)]);
      throw error;
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
    try {
      if (readHalt(files, folder) === null) writeHalt(files, folder, { by, reason, timeMs });
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#alarm('halt-not-written', { message: (error as Error).message });
    }
    this.#alarm('halted', { by, reason });
  }

  /** Carries out what a person orders, once whatever is under way on the symbols lets it. */
  command(request: CommandRequest): Promise<CommandAnswer> {
    return runInAll(
      this.traders.map(({ queue }) => queue),
      () => this.#commands.carryOut(request),
    );
  }

  #refuseOldRequests(): void {
    const { files, folder } = this.#options;
    try {
      refuseRequests(files, folder);
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#alarm('request-failed', { message: (error as Error).message });
    }
  }

  /** Requests of other processes. */
  async #attendRequests(signal: AbortSignal): Promise<void> {
    const { files, folder, clock, tickMs = TICK_MS } = this.#options;
    while (!signal.aborted) {
      try {
        for (const request of readRequests(files, folder))
          answerRequest(files, folder, request.id, await this.command(request));
      } catch (error) {
        if (!isDiskError(error)) throw error;
        this.#alarm('request-failed', { message: (error as Error).message });
      }
      await clock.sleep(tickMs, signal).catch(() => {});
    }
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
    const { venue, clock, elapsedMs, timeframeMs } = this.#options;
    return {
      nowMs: () => bot.#now(),
      venueMs: () => venue.serverTimeMs(),
      monotonicMs: () => clock.elapsedMs(),
      runtime(candle, { unresolved, spread, lastSlippage }) {
        bot.#noteVenueClock();
        // Data are as old as the venue's clock says.
        const dataAgeMs = Math.max(0, venue.serverTimeMs() - candle.timeMs - timeframeMs);
        return { dataAgeMs, unresolved, spread, lastSlippage, halted: bot.halted };
      },
      elapsedMs,
      append(entry) {
        bot.#journal.append(entry);
        bot.#state.note(entry);
      },
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

  /** A venue's clock that is told anew, or ours that was set: ages before and after don't compare. */
  #noteVenueClock(): void {
    const aheadMs = this.#options.venue.serverTimeMs() - this.#now();
    const movedMs = aheadMs - this.#venueAheadMs;
    this.#venueAheadMs = aheadMs;
    if (Math.abs(movedMs) > VENUE_CLOCK_MS) this.#alarm('venue-clock', { seconds: (movedMs / 1000).toFixed(1) });
  }

  async #follow(trader: Trader, signal: AbortSignal): Promise<void> {
    const { venue, clock, timeframeMs, graceMs } = this.#options;
    const { symbol, lastTimeMs, lastClose } = trader;
    const client = new WebSocketClient(
      { venue, symbol, timeframeMs, clock, lastTimeMs, lastClose, ...(graceMs === undefined ? {} : { graceMs }) },
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

  get #loopContext(): LoopContext {
    const bot = this;
    const { clock, tickMs = TICK_MS } = this.#options;
    return {
      clock,
      tickMs,
      get halted() {
        return bot.halted;
      },
    };
  }

  #watch(signal: AbortSignal): Promise<void> {
    const { clock, timeframeMs, venue, tickMs = TICK_MS } = this.#options;
    const watchdog = new Watchdog({
      ...{ clock, timeframeMs, traders: this.traders },
      checkHaltFile: () => this.#checkHaltFile(),
      onClockStep: (stepMs) => {
        this.#alarm('clock-step', { seconds: (stepMs / 1000).toFixed(1) });
        venue.measureClock().catch((error) => this.#waitOut(error));
      },
      alarm: (code, numbers) => this.#alarm(code, numbers),
    });
    return watchdog.run(tickMs, signal);
  }

  #reconcileNowAndThen(signal: AbortSignal): Promise<void> {
    const { reconcileMs = 60_000 } = this.#options;
    const { reconciler } = this.#state;
    const isDue = (sinceMs: number) => sinceMs >= reconcileMs || reconciler?.isPending === true;
    return whenDue(isDue, () => this.#reconcile(), this.#loopContext, signal);
  }

  /** A new part of the journal, once nothing moves. */
  #rotateNowAndThen(signal: AbortSignal): Promise<void> {
    const { partBytes = PART_BYTES } = this.#options;
    const rotate = async () => {
      const describe = (continues: string, start: StartEntry) =>
        describeState(this.#state, start, continues, this.#now());
      return this.#journal.rotate(describe);
    };
    const queues = this.traders.map(({ queue }) => queue);
    const isDue = (sinceMs: number) => this.#journal.length >= partBytes && sinceMs >= ROTATE_AGAIN_MS;
    return whenDue(isDue, () => runInAll(queues, rotate), this.#loopContext, signal);
  }

  #measureClockNowAndThen(signal: AbortSignal): Promise<void> {
    const measure = async () => {
      await this.#options.venue.measureClock().catch((error) => this.#waitOut(error));
      return true;
    };
    return whenDue((sinceMs) => sinceMs >= CLOCK_CHECK_MS, measure, this.#loopContext, signal);
  }

  /** What is under way is waited for, and the journal closed. */
  async #endInOrder(): Promise<void> {
    const queues = this.traders.map(({ queue }) => queue);
    await runInAll(queues, async () => {
      this.#journal.append({ type: 'stop', timeMs: this.#now(), code: 'ordered', numbers: {} });
      this.#journal.sync();
    });
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
    // Whoever is to hear of it hears of it first: writing it down may be what fails.
    this.#observers.onAlarm(code, numbers);
    this.#journal.append({ type: 'alarm', timeMs: this.#now(), code, numbers });
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
