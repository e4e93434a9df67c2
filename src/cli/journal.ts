import { styleText } from 'node:util';
import { encodeEntry } from '../bot/entries.ts';
import { ACTION_NAMES } from '../core/action.ts';
import { InputError } from '../core/errors.ts';
import { toExactJson } from '../core/exact-json.ts';
import type { Json } from '../core/json.ts';
import { defineCommand } from './command.ts';
import { findJournal, JOURNAL_OPTION, readChain, readJournal } from './journals.ts';
import { parseInteger } from './options.ts';
import { writeUserFile } from './user-files.ts';

export const showJournal = defineCommand({
  options: {
    ...JOURNAL_OPTION,
    '--last <n>': { doc: 'how many', parse: parseInteger(1), default: 20 },
    '--symbol <name>': { doc: 'of one symbol only' },
  },
  examples: ['tradernet journal show --journal trial --last 5'],
  async run(options, context) {
    const place = findJournal(options, context);
    const decisions = readJournal(place)
      .entries.filter((entry) => entry.type === 'decision')
      .filter((entry) => options.symbol === undefined || entry.symbol === options.symbol)
      .slice(-options.last);
    const text = decisions.map(({ symbol, record }) => {
      const { candle, action, shield, order, equity, units, guard, probabilities, qValues } = record;
      const behind = (probabilities ?? qValues ?? []).map((value) => value.toFixed(3)).join(' ');
      const no = shield.verdicts.flatMap(({ rule, verdict }) =>
        verdict.kind === 'allow' ? [] : [`${rule}: ${verdict.code} ${JSON.stringify(toExactJson(verdict.numbers))}`],
      );
      const time = new Date(candle[0]).toISOString().slice(0, 16).replace('T', ' ');
      const asked = `${ACTION_NAMES[action]}${behind === '' ? '' : ` (${behind})`}`;
      const head = `${time}  ${symbol}  close ${candle[4]}  asked ${asked}  final ${ACTION_NAMES[shield.final]}  order ${order}  units ${units}  equity ${equity.toFixed(2)}`;
      return [
        head,
        ...[...no, ...(guard === null ? [] : [`not sent: ${guard}`])].map((line) => styleText('dim', `    ${line}`)),
      ].join('\n');
    });
    return { text: text.join('\n') || 'no decision yet', json: decisions.map(encodeEntry) };
  },
});

export const exportJournal = defineCommand({
  options: { ...JOURNAL_OPTION, '--out <file>': { doc: 'where to write it (default: the screen)' } },
  examples: ['tradernet journal export --journal trial --out journal.jsonl'],
  async run(options, context) {
    const { records, fault } = readChain(findJournal(options, context));
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    if (fault !== null) context.say(`record ${fault.record}: ${fault.reason}; what comes before it is exported`);
    if (options.out === undefined) return { text: lines.join('').trimEnd(), json: records };
    const path = writeUserFile(context, options.out, lines, { mode: 0o600 });
    return { text: `${records.length} records written to ${path}`, json: { records: records.length, path } };
  },
});

export const verifyChain = defineCommand({
  options: {
    ...JOURNAL_OPTION,
    '--head <hash>': { doc: 'the hash that the last record must have, where you kept it' },
  },
  examples: ['tradernet journal verify --journal trial'],
  async run(options, context) {
    const place = findJournal(options, context);
    const { records, head, fault } = readChain(place);
    const { head: expected } = options;
    if (expected !== undefined && !/^[0-9a-f]{64}$/.test(expected))
      throw new InputError(`--head ${expected}: a hash has 64 hex digits`);
    const json = { journal: place.name, records: records.length, head, fault: fault as unknown as Json };
    if (fault !== null) {
      const what = fault.torn
        ? 'the last record is torn (a crash does that); the next start cuts it'
        : styleText('red', 'DAMAGED');
      return {
        text: `${place.name}: record ${fault.record}, byte ${fault.offset}: ${fault.reason}: ${what}\n${records.length} records before it are intact`,
        json,
        // What a crash tore off can have been the record that the hash was kept of.
        exitCode: fault.torn && (expected ?? head) === head ? 0 : 1,
      };
    }
    if (expected !== undefined && expected !== head)
      return { text: `${place.name}: intact, but its head is ${head}, not ${expected}`, json, exitCode: 1 };
    return { text: `${place.name}: ${records.length} records, all intact and chained\nhead ${head}`, json };
  },
});
