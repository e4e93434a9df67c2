/**
 * What a person orders of a bot, as the journal keeps it: one kind of entry, whichever way the order came and whether or
 * not the bot ran. A command is written down before it is carried out, and what it does to the account follows from the
 * entry alone.
 */
import { z } from 'zod';
import { decimalSchema } from './decimal-schema.ts';

const common = {
  type: z.literal('command'),
  timeMs: z.number(),
  /** The person's order; one order to several symbols is an entry for each. */
  id: z.string(),
  by: z.string(),
  reason: z.string(),
};
const symbol = z.string();

export const commandSchema = z.discriminatedUnion('command', [
  /** The position is sold; `price` is the venue's then, at which paper sells. */
  z.strictObject({ ...common, command: z.literal('close'), symbol, price: decimalSchema }),
  /** What rests at the venue is cancelled, and nothing placed anew before the next decision. */
  z.strictObject({ ...common, command: z.literal('cancel-all'), symbol }),
  /** Coins of the person's become the bot's, at a price; neither profit nor loss. */
  z.strictObject({ ...common, command: z.literal('adopt'), symbol, quantity: decimalSchema, price: decimalSchema }),
  /** All that the bot holds becomes the person's. */
  z.strictObject({ ...common, command: z.literal('abandon'), symbol, quantity: decimalSchema, price: decimalSchema }),
  /** Nothing is opened, until it is resumed. */
  z.strictObject({ ...common, command: z.literal('pause'), symbol }),
  z.strictObject({ ...common, command: z.literal('resume'), symbol }),
  /** Limits that are lower from here on, for all symbols; null where one stays as it is. */
  z.strictObject({
    ...common,
    command: z.literal('tighten'),
    /** Share of the peak. */
    maxDrawdown: z.number().gt(0).lt(1).nullable(),
    maxDataAgeMs: z.number().positive().nullable(),
    /** Value of a symbol's position, in quote currency. */
    maxPosition: z.number().min(0).nullable(),
  }),
]);

export type CommandEntry = Readonly<z.output<typeof commandSchema>>;
export type CommandName = CommandEntry['command'];

/** What no later decision takes back up: an order of the last one that hasn't been placed. */
export const ENDS_ORDERS: ReadonlySet<CommandName> = new Set(['close', 'cancel-all', 'abandon']);
