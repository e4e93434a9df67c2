import { styleText } from 'node:util';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import { readSetup } from '../bot/setup.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { holdsHead } from '../journal/parts.ts';
import { openBotCheckpoint } from './bot-session.ts';
import { defineCommand } from './command.ts';
import { replayJournal } from './journal-replay.ts';
import { findJournal, JOURNAL_OPTION, type JournalPlace, readStart, startOf } from './journals.ts';
import { parseInteger } from './options.ts';
import { KERNEL_OPTIONS, openRunContext } from './run-context.ts';

/** A journal that was cut, or written anew with other hashes, has lost what was once said of it. */
function requireHead(place: JournalPlace, head: string): void {
  if (!/^[0-9a-f]{8,64}$/.test(head))
    throw new InputError(`--head ${head}: 8 to 64 digits of a hash, as a heartbeat tells it`);
  if (!holdsHead(place.files, `${place.folder}/${JOURNAL_FILE}`, head))
    throw new InputError(`${place.name}: holds no entry with the hash ${head}; it was cut or altered since`);
}

export const verify = defineCommand({
  options: {
    ...JOURNAL_OPTION,
    '--checkpoint <run>': { doc: 'the one it was made with (default: by the name in the journal)' },
    '--supervisor <run>': { doc: 'likewise' },
    '--head <hash>': {
      doc: 'the beginning of a hash from a heartbeat or /health, which the journal must still contain',
    },
    '--most <n>': { doc: 'differences after which it stops', parse: parseInteger(1, 1000), default: 1 },
    ...KERNEL_OPTIONS,
  },
  examples: ['tradernet verify --journal trial'],
  async run(options, context) {
    const place = findJournal(options, context);
    if (options.head !== undefined) requireHead(place, options.head);
    const setup = readSetup(readStart(place) ?? startOf([], place.name), place.name);
    const runContext = await openRunContext(options, context);
    try {
      const agent = openBotCheckpoint(options.checkpoint ?? setup.checkpoint.name, runContext, context);
      const named = options.supervisor ?? setup.supervisor?.name;
      const supervisor = named === undefined ? null : openBotCheckpoint(named, runContext, context);
      const result = await replayJournal(place, agent, supervisor, context, options.most);
      const { fresh, ...figures } = result;
      const { decisions, candlesCompared, candlesWithoutHistory, spanMs, differences } = figures;
      const inTime = [...fresh.values()].reduce((sum, { length }) => sum + length, 0);
      const days = (spanMs / 86_400_000).toFixed(1);
      const history =
        candlesCompared === 0
          ? "candles not compared: the database has no history of them; 'tradernet data download' gets it"
          : `${candlesCompared} candles compared with the database, ${candlesWithoutHistory} not in it`;
      const lines = differences.map(
        ({ symbol, timeMs, column, journal, replay }) =>
          `${symbol} bar ${new Date(timeMs).toISOString()} column ${column}: journal ${JSON.stringify(journal)}, replay ${JSON.stringify(replay)}`,
      );
      const verdict =
        differences.length === 0
          ? styleText('green', 'no difference: live equalled training, bit by bit')
          : styleText(
              'red',
              `${differences.length} difference${differences.length > 1 ? 's' : ''}, the first in ${differences[0].column}`,
            );
      return {
        text: [
          `${place.name}: ${decisions} decisions over ${days} days replayed, ${inTime} of them made in time`,
          history,
          verdict,
          ...lines,
        ].join('\n'),
        json: { journal: place.name, ...figures, inTime } as unknown as Json,
        exitCode: differences.length === 0 ? 0 : 1,
      };
    } finally {
      runContext.kernels.dispose();
    }
  },
});
