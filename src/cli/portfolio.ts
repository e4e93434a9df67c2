import type { Json } from '../core/json.ts';
import { formatMetric, formatShare, formatTime } from '../evaluate/format.ts';
import { METRICS, type Metrics } from '../evaluate/metrics/index.ts';
import { formatTable } from '../evaluate/table-text.ts';
import { evaluatePortfolio, type PortfolioEvaluation } from '../experiment/portfolio-run.ts';
import { openNamedCheckpoint, requireFlag, settingsFor } from './checkpoints.ts';
import { defineCommand } from './command.ts';
import { OPTIONS, parseNumber } from './options.ts';
import { KERNEL_OPTIONS, loadSeries, openRunContext } from './run-context.ts';

const SHOWN = [
  ...['cumulativeReturn', 'sharpe', 'maxDrawdown', 'drawdownBars', 'volatility', 'exposure', 'trades', 'feesPaid'],
];

function describe({
  fold,
  fromMs,
  toMs,
  timeframeMs,
  maxDrawdown,
  halted,
  whole,
  held,
  alpha,
  symbols,
  obstacle,
}: PortfolioEvaluation): string {
  const columns = METRICS.filter(({ name }) => SHOWN.includes(name));
  const row = (label: string, metrics: Metrics) => [
    label,
    ...columns.map(({ name, unit }) => formatMetric(metrics[name], unit)),
  ];
  const limit =
    maxDrawdown === 0
      ? 'no limit on the sum'
      : `everything halts at a drawdown of ${formatShare(maxDrawdown)} of the sum`;
  return [
    `${symbols.length} symbols in one account, ${fold} fold, ${formatTime(fromMs, timeframeMs)} to ${formatTime(toMs, timeframeMs)} UTC; ${limit}`,
    formatTable(
      ['', ...columns.map(({ label }) => label)],
      [
        row('portfolio', whole),
        row('the same money, held', held),
        ...symbols.map(({ symbol, metrics }) => row(symbol, metrics)),
      ],
    ),
    halted === null
      ? 'the limit was not reached'
      : `halted at ${formatTime(halted.timeMs, timeframeMs)}, at a drawdown of ${formatShare(halted.drawdown)}`,
    `beyond its share of what was held: ${formatShare(alpha.estimate)} a year (95 %: ${formatShare(alpha.lower)} to ${formatShare(alpha.upper)})`,
    obstacle === null
      ? "a verdict is each symbol's own: tradernet evaluate"
      : `these figures prove nothing: ${obstacle}`,
  ].join('\n\n');
}

export const portfolio = defineCommand({
  options: {
    ...OPTIONS.checkpoint,
    ...OPTIONS.symbol,
    '--max-drawdown <share>': {
      doc: 'of the sum, at which everything halts; 0: never (default: bot.maxDrawdown)',
      parse: parseNumber(0, 0.999),
    },
    ...OPTIONS.shield,
    ...OPTIONS.supervisor,
    ...OPTIONS.fold,
    '--force': { doc: 'let an agent act whose gate is closed' },
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    ...OPTIONS.testFrom,
    ...KERNEL_OPTIONS,
  },
  examples: ['tradernet portfolio --checkpoint ppo-SYNTH-s1-1 --symbol SYNTH,SIGNAL --max-drawdown 0.1'],
  async run(options, context) {
    const runContext = await openRunContext(options, context);
    try {
      const name = requireFlag(options.checkpoint, '--checkpoint', "'tradernet runs list' shows the runs");
      const checkpoint = openNamedCheckpoint(name, runContext, context);
      const { config, symbols } = settingsFor(checkpoint, options, context);
      const result = evaluatePortfolio(
        {
          ...{ checkpoint, config, fold: options.fold, force: options.force },
          series: loadSeries(context, symbols, config),
          maxDrawdown: options.maxDrawdown ?? context.bot().maxDrawdown,
          ...(options.supervisor === undefined
            ? {}
            : { supervisor: openNamedCheckpoint(options.supervisor, runContext, context, '--supervisor') }),
        },
        runContext,
      );
      return { text: describe(result), json: result as unknown as Json };
    } finally {
      runContext.kernels.dispose();
    }
  },
});
