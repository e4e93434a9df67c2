import { userInfo } from 'node:os';
import { readHalt, writeHalt } from '../bot/halt-file.ts';
import type { Command } from './command.ts';
import { findJournal, isRunning, JOURNAL_OPTION } from './journals.ts';

const command: Command = {
  name: 'halt',
  summary: 'stop a running bot: cancel, flatten, latch',
  options: [JOURNAL_OPTION, { flags: '--reason <text>', doc: 'why, for the journal', default: 'a person said so' }],
  examples: ['tradernet halt --journal live-binance-BTCUSDT --reason "exchange incident"'],
  async run(options, context) {
    const place = findJournal(options, context);
    const before = readHalt(place.files, place.folder);
    const order = { by: userInfo().username, reason: String(options.reason), timeMs: context.clock.nowMs() };
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
};

export const commands = [command];
