/** One symbol's life again, from its journal: the bot's own trader, on a broker that sends nothing. */
import type { Broker } from '../broker/broker.ts';
import type { BrokerEntry } from '../broker/entries.ts';
import { LiveBook } from '../broker/live-book.ts';
import { PaperBroker } from '../broker/paper.ts';
import { Account } from '../core/account.ts';
import type { Candle } from '../core/candle.ts';
import { type Json, parseJson } from '../core/json.ts';
import { type Limits, UNLIMITED } from '../decision/limits.ts';
import { DecisionMaker } from './decision-maker.ts';
import { type DecisionEntry, decodeCandle, encodeEntry } from './entries.ts';
import type { SymbolSetup } from './options.ts';
import { readEntries } from './read-entries.ts';
import { Trader, type TraderContext } from './trader.ts';

/** A live broker in a replay: its fills come from the journal, and nothing is sent. */
class ReplayedBroker implements Broker {
  readonly kind = 'live';
  readonly symbol: string;
  readonly account: Account;
  readonly unresolved = null;
  readonly spread = Number.NaN;
  readonly busy = false;
  readonly book: LiveBook;

  constructor({ symbol, account }: SymbolSetup) {
    this.symbol = symbol;
    this.account = new Account(account);
    this.book = new LiveBook(symbol, this.account);
  }

  get lastSlippage(): number {
    return this.book.lastSlippage;
  }

  get owned(): string {
    return this.book.baseOwned;
  }

  async settled(): Promise<boolean> {
    return true;
  }

  async cancelAll(): Promise<readonly string[]> {
    return [];
  }

  async closeBar({ high, low, close }: Candle): Promise<void> {
    this.account.observeBar(high, low, close);
  }

  async place(): Promise<void> {}

  async protect(): Promise<void> {}

  async poll(): Promise<void> {}

  async recover(): Promise<void> {}

  save(whole = false): Json {
    return this.book.save(whole);
  }

  restore(state: Json): void {
    this.book.restore(state);
  }

  apply(entry: BrokerEntry): void {
    this.book.apply(entry);
  }
}

/** What only the running bot could know at a decision is told by the journal; everything else is done again. */
export class Replay {
  readonly trader: Trader;
  readonly setup: SymbolSetup;
  /** What the orders came to; null on paper. */
  readonly book: LiveBook | null;
  #again: DecisionEntry | null = null;
  #journal: DecisionEntry | null = null;

  constructor(setup: SymbolSetup, kind: 'paper' | 'live', timeframeMs: number, maxDataAgeMs: number) {
    const { symbol, market, features, agent, shield } = setup;
    const journal = { record: () => {}, sync: () => true };
    const broker =
      kind === 'live'
        ? new ReplayedBroker(setup)
        : new PaperBroker({ symbol, account: new Account(setup.account), market, journal, nowMs: () => 0 });
    const limits: Limits = { ...UNLIMITED, maxDataAgeMs };
    const maker = new DecisionMaker({
      ...{ account: broker.account, features, agent, shield, timeframeMs, limits },
    });
    this.setup = setup;
    this.book = broker instanceof ReplayedBroker ? broker.book : null;
    this.trader = new Trader({ broker, maker, shield, timeframeMs, context: this.#context() });
  }

  /** The decision as it is made again, and as a restart would read it back. */
  async decide(entry: DecisionEntry): Promise<DecisionEntry> {
    this.#journal = entry;
    await this.trader.onCandle(decodeCandle(entry.record.candle), entry.source);
    const again = this.#again as DecisionEntry;
    // Earlier versions wrote nothing down of exits and of orders that had ended.
    const before = new Set(Object.keys(entry.state.broker as object));
    const told = Object.entries(again.state.broker as object).filter(([name]) => before.has(name));
    const state = { ...again.state, broker: Object.fromEntries(told) };
    const written = JSON.stringify(encodeEntry({ ...again, state }));
    return readEntries([parseJson(written)], 'the replay')[0] as DecisionEntry;
  }

  #context(): TraderContext {
    return {
      nowMs: () => 0,
      venueMs: () => 0,
      monotonicMs: () => 0,
      elapsedMs: () => 0,
      runtime: (_candle, { lastSlippage }) => {
        const { runtime } = (this.#journal as DecisionEntry).record;
        return { ...runtime, lastSlippage };
      },
      append: (entry) => {
        if (entry.type === 'decision') this.#again = entry;
      },
      sync: () => true,
      mark: () => (this.#journal as DecisionEntry).portfolio,
      halted: null,
      measured: () => {},
    };
  }
}
