/** From a journal's records to a bot's entries, whichever version of the bot wrote them. */
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { parseAs } from '../core/parse.ts';
import { UNSHIELDED_BITS } from '../core/shield.ts';
import { ACCOUNT_COLUMNS } from '../features/observation.ts';
import { type BotEntry, entrySchema } from './entries.ts';

const MEND = 'the journal is damaged, or of a newer version; restore a backup, or begin another with --journal';

/**
 * The records of a bot's journal as typed entries.
 * @param name of the journal, for messages
 * @throws InputError where a record isn't one of a bot's entries
 */
export function readEntries(records: readonly Json[], name = 'journal'): BotEntry[] {
  return records.map((record, index) => parseAs(entrySchema, upgrade(record), `${name}: record ${index}`, MEND));
}

/**
 * What `replay` threw at an entry, said for a person: an entry that doesn't follow from those before it is damage that
 * no schema finds, such as an order that was never sent.
 */
export function describeDamage(error: unknown, name: string, index: number, entry: BotEntry): InputError {
  const { message } = error as Error;
  const reason = error instanceof InputError ? message : `${message}; ${MEND}`;
  return new InputError(`${name}: record ${index} (${entry.type}) doesn't follow from those before it: ${reason}`, {
    cause: error,
  });
}

type Fields = { [key: string]: Json };

const isObject = (value: Json | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Decisions of schema 1 said `safety` for the shield and `known.doubt` for what is unresolved. */
function upgrade(entry: Json): Json {
  if (!isObject(entry) || entry.type !== 'decision' || !isObject(entry.record) || !isObject(entry.state)) return entry;
  const { safety, known, ...rest } = entry.record;
  if (safety === undefined || !isObject(known)) return entry;
  const { doubt, ...runtime } = known;
  const { safety: shieldState, ...state } = entry.state;
  const record: Fields = { ...rest, shield: safety, runtime: { ...runtime, unresolved: doubt } };
  // The order that closes a flat account was what dust there was, or -0.
  if (record.flatten === true && record.units === 0) record.order = 0;
  if (record.guard === 'in-doubt') record.guard = 'unresolved';
  // Where nobody was asked, the shield's columns were those of the last decision.
  if (record.decidable === false && Array.isArray(record.account) && record.account.length > ACCOUNT_COLUMNS.length)
    record.account = [...record.account.slice(0, ACCOUNT_COLUMNS.length), ...UNSHIELDED_BITS];
  return { ...entry, record, state: { ...state, shield: shieldState } };
}
