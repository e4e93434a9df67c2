import { basename } from 'node:path';
import { styleText } from 'node:util';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { checkSeries } from '../market/check.ts';
import { formatCandleCsv } from '../market/csv-export.ts';
import {
  type CsvImport,
  type CsvImportOptions,
  IMPORT_POLICIES,
  type ImportPolicy,
  readCandleCsv,
  requireClean,
} from '../market/csv-import.ts';
import { resample } from '../market/resample.ts';
import type { StoredSeries } from '../market/store.ts';
import { synthesize } from '../market/synthetic.ts';
import { readTrendsCsv } from '../market/trends-csv.ts';
import type { Command, Context, Output } from './command.ts';
import {
  formatTimeframe,
  OPTIONS,
  parseChoice,
  parseInteger,
  parseNumber,
  parseTime,
  parseTimeframe,
} from './options.ts';
import { openStore } from './run-context.ts';
import { readUserFile, writeUserFile } from './user-files.ts';

const SYMBOL = { flags: '--symbol <name>', doc: 'such as BTC/USDT' };
const VENUE = { flags: '--venue <name>', doc: 'where the candles came from' };
const TIMEFRAME = { flags: '--timeframe <length>', doc: 'bar length: 15m, 1h, 1d', parse: parseTimeframe };
const REPLACE = { flags: '--replace', doc: 'overwrite what is stored' };
const DATE_RANGE = [
  { flags: '--from <date>', doc: 'first day, 2024-01-31', parse: parseTime },
  { flags: '--to <date>', doc: 'day after the last', parse: parseTime },
];

/** Bars from which on a command takes long enough to say what it does. */
const LONG = 200_000;

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

const synth: Command = {
  name: 'data synth',
  summary: 'make a synthetic market',
  options: [
    { ...SYMBOL, doc: 'name of the made-up market', default: 'SYNTH' },
    { flags: '--bars <n>', doc: 'how many', parse: parseInteger(1, 5_000_000), default: 20_000 },
    { ...OPTIONS.seed },
    { ...TIMEFRAME, config: 'market.timeframe' },
    { flags: '--start <date>', doc: 'first day', parse: parseTime },
    {
      flags: '--volatility <x>',
      doc: 'standard deviation of an hourly log return (0.008)',
      parse: parseNumber(1e-6, 0.1),
    },
    { flags: '--martingale', doc: 'no drift at all: log drift -sigma^2/2, jumps compensated' },
    {
      flags: '--signal <r>',
      doc: 'plant a signal that correlates so much with the next log return',
      parse: parseNumber(-0.7, 0.7),
    },
    { flags: '--shuffled', doc: 'returns follow a signal that nothing visible shows (a control for --signal)' },
    { flags: '--no-trends', doc: 'without Google Trends scores' },
    REPLACE,
  ],
  examples: [
    'tradernet data synth --symbol SYNTH --bars 20000 --seed 1',
    'tradernet data synth --symbol SIGNAL --signal 0.3',
    'tradernet data synth --symbol RANDOM --martingale',
  ],
  async run(options, context) {
    const config = context.config();
    const timeframeMs = parseTimeframe(config.market.timeframe);
    const market = synthesize({
      ...{ bars: options.bars as number, seed: config.seed, symbol: options.symbol as string, timeframeMs },
      ...(options.start === undefined ? {} : { startMs: options.start as number }),
      ...(options.volatility === undefined ? {} : { volatility: options.volatility as number }),
      ...{ martingale: options.martingale === true, signal: (options.signal as number | undefined) ?? 0 },
      ...{ shuffled: options.shuffled === true, trends: options.trends !== false },
    });
    using store = openStore(context);
    const { series } = market;
    if (
      options.replace !== true &&
      store.list().some((row) => row.symbol === series.symbol && row.venue === series.venue)
    )
      throw new InputError(
        `there is a market ${series.symbol} of ${series.venue} already; add --replace, or choose another --symbol`,
      );
    store.replaceSeries(series, market.trends);
    const last = series.timeMs[series.length - 1];
    return {
      text: `${styleText('bold', series.symbol)}: ${plural(series.length, 'bar')} of ${formatTimeframe(timeframeMs)}, ${day(series.timeMs[0])} to ${day(last)}, close ${series.close[series.length - 1].toPrecision(6)}\nnext:  tradernet train --symbol ${series.symbol}`,
      json: { ...describeKey(series), bars: series.length, fromMs: series.timeMs[0], toMs: last },
    };
  },
};

function describeKey(series: CandleSeries | StoredSeries): { [key: string]: Json } {
  return { venue: series.venue, symbol: series.symbol, timeframeMs: series.timeframeMs };
}

const importFile: Command = {
  name: 'data import',
  summary: 'read candles or Google Trends from a CSV file',
  arguments: [{ name: '<file>', doc: 'CSV of candles, or of Google Trends with --trends' }],
  options: [
    { ...SYMBOL, doc: 'such as BTC/USDT; needed where the file has no symbol column' },
    { ...VENUE, default: 'csv' },
    { ...TIMEFRAME, doc: 'bar length: 15m, 1h, 1d (default: found out from the times)' },
    {
      flags: '--policy <name>',
      doc: 'what to do about anything wrong: refuse the file; drop impossible rows and put the rest in order; fill: as drop, then fill short gaps with flat bars, marked',
      parse: parseChoice(IMPORT_POLICIES),
      default: 'refuse',
    },
    { flags: '--longest-fill <bars>', doc: 'longest gap that fill fills', parse: parseInteger(1), default: 24 },
    { flags: '--trends', doc: 'the file is an export of Google Trends' },
    { flags: '--dry-run', doc: 'list everything that is wrong and write nothing' },
    REPLACE,
  ],
  examples: [
    'tradernet data import BTCUSDT-1h.csv --symbol BTC/USDT --venue binance',
    'tradernet data import Coinbase_BTCUSD_1h.csv --venue coinbase --policy drop',
    'tradernet data import multiTimeline.csv --trends --symbol BTC/USDT',
  ],
  async run(options, context, [file]) {
    const bytes = readUserFile(context, file);
    return options.trends === true
      ? importTrends(options, context, file, bytes)
      : importCandles(options, context, file, bytes);
  },
};

function importTrends(options: Record<string, unknown>, context: Context, file: string, bytes: Uint8Array): Output {
  const symbol = options.symbol as string | undefined;
  if (symbol === undefined) throw new InputError('trends belong to a symbol; add --symbol, such as --symbol BTC/USDT');
  const { trends, notes } = readTrendsCsv(bytes, basename(file));
  const dry = options.dryRun === true;
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

function importCandles(options: Record<string, unknown>, context: Context, file: string, bytes: Uint8Array): Output {
  const dry = options.dryRun === true;
  const how: CsvImportOptions = {
    ...{ name: basename(file), venue: options.venue as string, policy: options.policy as ImportPolicy },
    longestFill: options.longestFill as number,
    ...(options.symbol === undefined ? {} : { symbol: options.symbol as string }),
    ...(options.timeframe === undefined ? {} : { timeframeMs: options.timeframe as number }),
  };
  const result = readCandleCsv(bytes, how);
  if (!dry) requireClean(result, how);
  const { series } = result;
  if (series.length > LONG) context.progress(`writing ${plural(series.length, 'bar')}`);
  let counts = { inserted: 0, unchanged: 0, replaced: 0 };
  if (!dry) {
    using store = openStore(context);
    counts = { ...store.importSeries(series, { replace: options.replace === true }) };
  }
  const { inserted, unchanged, replaced } = counts;
  const written = dry ? 'nothing written' : `${inserted} new, ${unchanged} known, ${replaced} replaced`;
  const last = series.timeMs[series.length - 1];
  const length = formatTimeframe(series.timeframeMs);
  const head = `${styleText('bold', `${series.symbol} of ${series.venue}`)}: ${plural(series.length, 'bar')} of ${length}, ${day(series.timeMs[0])} to ${day(last)}${series.trades === null ? '' : ', with trade counts'}; ${written}`;
  const flags = `--symbol ${series.symbol} --venue ${series.venue}${length === '1h' ? '' : ` --timeframe ${length}`}`;
  const next = dry ? [] : [`next:  tradernet train ${flags}`];
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

const list: Command = {
  name: 'data list',
  summary: 'what the database holds',
  options: [],
  examples: ['tradernet data list'],
  async run(_, context) {
    using store = openStore(context);
    const rows = store.list();
    if (rows.length === 0)
      return { text: "the database is empty; 'tradernet data synth' or 'data import' adds to it", json: [] };
    const cells = rows.map((row) => [
      ...[row.venue, row.symbol, formatTimeframe(row.timeframeMs), row.bars.toLocaleString('en-US')],
      `${day(row.fromMs)} .. ${day(row.toMs)}`,
      [
        row.missing > 0 ? `${plural(row.missing, 'bar')} missing` : 'no gaps',
        ...(row.filled > 0 ? [`${row.filled} filled`] : []),
        ...(row.trades ? ['trade counts'] : []),
        ...(row.trends > 0 ? [plural(row.trends, 'trend score')] : []),
      ].join(', '),
    ]);
    const widths = cells[0].map((_cell, i) => Math.max(...cells.map((row) => row[i].length)));
    const text = cells
      .map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i]))
          .join('  ')
          .trimEnd(),
      )
      .join('\n');
    return { text, json: rows as unknown as Json };
  },
};

/** The stored series that the flags name; all of them where there are none. */
function selectSeries(rows: readonly StoredSeries[], options: Record<string, unknown>): StoredSeries[] {
  const { symbol, venue, timeframe } = options;
  const chosen = rows.filter(
    (row) =>
      (symbol === undefined || row.symbol === symbol) &&
      (venue === undefined || row.venue === venue) &&
      (timeframe === undefined || row.timeframeMs === timeframe),
  );
  if (chosen.length > 0) return chosen;
  const wanted = [symbol, venue, timeframe === undefined ? undefined : formatTimeframe(timeframe as number)];
  throw new InputError(
    `no series of ${wanted.filter((one) => one !== undefined).join(', ') || 'any kind'} is stored; see 'tradernet data list'`,
  );
}

const check: Command = {
  name: 'data check',
  summary: 'gaps, order and bad values of what is stored',
  options: [SYMBOL, VENUE, TIMEFRAME],
  examples: ['tradernet data check', 'tradernet data check --symbol SYNTH'],
  async run(options, context) {
    using store = openStore(context);
    const reports = selectSeries(store.list(), options).map((row) => ({
      key: describeKey(row),
      report: checkSeries(store.load(row.venue, row.symbol, row.timeframeMs)),
    }));
    const text = reports.flatMap(({ key, report }) => [
      `${styleText('bold', `${key.symbol} of ${key.venue}`)} ${formatTimeframe(key.timeframeMs as number)}: ${plural(report.bars, 'bar')}, ${plural(report.gaps.length, 'gap')} (${plural(report.missing, 'bar')} missing), ${report.filled} filled, ${report.zeroVolume} without volume${report.withTrends === null ? '' : `, trends for ${((100 * report.withTrends) / report.bars).toFixed(1)} %`}`,
      ...report.errors.slice(0, 20).map(({ timeMs, text: what }) => `  error: ${day(timeMs)} ${what}`),
      ...report.gaps.slice(0, 10).map((gap) => `  gap: ${plural(gap.bars, 'bar')} from ${day(gap.fromMs)}`),
      ...report.spikes
        .slice(0, 10)
        .map((one) => `  large move: ${day(one.timeMs)} ${(100 * one.logReturn).toFixed(1)} %`),
    ]);
    const broken = reports.some(({ report }) => report.errors.length > 0);
    return {
      text: text.join('\n'),
      json: reports.map(({ key, report }) => ({ ...key, ...report })) as unknown as Json,
      exitCode: broken ? 1 : 0,
    };
  },
};

const exportFile: Command = {
  name: 'data export',
  summary: 'write candles to a CSV file',
  options: [
    ...[SYMBOL, VENUE, TIMEFRAME, ...DATE_RANGE],
    { flags: '--resample <length>', doc: 'join bars to longer ones: 4h, 1d, 1w (from Monday)', parse: parseTimeframe },
    {
      flags: '--min-parts <n>',
      doc: 'fewest bars that make a longer one; less is a gap (default: half of them)',
      parse: parseInteger(1),
    },
    { flags: '--out <file>', doc: 'where to' },
  ],
  examples: [
    'tradernet data export --symbol SYNTH --out synth.csv',
    'tradernet data export --symbol SYNTH --resample 4h --out synth-4h.csv',
  ],
  async run(options, context) {
    if (options.out === undefined)
      throw new InputError('--out is missing; say which file to write, such as --out candles.csv');
    using store = openStore(context);
    const chosen = selectSeries(store.list(), options);
    if (chosen.length > 1) {
      const names = chosen.map((row) => `${row.symbol} of ${row.venue} ${formatTimeframe(row.timeframeMs)}`);
      throw new InputError(
        `${chosen.length} series match (${names.join('; ')}); narrow it down with --symbol, --venue, --timeframe`,
      );
    }
    const [{ venue, symbol, timeframeMs }] = chosen;
    const stored = store.load(
      venue,
      symbol,
      timeframeMs,
      options.from as number | undefined,
      options.to as number | undefined,
    );
    if (options.resample === undefined) {
      const path = writeUserFile(context, options.out as string, formatCandleCsv(stored));
      return {
        text: `${plural(stored.length, 'bar')} of ${formatTimeframe(timeframeMs)} in ${path}`,
        json: { ...describeKey(stored), bars: stored.length, file: path },
      };
    }
    const joined = resample(stored, options.resample as number, options.minParts as number | undefined);
    const { series, parts, wholeParts, leftOut } = joined;
    const incomplete = parts.reduce((sum, count) => sum + (count < wholeParts ? 1 : 0), 0);
    const path = writeUserFile(context, options.out as string, formatCandleCsv(series, incomplete > 0 ? parts : null));
    const length = formatTimeframe(series.timeframeMs);
    return {
      text: [
        `${plural(series.length, 'bar')} of ${length} in ${path}`,
        ...(incomplete > 0
          ? [
              `${plural(incomplete, 'bar')} of fewer than ${wholeParts} parts, at least ${Math.min(...parts)}: the column 'parts' says how many`,
            ]
          : []),
        ...(leftOut.tooFewParts > 0
          ? [`${plural(leftOut.tooFewParts, 'bar')} left out, too few parts (--min-parts)`]
          : []),
        ...(leftOut.atTheEnds > 0
          ? [`${plural(leftOut.atTheEnds, 'bar')} left out at the ends: begun before the first part or not over`]
          : []),
      ].join('\n'),
      json: { ...describeKey(series), bars: series.length, file: path, incomplete, leftOut: { ...leftOut } },
    };
  },
};

export const commands = [synth, importFile, list, check, exportFile];
