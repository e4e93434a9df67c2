import { basename } from 'node:path';
import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { CANDLE_SOURCES, openSource } from '../market/import/candle-source.ts';
import {
  type CandleFile,
  type ImportOptions as FileOptions,
  IMPORT_POLICIES,
  inspectCandles,
  requireClean,
} from '../market/import/candles.ts';
import { ROLES } from '../market/import/names.ts';
import { DECIMAL_MARKS } from '../market/import/numbers.ts';
import type { ByteSource } from '../market/import/source.ts';
import { openTable } from '../market/import/tables.ts';
import { TIME_FORMATS } from '../market/import/times.ts';
import { readTrendsCsv } from '../market/trends-csv.ts';
import { type Context, defineCommand, type Options, type OptionsOf, type Output } from './command.ts';
import { proposeTraining } from './hints.ts';
import { formatTimeframe, parseInteger, parseTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { day, describeKey, plural, REPLACE, SYMBOL, VENUE } from './stored-series.ts';
import { openUserFile, readUserFile } from './user-files.ts';

/** Bars from which on a command takes long enough to say what it does. */
const LONG = 200_000;

const IMPORT_OPTIONS = {
  '--symbol <name>': {
    ...SYMBOL['--symbol <name>'],
    doc: 'such as BTC/USDT; needed where the file has no symbol column',
  },
  '--venue <name>': { ...VENUE['--venue <name>'], default: 'csv' },
  '--timeframe <length>': {
    parse: parseTimeframe,
    doc: 'bar length: 15m, 1h, 1d (default: found out from the times)',
  },
  '--policy <name>': {
    doc: 'what to do about anything wrong: refuse the file; drop impossible rows and put the rest in order; fill: as drop, then fill short gaps with flat bars, marked',
    choices: IMPORT_POLICIES,
    default: 'refuse',
  },
  '--longest-fill <bars>': { doc: 'longest gap that fill fills', parse: parseInteger(1), default: 24 },
  '--columns <roles>': {
    doc: `what each column holds, where that can't be told: ${ROLES.join(', ')}, or - for one to leave out`,
    parse: (text: string) => text.split(',').map((word) => word.trim().toLowerCase()),
  },
  '--decimal <mark>': { doc: 'decimal mark of the numbers (default: found out from them)', choices: DECIMAL_MARKS },
  '--time-format <name>': {
    doc: 'how times are written (default: found out)',
    choices: TIME_FORMATS.map(({ name }) => name),
  },
  '--time-zone <zone>': { doc: 'of written times that name none: +02:00, Europe/Berlin (default: UTC)' },
  '--day-start <time>': { doc: 'when days begin, in UTC: 04:00 (default: midnight)', parse: parseDayStart },
  '--volume <currency>': {
    doc: 'currency of a volume that stands alone; one in quote currency is divided by the price',
    choices: ['base', 'quote'] as const,
  },
  '--source <name>': {
    doc: `read the file as a plugin says${CANDLE_SOURCES.map(({ name, docs }) => `; ${name}: ${docs}`).join('')}`,
  },
  '--trends': { doc: 'the file is an export of Google Trends' },
  '--dry-run': { doc: 'list everything that is wrong and write nothing' },
  ...REPLACE,
} satisfies Options;

type ImportOptions = OptionsOf<typeof IMPORT_OPTIONS>;

export const importData = defineCommand({
  arguments: [
    {
      name: '<file>',
      doc: 'candles as CSV (or in gzip or zip), JSON, Parquet or Feather; CSV of Google Trends with --trends',
    },
  ],
  options: IMPORT_OPTIONS,
  examples: [
    'tradernet data import BTCUSDT-1h.csv --symbol BTC/USDT --venue binance',
    'tradernet data import Coinbase_BTCUSD_1h.csv --venue coinbase --policy drop',
    'tradernet data import candles.csv --symbol BTC/EUR --decimal , --time-zone Europe/Berlin',
    'tradernet data import multiTimeline.csv --trends --symbol BTC/USDT',
  ],
  async run(options, context, [file]) {
    return options.trends
      ? importTrends(options, context, file, readUserFile(context, file))
      : importCandles(options, context, openUserFile(context, file));
  },
});

/** `04:00` as ms after midnight. */
function parseDayStart(text: string): number {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) throw new InputError(`'${text}' is not a time of day; write 04:00`);
  return Number(match[1]) * 3_600_000 + Number(match[2]) * 60_000;
}

function importTrends(options: ImportOptions, context: Context, file: string, bytes: Uint8Array): Output {
  const { symbol } = options;
  if (symbol === undefined) throw new InputError('trends belong to a symbol; add --symbol, such as --symbol BTC/USDT');
  const { trends, notes } = readTrendsCsv(bytes, basename(file));
  const dry = options.dryRun;
  let inserted = 0;
  if (!dry) {
    using store = openStore(context);
    inserted = store.importTrends(symbol, trends).inserted;
  }
  const span = `${day(trends[0].timeMs)} to ${day(trends[trends.length - 1].timeMs)}`;
  const lines = [
    `${plural(trends.length, 'score')} of ${symbol}, ${span}; ${dry ? 'nothing written' : `${inserted} new`}`,
  ];
  return {
    text: [...lines, ...notes].join('\n'),
    json: { symbol, scores: trends.length, inserted, notes: [...notes] },
  };
}

async function importCandles(options: ImportOptions, context: Context, source: ByteSource): Promise<Output> {
  const dry = options.dryRun;
  const { timeframe: timeframeMs, dayStart: dayStartMs, source: named, ...given } = options;
  const file = inspectCandles(named === undefined ? await openTable(source) : openSource(named, source), {
    ...given,
    ...{ timeframeMs, dayStartMs, nowMs: context.clock.nowMs() },
    onRows: (rows) => context.progress(`read ${plural(rows, 'row')}`),
  } satisfies FileOptions);
  if (!dry) requireClean(file);
  if (file.bars > LONG && !dry) context.progress(`writing ${plural(file.bars, 'bar')}`);
  let counts = { inserted: 0, unchanged: 0, replaced: 0 };
  if (!dry) {
    using store = openStore(context);
    counts = { ...store.importBars(file, file.read(), { replace: options.replace }) };
  }
  const { inserted, unchanged, replaced } = counts;
  const written = dry ? 'nothing written' : `${inserted} new, ${unchanged} known, ${replaced} replaced`;
  const length = formatTimeframe(file.timeframeMs);
  const head = `${styleText('bold', `${file.symbol} of ${file.venue}`)}: ${plural(file.bars, 'bar')} of ${length}, ${day(file.fromMs)} to ${day(file.toMs)}${file.trades ? ', with trade counts' : ''}; ${written}`;
  const next = dry ? [] : [proposeTraining(file)];
  const { bars, fromMs, toMs, trades, problems, problemCount, notes, gaps, filled } = file;
  return {
    text: [head, ...describeImport(file), ...next].join('\n'),
    json: {
      ...describeKey(file),
      ...{ bars, fromMs, toMs, trades, ...counts, problems, problemCount, notes, gaps, filled },
    } as unknown as Json,
  };
}

function describeImport({ problems, problemCount, notes, gaps, filled }: CandleFile): string[] {
  const missing = gaps.reduce((sum, gap) => sum + gap.bars, 0);
  return [
    ...problems.map(
      ({ line, text, remedy }) => `line ${line}: ${text} (${remedy === 'drop' ? 'left out' : 'put right'})`,
    ),
    ...(problemCount > problems.length ? [`and ${problemCount - problems.length} problems more`] : []),
    ...notes,
    ...gaps.slice(0, 10).map((gap) => `gap: ${plural(gap.bars, 'bar')} from ${day(gap.fromMs)}`),
    ...(gaps.length > 10 ? [`and ${gaps.length - 10} more gaps, ${plural(missing, 'bar')} in all`] : []),
    ...(filled > 0 ? [`${plural(filled, 'bar')} filled in flat and marked as such`] : []),
  ];
}
