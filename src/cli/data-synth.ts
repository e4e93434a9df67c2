import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import { synthesize } from '../market/synthetic.ts';
import type { Command } from './command.ts';
import { formatTimeframe, OPTIONS, parseInteger, parseNumber, parseTime, parseTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { day, describeKey, plural, REPLACE, SYMBOL, TIMEFRAME } from './stored-series.ts';

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

export const commands = [synth];
