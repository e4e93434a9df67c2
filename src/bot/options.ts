/** What a bot is made of, and what may watch it. */
import type { AccountConfig } from '../core/account.ts';
import type { Agent } from '../core/agent.ts';
import type { Clock } from '../core/clock.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import type { Shield } from '../core/shield.ts';
import type { Market, Venue } from '../exchange/venue.ts';
import type { RealTimeFeatureEng } from '../features/realtime.ts';
import type { NoteEntry } from './entries.ts';
import type { BotObservers } from './observers.ts';

/** What a symbol is traded with; everything in it is fresh. */
export interface SymbolSetup {
  readonly symbol: string;
  readonly account: AccountConfig;
  /** Filters that an order on paper has to pass; null for none. Real orders are checked against the venue's own. */
  readonly market: Market | null;
  readonly features: RealTimeFeatureEng;
  readonly agent: Agent;
  readonly shield: Shield;
}

export interface BotOptions extends BotObservers {
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
  /** 4 letters or digits drawn at random for this start: no order id is used twice, whichever copy of a journal counts it. */
  readonly runId: string;
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
  /** How long one question to the venue may take, whatever hangs; the default is 20 s. */
  readonly deadlineMs?: number;
  readonly reconcileMs?: number;
  /** A part of the journal that has grown to so many bytes is the last but one; the default is 16 MiB. */
  readonly partBytes?: number;
}
