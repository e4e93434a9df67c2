/**
 * What a broker writes down, in the order in which it happens. Everything that a live broker knows is a fold of these
 * entries (`live-book.ts`), so a restart knows it too. Amounts are decimal strings as the venue gave them.
 */
import { z } from 'zod';
import { type CommandEntry, commandSchema } from './command.ts';
import { decimalSchema } from './decimal-schema.ts';

const orderRole = z.enum(['entry', 'exit', 'stop']);

/**
 * How an order's life ended; 'never-arrived' where it is proven that the venue never had it, 'vanished' where it had it,
 * has it no more, and nothing of it was filled beyond what is known.
 */
export const orderEnd = z.enum(['filled', 'cancelled', 'expired', 'rejected', 'never-arrived', 'vanished']);

/** What every entry has: when it was written, and of which symbol. */
const common = { symbol: z.string(), timeMs: z.number() };

/** An order that is about to be sent; durable before it leaves. */
export const intentSchema = z.strictObject({
  type: z.literal('intent'),
  ...common,
  id: z.string(),
  role: orderRole,
  quantity: decimalSchema,
  /** A stop's trigger. */
  price: decimalSchema.nullable(),
  /** The decision's close. */
  reference: z.number(),
  decisionMs: z.number(),
  /** 1 for the first attempt at what the decision ordered. */
  attempt: z.number(),
  /** 'restored': found at the venue by its id, after an older journal was put back. */
  reason: z.enum(['order', 'flatten', 'stop', 'restored']),
});

/** What is now known about an order that hasn't ended. */
const orderSchema = z.strictObject({
  type: z.literal('order'),
  ...common,
  id: z.string(),
  /** 'closing': ended at the venue, but not all of its fills are here. */
  state: z.enum(['open', 'unknown', 'closing']),
  venueOrderId: z.string().nullable(),
  filled: decimalSchema,
  end: orderEnd.nullable(),
  why: z.string(),
});

const fillSchema = z.strictObject({
  type: z.literal('fill'),
  ...common,
  id: z.string(),
  fillId: z.string(),
  side: z.enum(['buy', 'sell']),
  price: decimalSchema,
  quantity: decimalSchema,
  feeAmount: decimalSchema,
  feeCurrency: z.string(),
  fillMs: z.number(),
});

/** What fills took in a third coin, at that coin's price. */
const feeSchema = z.strictObject({
  type: z.literal('fee'),
  ...common,
  currency: z.string(),
  amount: decimalSchema,
  /** In quote currency. */
  price: decimalSchema,
});

const orderEndSchema = z.strictObject({
  type: z.literal('order-end'),
  ...common,
  id: z.string(),
  end: orderEnd,
  why: z.string(),
  /** True where what is left of the position is too little for the venue: the trade is over, the rest is dust. */
  dust: z.boolean(),
});

/** The position is to be closed; in force until it is, over any number of orders and restarts. */
const exitSchema = z.strictObject({
  type: z.literal('exit'),
  ...common,
  /** The decision's close. */
  reference: z.number(),
  decisionMs: z.number(),
  reason: z.enum(['order', 'flatten']),
});

/** An order that was wanted and not sent, or is no longer tried. */
const deniedSchema = z.strictObject({
  type: z.literal('denied'),
  ...common,
  code: z.string(),
  numbers: z.record(z.string(), z.string()).readonly(),
  /** The order whose further attempts end with this; null where there was none. */
  gaveUp: z.string().nullable(),
  /** As in `order-end`. */
  dust: z.boolean(),
});

/** What the venue holds beyond what the bot owns; written at the start and whenever it changed from outside. */
export const holdingsSchema = z.strictObject({
  type: z.literal('holdings'),
  currency: z.string(),
  foreign: decimalSchema,
  /** Against the last entry: a deposit, withdrawal or manual trade. */
  change: decimalSchema,
  timeMs: z.number(),
});

export const BROKER_SCHEMAS = [
  intentSchema,
  orderSchema,
  fillSchema,
  feeSchema,
  orderEndSchema,
  exitSchema,
  deniedSchema,
  commandSchema,
] as const;

export type OrderRole = z.output<typeof orderRole>;
export type OrderEnd = z.output<typeof orderEnd>;
export type IntentEntry = Readonly<z.output<typeof intentSchema>>;
export type OrderEntry = Readonly<z.output<typeof orderSchema>>;
export type FillEntry = Readonly<z.output<typeof fillSchema>>;
export type FeeEntry = Readonly<z.output<typeof feeSchema>>;
export type OrderEndEntry = Readonly<z.output<typeof orderEndSchema>>;
export type ExitEntry = Readonly<z.output<typeof exitSchema>>;
export type DeniedEntry = Readonly<z.output<typeof deniedSchema>>;
export type HoldingsEntry = Readonly<z.output<typeof holdingsSchema>>;
export type BrokerEntry =
  | IntentEntry
  | OrderEntry
  | FillEntry
  | FeeEntry
  | OrderEndEntry
  | ExitEntry
  | DeniedEntry
  | CommandEntry;
