import { userInfo } from 'node:os';
import { readHalt, writeHalt } from '../bot/halt-file.ts';
import { defineCommand } from './command.ts';
import { findJournal, isRunning, JOURNAL_OPTION } from './journals.ts';

export const halt = defineCommand({
  options: { ...JOURNAL_OPTION, '--reason <text>': { doc: 'why, for the journal', default: 'a person said so' } },
  examples: ['tradernet halt --journal trial --reason "exchange incident"'],
  async run(options, context) {
    const place = findJournal(options, context);
    const before = readHalt(place.files, place.folder);
    const order = { by: userInfo().username, reason: options.reason, timeMs: context.clock.nowMs() };
    if (before === null) writeHalt(place.files, place.folder, order);
    const running = isRunning(place);
    const what = running
      ? 'the running bot sees it within seconds, cancels its orders and closes its positions'
      : 'no bot is running on it; none will open a position on it before a reset';
    const text =
      before === null
        ? `${place.name}: halted; ${what}`
        : `${place.name}: was halted already by ${before.by}: ${before.reason}`;
    return { text, json: { journal: place.name, ...(before ?? order), already: before !== null, running } };
  },
});
