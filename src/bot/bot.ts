/**
 * The loop: latest data -> agent -> safety layer -> broker -> journal -> wait for the next bar. Start-up is recovery:
 * the journal is replayed, the venue is asked, and only then do candles come in. What the bot knows is a fold of its
 * journal, so a crash anywhere is a restart, not a repair.
 */
import type { Broker, JournalWriter } from '../broker/broker.ts';
import { type Alarm, LiveBroker } from '../broker/live.ts';
import { PaperBroker } from '../broker/paper.ts';
import { Reconciler } from '../broker/reconcile.ts';
import { runInAll } from '../broker/serial-queue.ts';
import { Account, type AccountConfig } from '../core/account.ts';
import type { Agent } from '../core/agent.ts';
import type { Candle } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import type { SafetyLayer } from '../core/safety.ts';
import { WebSocketClient } from '../exchange/stream.ts';
import type { Market, Venue } from '../exchange/venue.ts';
import type { RealTimeFeatureEng, RealTimeRow } from '../features/realtime.ts';
import { openLog, type RecordLog } from '../journal/record-log.ts';
import { DecisionMaker } from './decision-maker.ts';
import { type BotEntry, type DecisionEntry, encodeCandle, type NoteEntry, type StartEntry } from './entries.ts';
import { readHalt, writeHalt } from './halt-file.ts';
import { Portfolio } from './portfolio.ts';
import { Trader, type TraderContext } from './trader.ts';

/** What a symbol is traded with; everything in it is fresh. */
export interface SymbolSetup {
  readonly symbol: string;
  readonly account: AccountConfig;
  /** Filters that an order on paper has to pass; null for none. Real orders are checked against the venue's own. */
  readonly market: Market | null;
  readonly features: RealTimeFeatureEng;
  readonly agent: Agent;
  readonly safety: SafetyLayer;
}

export interface BotOptions {
  readonly kind: 'paper' | 'live';
  readonly venue: Venue;
  readonly clock: Clock;
  /** Monotonic milliseconds with fractions, for measuring. */
  readonly elapsedMs: () => number;
  readonly files: FileSystem;
  /** Folder of the journal. */
  readonly folder: string;
  /** For a fresh journal: 8 letters or digits that no other bot on the venue's account has. */
  readonly id: string;
  readonly timeframeMs: number;
  readonly symbols: readonly SymbolSetup[];
  /** What may not change between two starts of one journal. */
  readonly setup: Json;
  /** Closed candles before the first decision. */
  readonly warmUpBars: number;
  /** Share of the peak of the sum of all equities at which everything halts; 0 for never. */
  readonly maxDrawdown: number;
  /** Age beyond its close at which a candle opens nothing. */
  readonly maxDataAgeMs: number;
  /** Written down right after the start: what was overridden, by whom. */
  readonly notes?: readonly NoteEntry[];
  /** How long after a close the stream's final is waited for before REST is asked; the stream's own default. */
  readonly graceMs?: number;
  readonly tickMs?: number;
  readonly reconcileMs?: number;
  /** Whatever a person may want to see, at once. */
  readonly onEntry?: (entry: BotEntry) => void;
  readonly onAlarm?: Alarm;
  readonly onRunning?: (symbol: string, candle: Candle) => void;
  readonly onMeasured?: (stage: 'decide' | 'sync', ms: number) => void;
}

/** After a request can't reach the venue any more, it may still take so long to show. */
const SETTLE_MARGIN_MS = 5_000;
/** How long a start waits for orders in doubt before candles are taken in; they stay in doubt, and nothing opens. */
const RECOVERY_MS = 60_000;
const CLOCK_CHECK_MS = 3_600_000;

export const JOURNAL_FILE = 'journal.log';

export class Bot {
  readonly traders: readonly Trader[];
  readonly portfolio: Portfolio;
  readonly #options: BotOptions;
  readonly #log: RecordLog;
  readonly #reconciler: Reconciler | null;
  readonly #clients = new Map<string, WebSocketClient>();
  /** Last decision of each symbol, and whether an entry of its broker followed. */
  readonly #last = new Map<string, { entry: DecisionEntry; ordered: boolean }>();
  #halted: string | null = null;
  /** What went wrong inside a listener, whose caller couldn't pass it on. */
  #failure: unknown = null;
  #fail: (error: unknown) => void = () => {};
  /** True after a restart that found earlier entries. */
  readonly resumed: boolean;

  /** Opens the journal and takes back everything in it. Throws InputError where it belongs to another setup. */
  constructor(options: BotOptions) {
    this.#options = options;
    const { files, folder } = options;
    const { log, records, cut } = openLog(files, `${folder}/${JOURNAL_FILE}`);
    this.#log = log;
    this.resumed = records.length > 0;
    const entries = records as unknown as BotEntry[];
    const id = this.#claim(entries[0]);
    const allocations = new Map(options.symbols.map(({ symbol, account }) => [symbol, account.startingEquity]));
    this.portfolio = new Portfolio(allocations, options.maxDrawdown);
    this.traders = options.symbols.map((setup, index) => this.#createTrader(setup, `${id}${index.toString(36)}`));
    const brokers = this.traders.map(({ broker }) => broker).filter((broker) => broker instanceof LiveBroker);
    this.#reconciler =
      options.kind === 'paper'
        ? null
        : new Reconciler({
            venue: options.venue,
            clock: options.clock,
            brokers,
            record: (entry) => this.#append(entry),
            alarm: (code, numbers) => this.#alarm(code, numbers),
          });
    for (const entry of entries) this.#replay(entry);
    if (cut !== null)
      this.#append({
        type: 'cut',
        timeMs: this.#now(),
        code: 'torn-tail',
        numbers: { ...cut } as Record<string, Json>,
      });
    this.#append(this.#startEntry(id));
    for (const note of options.notes ?? []) this.#append(note);
    this.#log.sync();
  }

  get halted(): string | null {
    return this.#halted;
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
      await this.#recover(inner);
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
          this.#append({ type: 'stop', timeMs: this.#now(), code: 'ordered', numbers: {} });
          this.#log.sync();
        },
      );
    } finally {
      stop.abort(new Error('the bot stopped'));
    }
  }

  /** Everything is closed, and nothing opened until a person resets. Durable before anything else happens. */
  halt(by: string, reason: string): void {
    if (this.#halted !== null) return;
    const { files, folder } = this.#options;
    const timeMs = this.#now();
    this.#append({ type: 'halt', timeMs, by, reason });
    this.#log.sync();
    this.#halted = reason;
    if (readHalt(files, folder) === null) writeHalt(files, folder, { by, reason, timeMs });
    this.#alarm('halted', { by, reason });
  }

  #claim(first: BotEntry | undefined): string {
    if (first === undefined) return this.#options.id;
    const { kind, symbols, timeframeMs, setup, folder, venue } = { ...this.#options, venue: this.#options.venue.name };
    if (first.type !== 'start') throw new InputError(`${folder}: this is not a bot's journal; name another folder`);
    const mine = { kind, venue, timeframeMs, symbols: symbols.map(({ symbol }) => symbol), setup };
    for (const [name, value] of Object.entries(mine)) {
      const [was, is] = [JSON.stringify(first[name as keyof StartEntry]), JSON.stringify(value)];
      if (was !== is)
        throw new InputError(
          `${folder}: the journal was begun with ${name} ${was}, this start has ${is}; keep it, or begin a new journal`,
        );
    }
    return first.id;
  }

  #startEntry(id: string): StartEntry {
    const { kind, venue, timeframeMs, symbols, setup } = this.#options;
    const names = symbols.map(({ symbol }) => symbol);
    return { type: 'start', timeMs: this.#now(), id, kind, venue: venue.name, timeframeMs, symbols: names, setup };
  }

  #createTrader(setup: SymbolSetup, tag: string): Trader {
    const { timeframeMs, maxDataAgeMs } = this.#options;
    const { features, agent, safety } = setup;
    const maker = new DecisionMaker({ features, agent, safety, timeframeMs, maxDataAgeMs });
    return new Trader({ broker: this.#createBroker(setup, tag), maker, safety, timeframeMs, context: this.#context() });
  }

  #createBroker({ symbol, account, market }: SymbolSetup, tag: string): Broker {
    const { kind, venue, clock, maxDataAgeMs } = this.#options;
    const journal: JournalWriter = { record: (entry) => this.#append(entry), sync: () => this.#log.sync() };
    if (kind === 'paper')
      return new PaperBroker({
        symbol,
        account: new Account(account),
        market,
        journal,
        nowMs: () => this.#now(),
      });
    return new LiveBroker({
      symbol,
      account: new Account(account),
      venue,
      clock,
      journal,
      tag,
      requestLifeMs: venue.capabilities.orderWindowMs + SETTLE_MARGIN_MS,
      freshMs: maxDataAgeMs,
      alarm: (code, numbers) => this.#alarm(code, numbers),
    });
  }

  #context(): TraderContext {
    const bot = this;
    return {
      nowMs: () => bot.#now(),
      venueMs: () => bot.#options.venue.serverTimeMs(),
      elapsedMs: bot.#options.elapsedMs,
      append: (entry) => bot.#append(entry),
      sync: () => bot.#log.sync(),
      mark(symbol, equity) {
        const { portfolio } = bot;
        if (portfolio.mark(symbol, equity))
          bot.halt('portfolio', `drawdown of ${(100 * portfolio.drawdown).toFixed(2)} % over all symbols`);
        return { total: portfolio.total, peak: portfolio.peak };
      },
      get halted() {
        return bot.#halted;
      },
      measured: (stage, ms) => bot.#options.onMeasured?.(stage, ms),
    };
  }

  #replay(entry: BotEntry): void {
    switch (entry.type) {
      case 'decision': {
        const trader = this.#trader(entry.symbol);
        trader.replay(entry);
        this.portfolio.mark(entry.symbol, trader.broker.account.equity);
        this.portfolio.peak = entry.portfolio.peak;
        this.#last.set(entry.symbol, { entry, ordered: false });
        break;
      }
      case 'halt':
        this.#halted = entry.reason;
        break;
      case 'reset':
        this.#halted = null;
        this.portfolio.reset();
        for (const trader of this.traders) trader.replay(entry);
        break;
      case 'holdings':
        this.#reconciler?.apply(entry);
        break;
      case 'warm-up':
      case 'intent':
      case 'order':
      case 'fill':
      case 'order-end':
      case 'denied': {
        this.#trader(entry.symbol).replay(entry);
        const last = this.#last.get(entry.symbol);
        if (last !== undefined && (entry.type === 'intent' || entry.type === 'denied')) last.ordered = true;
      }
    }
  }

  #trader(symbol: string): Trader {
    const trader = this.traders.find((one) => one.symbol === symbol);
    if (trader === undefined) throw new Error(`internal error: the journal names ${symbol}, which is not traded`);
    return trader;
  }

  async #recover(signal: AbortSignal): Promise<void> {
    const { venue, clock } = this.#options;
    await this.#patiently(() => venue.connect(), signal);
    for (const trader of this.traders) {
      await trader.broker.recover();
      if (Number.isNaN(trader.lastTimeMs)) await this.#patiently(() => this.#warmUp(trader), signal);
    }
    if (this.#reconciler !== null) {
      const untilMs = clock.nowMs() + RECOVERY_MS;
      while (!signal.aborted && !(await this.#reconcile()) && clock.nowMs() < untilMs) {
        await clock.sleep(1_000, signal).catch(() => {});
        for (const trader of this.traders) await trader.broker.poll();
      }
    }
    this.#checkHaltFile();
    for (const trader of this.traders) {
      const last = this.#last.get(trader.symbol);
      await trader.queue.run(() => trader.resume(last?.entry ?? null, last?.ordered ?? false));
    }
  }

  /** The bars before the first decision, from REST; they are written down, so that a replay has them too. */
  async #warmUp(trader: Trader): Promise<void> {
    const { venue, timeframeMs, warmUpBars } = this.#options;
    const { symbol } = trader;
    const endMs = Math.floor(venue.serverTimeMs() / timeframeMs) * timeframeMs;
    const candles: Candle[] = [];
    for (let fromMs = endMs - warmUpBars * timeframeMs; fromMs < endMs; ) {
      const page = await venue.fetchCandles(symbol, timeframeMs, fromMs, endMs);
      if (page.length === 0) break;
      candles.push(...page);
      fromMs = page[page.length - 1].timeMs + timeframeMs;
    }
    if (candles.length === 0)
      throw new InputError(`${symbol}: the venue has no candles of ${timeframeMs} ms before now; try another symbol`);
    let bar: RealTimeRow | null = null;
    for (const candle of candles) bar = trader.warmUp(candle);
    if (bar?.decidable !== true) throw notDecidable(symbol, candles.length, bar, trader.maker.features.columns);
    this.#append({ type: 'warm-up', timeMs: this.#now(), symbol, candles: candles.map(encodeCandle) });
    this.#log.sync();
  }

  async #follow(trader: Trader, signal: AbortSignal): Promise<void> {
    const { venue, clock, timeframeMs, graceMs, onRunning } = this.#options;
    const { symbol, lastTimeMs } = trader;
    const client = new WebSocketClient(
      { venue, symbol, timeframeMs, clock, lastTimeMs, ...(graceMs === undefined ? {} : { graceMs }) },
      {
        onCandle: (candle, source) => trader.queue.run(() => trader.onCandle(candle, source)),
        onRunning: (candle) => onRunning?.(symbol, candle),
        onGap: (fromMs, toMs) =>
          this.#orFail(() =>
            this.#append({ type: 'gap', timeMs: this.#now(), code: 'no-candles', numbers: { symbol, fromMs, toMs } }),
          ),
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
          if (this.#halted !== null && trader.broker.kind === 'live') await trader.flatten();
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
    const reconciler = this.#reconciler;
    if (reconciler === null) return true;
    return runInAll(
      this.traders.map(({ queue }) => queue),
      () => reconciler.reconcile(),
    );
  }

  #checkHaltFile(): void {
    const { files, folder } = this.#options;
    const order = this.#halted === null ? readHalt(files, folder) : null;
    if (order !== null) this.halt(order.by, order.reason);
  }

  /** Tries again until it works; for what a start can't do without. */
  async #patiently(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await work();
      } catch (error) {
        const asked = this.#waitOut(error);
        await clock.sleep(Math.max(asked, Math.min(30_000, 500 * 2 ** Math.min(attempt, 10))), signal).catch(() => {});
      }
    }
  }

  /** Says a venue's failure and returns how long it asked to wait; rethrows everything else. */
  #waitOut(error: unknown): number {
    if (!(error instanceof ExchangeError)) throw error;
    this.#alarm('venue-error', { code: error.code, message: error.message });
    return error.retryAfterMs;
  }

  #alarm(code: string, numbers: Readonly<Record<string, string>>): void {
    this.#append({ type: 'alarm', timeMs: this.#now(), code, numbers });
    this.#options.onAlarm?.(code, numbers);
  }

  #orFail(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #append(entry: BotEntry): void {
    this.#log.append(entry as unknown as Json);
    this.#options.onEntry?.(entry);
  }

  #now(): number {
    return this.#options.clock.nowMs();
  }
}

/** Said at the start, because a bot that can never decide would hold for ever without a word. */
function notDecidable(
  symbol: string,
  candles: number,
  bar: RealTimeRow | null,
  columns: readonly string[],
): InputError {
  const unknown = columns.filter((_, i) => bar !== null && Number.isNaN(bar.row[i]));
  const why =
    unknown.length > 0 ? `which leave ${unknown.join(', ')} unknown` : 'which fill no whole window without a gap';
  return new InputError(
    `${symbol}: the venue gave ${candles} candles, ${why}; use a checkpoint whose columns it can fill, or a larger bot.warmUpBars`,
  );
}
