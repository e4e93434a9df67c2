import { basename } from 'node:path';
import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import {
  type CsvImport,
  type CsvImportOptions,
  IMPORT_POLICIES,
  readCandleCsv,
  requireClean,
} from '../market/csv-import.ts';
import { readTrendsCsv } from '../market/trends-csv.ts';
import { type Context, defineCommand, type Options, type OptionsOf, type Output } from './command.ts';
import { proposeTraining } from './hints.ts';
import { formatTimeframe, parseInteger, parseTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { day, describeKey, plural, REPLACE, SYMBOL, VENUE } from './stored-series.ts';
import { readUserFile } from './user-files.ts';

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
  '--trends': { doc: 'the file is an export of Google Trends' },
  '--dry-run': { doc: 'list everything that is wrong and write nothing' },
  ...REPLACE,
} satisfies Options;

type ImportOptions = OptionsOf<typeof IMPORT_OPTIONS>;

export const importData = defineCommand({
  arguments: [{ name: '<file>', doc: 'CSV of candles, or of Google Trends with --trends' }],
  options: IMPORT_OPTIONS,
  examples: [
    'tradernet data import BTCUSDT-1h.csv --symbol BTC/USDT --venue binance',
    'tradernet data import Coinbase_BTCUSD_1h.csv --venue coinbase --policy drop',
    'tradernet data import multiTimeline.csv --trends --symbol BTC/USDT',
  ],
  async run(options, context, [file]) {
    const bytes = readUserFile(context, file);
    return options.trends ? importTrends(options, context, file, bytes) : importCandles(options, context, file, bytes);
  },
});

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

function importCandles(options: ImportOptions, context: Context, file: string, bytes: Uint8Array): Output {
  const dry = options.dryRun;
  const how: CsvImportOptions = {
    ...{ name: basename(file), venue: options.venue, policy: options.policy },
    longestFill: options.longestFill,
    ...(options.symbol === undefined ? {} : { symbol: options.symbol }),
    ...(options.timeframe === undefined ? {} : { timeframeMs: options.timeframe }),
  };
  const result = readCandleCsv(bytes, how);
  if (!dry) requireClean(result, how);
  const { series } = result;
  if (series.length > LONG) context.progress(`writing ${plural(series.length, 'bar')}`);
  let counts = { inserted: 0, unchanged: 0, replaced: 0 };
  if (!dry) {
    using store = openStore(context);
    counts = { ...store.importSeries(series, { replace: options.replace }) };
  }
  const { inserted, unchanged, replaced } = counts;
  const written = dry ? 'nothing written' : `${inserted} new, ${unchanged} known, ${replaced} replaced`;
  const last = series.timeMs[series.length - 1];
  const length = formatTimeframe(series.timeframeMs);
  const head = `${styleText('bold', `${series.symbol} of ${series.venue}`)}: ${plural(series.length, 'bar')} of ${length}, ${day(series.timeMs[0])} to ${day(last)}${series.trades === null ? '' : ', with trade counts'}; ${written}`;
  const next = dry ? [] : [proposeTraining(series)];
  return {
    text: [head, ...describeImport(result), ...next].join('\n'),
    json: {
      ...describeKey(series),
      ...{ bars: series.length, fromMs: series.timeMs[0], toMs: last, trades: series.trades !== null, ...counts },
      ...{ problems: result.problems, notes: result.notes, gaps: result.gaps, filled: result.filled },
    } as unknown as Json,
  };
}

function describeImport({ problems, notes, gaps, filled }: CsvImport): string[] {
  const missing = gaps.reduce((sum, gap) => sum + gap.bars, 0);
  return [
    ...problems.map(
      ({ line, text, remedy }) => `line ${line}: ${text} (${remedy === 'drop' ? 'left out' : 'put right'})`,
    ),
    ...notes,
    ...gaps.slice(0, 10).map((gap) => `gap: ${plural(gap.bars, 'bar')} from ${day(gap.fromMs)}`),
    ...(gaps.length > 10 ? [`and ${gaps.length - 10} more gaps, ${plural(missing, 'bar')} in all`] : []),
    ...(filled > 0 ? [`${plural(filled, 'bar')} filled in flat and marked as such`] : []),
  ];
}
