/**
 * What a bot writes into its journal, beside the entries of its brokers. Together they are all that a restart needs and
 * all that `verify` replays: the candles that warmed the features up, every decision with what it was based on, and who
 * halted or reset it.
 */
import { z } from 'zod';
import { BROKER_SCHEMAS, type BrokerEntry, type HoldingsEntry, holdingsSchema } from '../broker/entries.ts';
import type { Candle } from '../core/candle.ts';
import { exactNumber, toExactJson } from '../core/exact-json.ts';
import { type Json, parseJson } from '../core/json.ts';
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

const symbolStateSchema = z.strictObject({
  broker: anything,
  shield: anything,
  maker: anything,
  limits: z.strictObject({ maxDataAgeMs: exactNumber, maxPosition: exactNumber, paused: z.boolean() }).readonly(),
  lastTimeMs: exactNumber,
  lastClose: exactNumber,
  decisions: z.number(),
  lastDecisionMs: exactNumber,
});

/** Everything that a start needs to know of the parts of the journal before this one, which it then doesn't read. */
const checkpointSchema = z.strictObject({
  type: z.literal('checkpoint'),
  timeMs: timeSchema,
  /** Hash of the last record before. */
  continues: z.string(),
  start: startSchema,
  halted: z.string().nullable(),
  portfolio: z.strictObject({
    peak: z.number(),
    maxDrawdown: z.number(),
    equities: z.record(z.string(), z.number()),
  }),
  /** What is somebody else's, by currency. */
  foreign: z.record(z.string(), z.string()),
  commands: z.array(z.string()).readonly(),
  symbols: z.record(z.string(), symbolStateSchema),
  /** The last decision of each symbol, as far as a start has to do with it. */
  last: z.record(z.string(), z.strictObject({ entry: decisionSchema, ordered: z.boolean() })),
});

export const entrySchema = z.discriminatedUnion('type', [
  startSchema,
  warmUpSchema,
  decisionSchema,
  haltSchema,
  resetSchema,
  noteSchema,
  checkpointSchema,
  holdingsSchema,
  ...BROKER_SCHEMAS,
]);

export type StartEntry = Readonly<z.output<typeof startSchema>>;
export type WarmUpEntry = Readonly<z.output<typeof warmUpSchema>>;
export type DecisionEntry = Readonly<z.output<typeof decisionSchema>>;
export type HaltEntry = Readonly<z.output<typeof haltSchema>>;
export type ResetEntry = Readonly<z.output<typeof resetSchema>>;
export type SymbolState = Readonly<z.output<typeof symbolStateSchema>>;
export type CheckpointEntry = Readonly<z.output<typeof checkpointSchema>>;
export type NoteEntry = Readonly<z.output<typeof noteSchema>>;
export type BotEntry =
  | StartEntry
  | WarmUpEntry
  | DecisionEntry
  | HaltEntry
  | ResetEntry
  | NoteEntry
  | CheckpointEntry
  | HoldingsEntry
  | BrokerEntry;

/** An entry as the journal keeps it; `readEntries` gives the same entry back, to the last bit. */
export function encodeEntry(entry: BotEntry): Json {
  if (entry.type === 'warm-up') return { ...entry, candles: toExactJson(entry.candles) } as Json;
  if (entry.type === 'decision') return { ...entry, record: toExactJson(entry.record) } as Json;
  if (entry.type !== 'checkpoint') return entry as Json;
  const last = Object.entries(entry.last).map(([symbol, one]) => [symbol, { ...one, entry: encodeEntry(one.entry) }]);
  return { ...entry, symbols: toExactJson(entry.symbols), last: Object.fromEntries(last) } as unknown as Json;
}

/** A symbol's state as a start would read it back. */
export function readState(state: SymbolState): SymbolState {
  return symbolStateSchema.parse(parseJson(JSON.stringify(toExactJson(state))));
}

export function encodeCandle(candle: Candle): CandleValues {
  const { timeMs, open, high, low, close, volume, trades, trends } = candle;
  return [timeMs, open, high, low, close, volume, trades, trends];
}

export function decodeCandle([timeMs, open, high, low, close, volume, trades, trends]: CandleValues): Candle {
  return { timeMs, open, high, low, close, volume, trades, trends };
}
