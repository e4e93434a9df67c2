import type { Broker } from '../broker/broker.ts';
import { SerialQueue } from '../broker/serial-queue.ts';
import type { Candle } from '../core/candle.ts';
import type { Shield } from '../core/shield.ts';
import type { RuntimeFacts } from '../decision/facts.ts';
import type { Limits } from '../decision/limits.ts';
import type { RealTimeRow } from '../features/realtime.ts';
import type { DecisionMaker } from './decision-maker.ts';
import { type BotEntry, type DecisionEntry, decodeCandle, type SymbolState } from './entries.ts';
import { type Follower, limitsAfter } from './follower.ts';

/** What a trader needs of the bot around it. */
export interface TraderContext {
  nowMs(): number;
  /** Wall clock of the venue. */
  venueMs(): number;
  /** What is known at the close of a bar beside the market. */
  runtime(candle: Candle, broker: Broker): RuntimeFacts;
  /** The clock's monotonic hand. */
  monotonicMs(): number;
  /** Real milliseconds with fractions, for measuring how long work takes. */
  elapsedMs(): number;
  append(entry: BotEntry): void;
  /** False where the disk fails. */
  sync(): boolean;
  /** Books a symbol's equity; returns the sum over all symbols and its peak. May halt. */
  mark(symbol: string, equity: number): { readonly total: number; readonly peak: number };
  readonly halted: string | null;
  measured(stage: 'decide' | 'sync', ms: number): void;
}

/** One symbol's life: its closed candles in, decisions and orders out. All calls go through its queue. */
export class Trader implements Follower {
  readonly symbol: string;
  readonly queue = new SerialQueue();
  readonly broker: Broker;
  readonly maker: DecisionMaker;
  readonly #shield: Shield;
  readonly #timeframeMs: number;
  readonly #context: TraderContext;
  /** Open time and close of the newest candle that was taken in; NaN before the warm-up. */
  lastTimeMs = Number.NaN;
  lastClose = Number.NaN;
  /** Whether the account has seen a candle: the first one only sets its mark. */
  #started = false;
  decisions = 0;
  lastDecisionMs = Number.NaN;
  /** When the last decision was made, or the bot started; monotonic. */
  decidedMs: number;

  constructor(options: {
    readonly broker: Broker;
    readonly maker: DecisionMaker;
    readonly shield: Shield;
    readonly timeframeMs: number;
    readonly context: TraderContext;
  }) {
    this.symbol = options.broker.symbol;
    this.broker = options.broker;
    this.maker = options.maker;
    this.#shield = options.shield;
    this.#timeframeMs = options.timeframeMs;
    this.#context = options.context;
    this.decidedMs = options.context.monotonicMs();
  }

  get limits(): Limits {
    return this.maker.limits;
  }

  /** A closed candle that only fills the indicators. */
  warmUp(candle: Candle): RealTimeRow {
    this.lastTimeMs = candle.timeMs;
    this.lastClose = candle.close;
    return this.maker.observe(candle);
  }

  /** The life of a candle: booked, decided, written down, and only then ordered. */
  async onCandle(candle: Candle, source: 'stream' | 'rest'): Promise<void> {
    const { broker } = this;
    const context = this.#context;
    if (this.#started) await broker.closeBar(candle, candle.timeMs - this.lastTimeMs);
    else broker.account.reset(candle.close);
    const beganMs = context.elapsedMs();
    const portfolio = context.mark(this.symbol, broker.account.equity);
    const timeMs = context.nowMs();
    const decision = this.maker.decide(candle, context.runtime(candle, broker));
    this.#started = true;
    this.lastTimeMs = candle.timeMs;
    this.lastClose = candle.close;
    const state = { broker: broker.save(), shield: this.#shield.saveState() };
    const { symbol } = this;
    context.append({ type: 'decision', timeMs, symbol, source, portfolio, record: decision.record, state });
    const decidedMs = context.elapsedMs();
    const isDurable = context.sync();
    context.measured('decide', decidedMs - beganMs);
    context.measured('sync', context.elapsedMs() - decidedMs);
    this.decisions++;
    this.lastDecisionMs = timeMs;
    this.decidedMs = context.monotonicMs();
    // What isn't written down is not ordered; exits that were wanted before go on with the next round.
    if (isDurable) await this.#order(decision.order, decision.flatten, candle);
  }

  async #order(order: number, flatten: boolean, candle: Candle): Promise<void> {
    const decisionMs = candle.timeMs + this.#timeframeMs;
    const reason = flatten ? 'flatten' : 'order';
    const { symbol } = this;
    const isOld = this.broker.kind === 'live' && this.#context.venueMs() - decisionMs >= this.#timeframeMs;
    // A newer bar has closed: what it says would be undone or done again by the next decision.
    if (order !== 0 && isOld && !flatten)
      this.#context.append({
        ...{ type: 'denied', symbol, code: 'superseded', numbers: {}, gaveUp: null, dust: false },
        timeMs: this.#context.nowMs(),
      });
    else if (order !== 0) await this.broker.place({ quantity: order, decisionMs, close: candle.close, reason });
    await this.broker.protect(this.#levels(flatten));
  }

  #levels(flatten: boolean): Shield['levels'] | null {
    return flatten ? null : (facts) => this.#shield.levels(facts);
  }

  /** Closes the position without waiting for the next candle; nothing that was meant to open one goes on. */
  async flatten(): Promise<void> {
    const { account } = this.broker;
    await this.broker.protect(null);
    if (account.units === 0) return;
    const decisionMs = this.#context.venueMs();
    await this.broker.place({ quantity: account.closingOrder, decisionMs, close: account.mark, reason: 'flatten' });
  }

  /** Takes back one entry of the journal, in order. */
  replay(entry: BotEntry): void {
    switch (entry.type) {
      case 'warm-up':
        for (const candle of entry.candles) this.warmUp(decodeCandle(candle));
        break;
      case 'decision':
        this.warmUp(decodeCandle(entry.record.candle));
        this.#started = true;
        this.decisions++;
        this.lastDecisionMs = entry.timeMs;
        this.broker.restore(entry.state.broker);
        this.#shield.restoreState(entry.state.shield);
        break;
      case 'reset':
        this.#shield.reset({ person: true });
        break;
      case 'command':
        this.maker.limits = limitsAfter(this.limits, entry);
        this.broker.apply(entry);
        break;
      case 'intent':
      case 'order':
      case 'fill':
      case 'fee':
      case 'order-end':
      case 'exit':
      case 'denied':
        this.broker.apply(entry);
    }
  }

  /** All that a start has to know of the symbol. */
  saveState(): SymbolState {
    const { limits, lastTimeMs, lastClose, decisions, lastDecisionMs } = this;
    const [broker, shield, maker] = [this.broker.save(true), this.#shield.saveState(), this.maker.save()];
    return { broker, shield, maker, limits, lastTimeMs, lastClose, decisions, lastDecisionMs };
  }

  restoreState(state: SymbolState): void {
    this.broker.restore(state.broker);
    this.#shield.restoreState(state.shield);
    this.maker.restore(state.maker);
    this.maker.limits = state.limits;
    this.lastTimeMs = state.lastTimeMs;
    this.lastClose = state.lastClose;
    this.decisions = state.decisions;
    this.lastDecisionMs = state.lastDecisionMs;
    this.#started = state.decisions > 0;
  }

  /**
   * After the replay: finds out what became of orders that were under way. The last decision's order that the crash
   * kept from being written down is placed now; the broker refuses it where it is no longer fresh.
   */
  async resume(last: DecisionEntry | null, ordered: boolean): Promise<void> {
    if (last === null) return;
    const { order, candle, ...record } = last.record;
    const halted = this.#context.halted !== null && this.broker.kind === 'live';
    const flatten = record.flatten || halted;
    // On paper the pending order lives in the decision alone, and is filled as if there had been no restart.
    if (this.broker.kind === 'paper' || !ordered)
      await this.#order(halted ? Math.min(0, order) : order, flatten, decodeCandle(candle));
    else await this.broker.protect(this.#levels(flatten));
  }
}
