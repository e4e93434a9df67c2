import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import { chooseFeatureSet, featureSet, requireColumns } from '../features/sets.ts';
import { computeFeatures, type FeatureTable } from '../features/table.ts';
import { inspectCandles, requireClean } from '../market/import/candles.ts';
import { loadSeries as seriesOf } from '../market/import/series.ts';
import { openTable } from '../market/import/tables.ts';
import { type Context, defineCommand } from './command.ts';
import { OPTIONS, parseTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { openUserFile, writeUserFile } from './user-files.ts';

/** `timestamp`, then the columns under their names; a column that isn't known yet is an empty cell. */
function* formatTable(table: FeatureTable): Generator<string> {
  yield `timestamp,${table.columns.join(',')}\n`;
  for (let i = 0; i < table.rows; i++) {
    const row = table.data.subarray(i * table.width, (i + 1) * table.width);
    yield `${table.timeMs[i]},${Array.from(row, (x) => (Number.isNaN(x) ? '' : String(x))).join(',')}\n`;
  }
}

async function loadSeries(
  { input: file, symbol }: { readonly input: string | undefined; readonly symbol: string | undefined },
  context: Context,
) {
  const { venue, timeframe } = context.config().market;
  if (file !== undefined) {
    const table = await openTable(openUserFile(context, file));
    const inspected = inspectCandles(table, { venue: 'csv', symbol: 'FILE', nowMs: context.clock.nowMs() });
    requireClean(inspected);
    return seriesOf(inspected);
  }
  if (symbol === undefined) throw new InputError('say which candles: --symbol NAME of what is stored, or --input FILE');
  using store = openStore(context);
  return store.load(venue, symbol, parseTimeframe(timeframe));
}

export const features = defineCommand({
  bareSet: 'features.set',
  options: {
    '--input <file>': { doc: 'candles, as for data import' },
    '--symbol <name>': { doc: 'a stored symbol' },
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    '--out <file>': { doc: 'where to' },
  },
  examples: [
    'tradernet features --symbol SIGNAL --set tradernet21 --out features.csv',
    'tradernet features --symbol SYNTH --set "tradernet20 + atr(14) - hour" --out features.csv',
  ],
  async run(options, context) {
    if (options.out === undefined)
      throw new InputError('--out is missing; say which file to write, such as --out features.csv');
    const series = await loadSeries(options, context);
    const name = context.config().features.set;
    const { set, reason } = name === 'auto' ? chooseFeatureSet(series) : { set: featureSet(name), reason: 'asked for' };
    requireColumns(set, series);
    if (series.length > 200_000) context.progress(`computing ${set.columns.length} columns of ${series.length} bars`);
    const table = computeFeatures(series, set);
    const path = writeUserFile(context, options.out, formatTable(table));
    const complete = table.complete.reduce((sum, flag) => sum + flag, 0);
    return {
      text: `${styleText('bold', set.name)} (${reason}): ${table.rows.toLocaleString('en-US')} rows, ${complete.toLocaleString('en-US')} complete, in ${path}`,
      json: {
        ...{ set: set.name, reason, columns: [...set.columns], rows: table.rows, complete, file: path },
        ...{ warmup: set.warmup, memory: set.memory },
      },
    };
  },
});
