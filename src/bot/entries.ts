/**
 * What a bot writes into its journal, beside the entries of its brokers. Together they are all that a restart needs and
 * all that `verify` replays: the candles that warmed the features up, every decision with what it was based on, and who
 * halted or reset it.
 */
import { z } from 'zod';
import { BROKER_SCHEMAS, type BrokerEntry, type HoldingsEntry, holdingsSchema } from '../broker/entries.ts';
import type { Candle } from '../core/candle.ts';
import { toExactJson } from '../core/exact-json.ts';
import type { Json } from '../core/json.ts';
import { type CandleValues, candleSchema, decisionRecordSchema, timeSchema } from '../decision/record.ts';

/** What whoever wrote it reads again. */
const anything = z.custom<Json>((value) => value !== undefined, 'missing');

const startSchema = z.strictObject({
  type: z.literal('start'),
  timeMs: timeSchema,
  /** The bot's own id, part of every client order id; the same in every start of one journal. */
  id: z.string(),
  kind: z.enum(['paper', 'live']),
  venue: z.string(),
  timeframeMs: z.number().positive(),
  symbols: z.array(z.string()).readonly(),
  /** What the bot must not change between two starts: checkpoint, account, shield. */
  setup: anything,
});

/** The closed candles before the first decision. */
const warmUpSchema = z.strictObject({
  type: z.literal('warm-up'),
  timeMs: timeSchema,
  symbol: z.string(),
  candles: z.array(candleSchema).readonly(),
});

const decisionSchema = z.strictObject({
  type: z.literal('decision'),
  timeMs: timeSchema,
  symbol: z.string(),
  /** Where the candle came from. */
  source: z.enum(['stream', 'rest']),
  /** Highest sum of all symbols' equities so far, and the sum now. */
  portfolio: z.strictObject({ total: z.number(), peak: z.number() }).readonly(),
  record: decisionRecordSchema,
  /** Broker and shield after the decision, before its order. */
  state: z.strictObject({ broker: anything, shield: anything }).readonly(),
});

/** From here on every position is closed and none is opened, until a person resets. */
const haltSchema = z.strictObject({
  type: z.literal('halt'),
  timeMs: timeSchema,
  by: z.string(),
  reason: z.string(),
});

const resetSchema = z.strictObject({ ...haltSchema.shape, type: z.literal('reset') });

/** A note that changes nothing: an alarm, a gap, an override, an ordered end. */
const noteSchema = z.strictObject({
  type: z.enum(['alarm', 'gap', 'override', 'stop', 'cut']),
  timeMs: timeSchema,
  code: z.string(),
  numbers: z.record(z.string(), anything).readonly(),
});

export const entrySchema = z.discriminatedUnion('type', [
  startSchema,
  warmUpSchema,
  decisionSchema,
  haltSchema,
  resetSchema,
  noteSchema,
  holdingsSchema,
  ...BROKER_SCHEMAS,
]);

export type StartEntry = Readonly<z.output<typeof startSchema>>;
export type WarmUpEntry = Readonly<z.output<typeof warmUpSchema>>;
export type DecisionEntry = Readonly<z.output<typeof decisionSchema>>;
export type HaltEntry = Readonly<z.output<typeof haltSchema>>;
export type ResetEntry = Readonly<z.output<typeof resetSchema>>;
export type NoteEntry = Readonly<z.output<typeof noteSchema>>;
export type BotEntry =
  | StartEntry
  | WarmUpEntry
  | DecisionEntry
  | HaltEntry
  | ResetEntry
  | NoteEntry
  | HoldingsEntry
  | BrokerEntry;

/** An entry as the journal keeps it; `readEntries` gives the same entry back, to the last bit. */
export function encodeEntry(entry: BotEntry): Json {
  if (entry.type === 'warm-up') return { ...entry, candles: toExactJson(entry.candles) } as Json;
  if (entry.type === 'decision') return { ...entry, record: toExactJson(entry.record) } as Json;
  return entry as Json;
}

export function encodeCandle(candle: Candle): CandleValues {
  const { timeMs, open, high, low, close, volume, trades, trends } = candle;
  return [timeMs, open, high, low, close, volume, trades, trends];
}

export function decodeCandle([timeMs, open, high, low, close, volume, trades, trends]: CandleValues): Candle {
  return { timeMs, open, high, low, close, volume, trades, trends };
}
