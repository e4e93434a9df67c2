import { InputError } from '../core/errors.ts';
import { formatCandleCsv } from '../market/csv-export.ts';
import { resample } from '../market/resample.ts';
import { defineCommand } from './command.ts';
import { formatTimeframe, parseInteger, parseTime, parseTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { describeKey, plural, SYMBOL, selectSeries, TIMEFRAME, VENUE } from './stored-series.ts';
import { writeUserFile } from './user-files.ts';

export const exportData = defineCommand({
  options: {
    ...SYMBOL,
    ...VENUE,
    ...TIMEFRAME,
    '--from <date>': { doc: 'first day, 2024-01-31', parse: parseTime },
    '--to <date>': { doc: 'day after the last', parse: parseTime },
    '--resample <length>': { doc: 'join bars to longer ones: 4h, 1d, 1w (from Monday)', parse: parseTimeframe },
    '--min-parts <n>': {
      doc: 'fewest bars that make a longer one; less is a gap (default: half of them)',
      parse: parseInteger(1),
    },
    '--out <file>': { doc: 'where to' },
  },
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
    const stored = store.load(venue, symbol, timeframeMs, options.from, options.to);
    if (options.resample === undefined) {
      const path = writeUserFile(context, options.out, formatCandleCsv(stored));
      return {
        text: `${plural(stored.length, 'bar')} of ${formatTimeframe(timeframeMs)} in ${path}`,
        json: { ...describeKey(stored), bars: stored.length, file: path },
      };
    }
    const joined = resample(stored, options.resample, options.minParts);
    const { series, parts, wholeParts, leftOut } = joined;
    const incomplete = parts.reduce((sum, count) => sum + (count < wholeParts ? 1 : 0), 0);
    const path = writeUserFile(context, options.out, formatCandleCsv(series, incomplete > 0 ? parts : null));
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
});
