import { styleText } from 'node:util';
import type { Json } from '../core/json.ts';
import { checkSeries } from '../market/check.ts';
import { defineCommand } from './command.ts';
import { formatTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { day, describeKey, plural, SYMBOL, selectSeries, TIMEFRAME, VENUE } from './stored-series.ts';

export const checkData = defineCommand({
  options: { ...SYMBOL, ...VENUE, ...TIMEFRAME },
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
});
