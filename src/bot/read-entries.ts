/** From a journal's records to a bot's entries, whichever version of the bot wrote them. */
import type { Json } from '../core/json.ts';
import type { BotEntry } from './entries.ts';

type Fields = { [key: string]: Json };

export function readEntries(records: readonly Json[]): BotEntry[] {
  return records.map((record) => upgrade(record as Fields) as unknown as BotEntry);
}

/**
 * Decisions of schema 1 said `safety` for the shield and `known.doubt` for what is unresolved; the order that closes a
 * flat account was what dust there was, or -0, which is text in JSON.
 */
function upgrade(entry: Fields): Fields {
  const record = entry.record as Fields | undefined;
  if (entry.type !== 'decision' || record?.safety === undefined) return entry;
  const { safety, known, ...rest } = record;
  const { doubt, ...runtime } = known as Fields;
  const { safety: shieldState, ...state } = entry.state as Fields;
  const order = record.flatten === true && record.units === 0 ? 0 : record.order;
  return {
    ...entry,
    record: { ...rest, shield: safety, runtime: { ...runtime, unresolved: doubt }, order },
    state: { ...state, shield: shieldState },
  };
}
