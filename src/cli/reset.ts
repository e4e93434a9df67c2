import { userInfo } from 'node:os';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import { type BotEntry, encodeEntry } from '../bot/entries.ts';
import { readHalt, removeHalt } from '../bot/halt-file.ts';
import { readEntries } from '../bot/read-entries.ts';
import { InputError } from '../core/errors.ts';
import { openParts } from '../journal/parts.ts';
import { defineCommand } from './command.ts';
import { findJournal, JOURNAL_OPTION, lockJournal } from './journals.ts';

/** Why the bot is halted, by its journal: its own latch, a person's, or a symbol's shield. */
function haltedBy(entries: readonly BotEntry[]): string | null {
  let reason: string | null = null;
  // The head of a part repeats the last decision of each symbol.
  const repeated = (one: BotEntry) =>
    one.type === 'checkpoint' ? Object.values(one.last).map(({ entry }) => entry) : [];
  for (const entry of entries.flatMap((one) => [one, ...repeated(one)])) {
    if (entry.type === 'halt') reason = `${entry.by}: ${entry.reason}`;
    if (entry.type === 'checkpoint') reason = entry.halted;
    if (entry.type === 'reset') reason = null;
    if (entry.type !== 'decision') continue;
    const { state, verdicts } = entry.record.shield;
    if (state === 'HALTED')
      reason ??= `the shield of ${entry.symbol}: ${verdicts.find(({ verdict }) => verdict.kind === 'halt')?.rule}`;
  }
  return reason;
}

export const reset = defineCommand({
  options: {
    ...JOURNAL_OPTION,
    '--reason <text>': { doc: 'what was found and done; goes into the journal' },
    '--confirm <name>': { doc: "the bot's name again, where there is no terminal to type it" },
  },
  examples: ['tradernet reset --journal trial --reason "incident over, positions checked" --confirm trial'],
  async run(options, context) {
    const place = findJournal(options, context);
    const { reason } = options;
    if (reason === undefined || reason.trim() === '')
      throw new InputError('--reason is missing; say what was found and done');
    const unlock = lockJournal(place);
    try {
      const { log, records } = openParts(place.files, `${place.folder}/${JOURNAL_FILE}`);
      const latched = haltedBy(readEntries(records, place.name));
      const file = readHalt(place.files, place.folder);
      if (latched === null && file === null)
        return { text: `${place.name}: is not halted`, json: { journal: place.name, reset: false } };
      const why = latched ?? `${file?.by}: ${file?.reason}`;
      const typed =
        options.confirm ?? (await context.ask(`halted by ${why}\ntype '${place.name}' to let it trade again: `));
      if (typed?.trim() !== place.name)
        throw new InputError(`reset not confirmed; type the bot's name, or give --confirm ${place.name}`);
      // The journal first: a crash between the two leaves it halted.
      const entry: BotEntry = { type: 'reset', timeMs: context.clock.nowMs(), by: userInfo().username, reason };
      log.append(encodeEntry(entry));
      log.sync();
      removeHalt(place.files, place.folder);
      return {
        text: `${place.name}: reset (was halted by ${why}); start it to trade again`,
        json: { journal: place.name, reset: true, was: why },
      };
    } finally {
      unlock();
    }
  },
});
