import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import { synthesize } from '../market/synthetic.ts';
import { defineCommand } from './command.ts';
import { proposeTraining } from './hints.ts';
import { formatTimeframe, OPTIONS, parseInteger, parseNumber, parseTime, parseTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { day, describeKey, plural, REPLACE, SYMBOL } from './stored-series.ts';

export const synthesizeData = defineCommand({
  options: {
    '--symbol <name>': { ...SYMBOL['--symbol <name>'], doc: 'name of the made-up market', default: 'SYNTH' },
    '--bars <n>': { doc: 'how many', parse: parseInteger(1, 5_000_000), default: 20_000 },
    ...OPTIONS.seed,
    ...OPTIONS.timeframe,
    '--start <date>': { doc: 'first day', parse: parseTime },
    '--volatility <x>': { doc: 'standard deviation of an hourly log return (0.008)', parse: parseNumber(1e-6, 0.1) },
    '--martingale': { doc: 'no drift at all: log drift -sigma^2/2, jumps compensated' },
    '--signal <r>': {
      doc: 'plant a signal that correlates so much with the next log return',
      parse: parseNumber(-0.7, 0.7),
    },
    '--shuffled': { doc: 'returns follow a signal that nothing visible shows (a control for --signal)' },
    '--no-trends': { doc: 'without Google Trends scores' },
    ...REPLACE,
  },
  examples: [
    'tradernet data synth --symbol SYNTH --bars 20000 --no-trends --seed 1',
    'tradernet data synth --symbol SIGNAL --signal 0.3',
    'tradernet data synth --symbol RANDOM --martingale',
  ],
  async run(options, context) {
    const config = context.config();
    const timeframeMs = parseTimeframe(config.market.timeframe);
    const market = synthesize({
      ...{ bars: options.bars, seed: config.seed, symbol: options.symbol, timeframeMs },
      ...(options.start === undefined ? {} : { startMs: options.start }),
      ...(options.volatility === undefined ? {} : { volatility: options.volatility }),
      ...{ martingale: options.martingale, signal: options.signal ?? 0 },
      ...{ shuffled: options.shuffled, trends: options.trends },
    });
    using store = openStore(context);
    const { series } = market;
    if (!options.replace && store.list().some((row) => row.symbol === series.symbol && row.venue === series.venue))
      throw new InputError(
        `there is a market ${series.symbol} of ${series.venue} already; add --replace, or choose another --symbol`,
      );
    store.replaceSeries(series, market.trends);
    const last = series.timeMs[series.length - 1];
    return {
      text: `${styleText('bold', series.symbol)}: ${plural(series.length, 'bar')} of ${formatTimeframe(timeframeMs)}, ${day(series.timeMs[0])} to ${day(last)}, close ${series.close[series.length - 1].toPrecision(6)}\n${proposeTraining(series)}`,
      json: { ...describeKey(series), bars: series.length, fromMs: series.timeMs[0], toMs: last },
    };
  },
});
