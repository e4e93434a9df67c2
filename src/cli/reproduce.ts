import type { Json } from '../core/json.ts';
import { formatNumber, formatShare } from '../evaluate/format.ts';
import { mean } from '../evaluate/moments.ts';
import { driftlessWalk, expectedScore, HORIZON, scoreIgnorant } from '../evaluate/published.ts';
import { formatTable } from '../evaluate/table-text.ts';
import { prepareMarkets } from '../experiment/prepare.ts';
import { defineCommand } from './command.ts';
import { OPTIONS, parseInteger, parseNumber } from './options.ts';
import { loadSeries } from './run-context.ts';

export const reproducePublished = defineCommand({
  options: {
    '--symbol <names>': {
      ...OPTIONS.symbol['--symbol <names>'],
      doc: 'stored symbols, on their test folds (default: walks without drift)',
    },
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    ...OPTIONS.testFrom,
    '--bars <n>': {
      doc: 'bars of a walk that are scored; a port publishes 2249 hours',
      parse: parseInteger(30, 1_000_000),
      default: 2249,
    },
    '--volatility <share>': { doc: "deviation of an hour's log return", parse: parseNumber(0, 1), default: 0.009 },
    '--fee <share>': { doc: 'fee of the published score, each side', parse: parseNumber(0, 0.5), default: 0.005 },
    '--walks <n>': { doc: 'walks to average over', parse: parseInteger(1, 1000), default: 20 },
  },
  examples: ['tradernet reproduce published', 'tradernet reproduce published --symbol SYNTH'],
  async run({ symbol, bars, volatility, fee, walks }, context) {
    const config = context.config();
    const { account, seed } = config;
    const worlds =
      symbol === undefined
        ? Array.from({ length: walks }, (_, i) => {
            const series = driftlessWalk(bars + HORIZON, volatility, seed + i);
            return { name: 'walk', series, rows: { from: 0, to: bars + HORIZON } };
          })
        : prepareMarkets(loadSeries(context, symbol, config), config).markets.map(({ series, split }) => ({
            name: series.symbol,
            series,
            rows: split.test,
          }));
    const scored = worlds.map(({ name, series, rows }, i) => {
      const { close } = series;
      const held = Math.log(close[rows.to - 1] / close[rows.from]);
      return { name, held, scores: scoreIgnorant(series, rows, fee, account, seed + i) };
    });
    const names = [...new Set(scored.map(({ name }) => name))];
    const summary = names.map((name) => {
      const same = scored.filter((one) => one.name === name);
      const policies = same[0].scores.map(({ policy, label, bars: counted }, p) => ({
        ...{ policy, label, bars: counted },
        score: mean(same.map(({ scores }) => scores[p].score)),
        earned: mean(same.map(({ scores }) => scores[p].earned)),
      }));
      return { name, worlds: same.length, held: mean(same.map(({ held }) => held)), policies };
    });
    const expected = symbol === undefined ? expectedScore(bars, volatility, fee) : null;
    const text = summary.map(({ name, worlds: count, held, policies }) =>
      [
        symbol === undefined
          ? `${count} walks without drift, ${formatNumber(bars, 0)} hours at ${formatShare(volatility)}: nothing can be foretold; any policy that buys or sells scores ${formatNumber(expected ?? 0, 1)} on average (Spitzer's identity)`
          : `${name}: the market's log return over these bars was ${formatNumber(held, 3)}`,
        formatTable(
          ['policy that knows nothing', 'published score', 'log return through the account'],
          policies.map(({ label, score, earned }) => [label, formatNumber(score, 2), formatNumber(earned, 3)]),
        ),
      ].join('\n'),
    );
    const note = `The published score pays every bar the best exit of the next ${HORIZON}. Of a port's trained agents the best is 30.777 on 2,249 hours of DOGE, to the last digit that of always BUY; holding lost 28 %.`;
    return { text: [...text, note].join('\n\n'), json: { expected, fee, markets: summary } as unknown as Json };
  },
});
