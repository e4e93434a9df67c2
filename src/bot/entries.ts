/**
 * What a bot writes into its journal, beside the entries of its brokers. Together they are all that a restart needs and
 * all that `verify` replays: the candles that warmed the features up, every decision with what it was based on, and who
 * halted or reset it. Numbers that JSON can't hold (NaN, -0) are written as text.
 */
import type { BrokerEntry, HoldingsEntry } from '../broker/entries.ts';
import type { Candle } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import { encodeNumber } from '../features/state.ts';

export interface StartEntry {
  readonly type: 'start';
  readonly timeMs: number;
  /** The bot's own id, part of every client order id; the same in every start of one journal. */
  readonly id: string;
  readonly kind: 'paper' | 'live';
  readonly venue: string;
  readonly timeframeMs: number;
  readonly symbols: readonly string[];
  /** What the bot must not change between two starts: checkpoint, account, shield. */
  readonly setup: Json;
}

/** The closed candles before the first decision, as [timeMs, open, high, low, close, volume, trades, trends]. */
export interface WarmUpEntry {
  readonly type: 'warm-up';
  readonly timeMs: number;
  readonly symbol: string;
  readonly candles: readonly Json[];
}

export interface DecisionEntry {
  readonly type: 'decision';
  readonly timeMs: number;
  readonly symbol: string;
  /** Where the candle came from. */
  readonly source: 'stream' | 'rest';
  /** Highest sum of all symbols' equities so far, and the sum now. */
  readonly portfolio: { readonly total: number; readonly peak: number };
  /** What `DecisionMaker` recorded. */
  readonly record: Json;
  /** Broker and shield after the decision, before its order. */
  readonly state: { readonly broker: Json; readonly shield: Json };
}

/** From here on every position is closed and none is opened, until a person resets. */
export interface HaltEntry {
  readonly type: 'halt';
  readonly timeMs: number;
  readonly by: string;
  readonly reason: string;
}

export interface ResetEntry {
  readonly type: 'reset';
  readonly timeMs: number;
  readonly by: string;
  readonly reason: string;
}

/** A note that changes nothing: an alarm, a gap, an override, an ordered end. */
export interface NoteEntry {
  readonly type: 'alarm' | 'gap' | 'override' | 'stop' | 'cut';
  readonly timeMs: number;
  readonly code: string;
  readonly numbers: Readonly<Record<string, Json>>;
}

export type BotEntry =
  | StartEntry
  | WarmUpEntry
  | DecisionEntry
  | HaltEntry
  | ResetEntry
  | NoteEntry
  | HoldingsEntry
  | BrokerEntry;

/** A value as JSON that reads back to the same bits. */
export function toExactJson(value: unknown): Json {
  if (typeof value === 'number') return encodeNumber(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, toExactJson);
  const fields = Object.entries(value as object).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(fields.map(([name, inner]) => [name, toExactJson(inner)]));
}

export function encodeCandle(candle: Candle): Json {
  const { timeMs, open, high, low, close, volume, trades, trends } = candle;
  return [timeMs, open, high, low, close, volume, trades, trends].map(encodeNumber);
}

export function decodeCandle(values: Json): Candle {
  const [timeMs, open, high, low, close, volume, trades, trends] = (values as Json[]).map(Number);
  return { timeMs, open, high, low, close, volume, trades, trends };
}
