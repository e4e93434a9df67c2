import { styleText } from 'node:util';
import type { LoadedAgent } from '../agents/index.ts';
import { type BotEntry, decodeCandle } from '../bot/entries.ts';
import { type BotSetup, createSymbols, readSetup } from '../bot/setup.ts';
import type { Candle, CandleSeries } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import type { BacktestOptions } from '../evaluate/backtest.ts';
import {
  compareWithBacktest,
  type DriftFigures,
  type Evidence,
  type PromisedMean,
  promiseOf,
  type Recorded,
  STOP_AT,
  weighPromise,
} from '../evaluate/drift.ts';
import { formatNumber, formatShare, formatTime } from '../evaluate/format.ts';
import { agentPolicy } from '../evaluate/policy.ts';
import { backtestPortfolio } from '../evaluate/portfolio.ts';
import { scaleTable } from '../features/observation.ts';
import { scalerFromJson } from '../features/scaler.ts';
import { featureSet } from '../features/sets.ts';
import { computeFeatures } from '../features/table.ts';
import { allocateSeries } from '../market/series.ts';
import { RunRegistry } from '../runs/registry.ts';
import { openBotCheckpoint } from './bot-session.ts';
import { defineCommand } from './command.ts';
import { findJournal, JOURNAL_OPTION, readJournal, startOf } from './journals.ts';
import { parseNumber } from './options.ts';
import { KERNEL_OPTIONS, openRunContext } from './run-context.ts';

/** Every candle that a bot was given of a symbol, once. */
function seriesOf(entries: readonly BotEntry[], venue: string, symbol: string, timeframeMs: number): CandleSeries {
  const candles = new Map<number, Candle>();
  for (const entry of entries) {
    if (entry.type === 'warm-up' && entry.symbol === symbol)
      for (const values of entry.candles) candles.set(values[0], decodeCandle(values));
    if (entry.type === 'decision' && entry.symbol === symbol)
      candles.set(entry.record.candle[0], decodeCandle(entry.record.candle));
  }
  const sorted = [...candles.values()].sort((a, b) => a.timeMs - b.timeMs);
  const has = { trades: sorted.every(({ trades }) => !Number.isNaN(trades)), trends: false };
  const series = allocateSeries({ venue, symbol, timeframeMs }, sorted.length, has);
  sorted.forEach((candle, i) => {
    for (const name of ['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const) series[name][i] = candle[name];
    if (series.trades !== null) series.trades[i] = candle.trades;
  });
  return series;
}

function recordOf(entries: readonly BotEntry[], symbol: string): Recorded {
  const own = entries.flatMap((entry) => (entry.type === 'decision' && entry.symbol === symbol ? [entry.record] : []));
  return { timeMs: own.map(({ candle }) => candle[0]), equity: own.map(({ equity }) => equity) };
}

/** The same bars through the same agent, shield and account, from the first decision on. */
function prepareSymbols(
  entries: readonly BotEntry[],
  setup: BotSetup,
  agent: LoadedAgent,
  supervisor: LoadedAgent | null,
) {
  const { venue, timeframeMs } = startOf(entries, 'journal');
  const { spec } = agent;
  const scaler = scalerFromJson(spec.scaler);
  return createSymbols(setup, agent, supervisor).flatMap(({ symbol, account, shield }) => {
    const recorded = recordOf(entries, symbol);
    const series = seriesOf(entries, venue, symbol, timeframeMs);
    const from = series.timeMs.indexOf(recorded.timeMs[0]);
    if (from < 0 || series.length - from < 3) return [];
    const features = computeFeatures(series, featureSet(spec.featureSet));
    const table = scaleTable(features, scaler, { window: spec.window, extraColumns: spec.accountColumns });
    const options: BacktestOptions = {
      ...{ series, table, account, shield, rows: { from, to: series.length }, policy: agentPolicy(agent) },
    };
    return [{ symbol, recorded, options }];
  });
}

/** What the checkpoint's run earned a bar on its test fold of the symbol, where the registry knows it. */
function findPromise(registry: RunRegistry, checkpoint: string, symbol: string): PromisedMean | null {
  const [name] = checkpoint.split('/');
  if (!registry.has(name)) return null;
  const market = symbol.replaceAll(/[^\w]/g, '');
  const results = registry.open(name).results();
  const found = results.find((one) => one.name.startsWith(`test-${market}-`) && one.record.returns.length > 0);
  return found === undefined ? null : promiseOf(found.record.returns);
}

interface Findings extends DriftFigures {
  readonly symbol: string;
  readonly evidence: Evidence | null;
}

function describe({ symbol, evidence, ...figures }: Findings, kind: string, timeframeMs: number): string {
  const { bars, missed, firstDifferenceMs, furthest, furthestMs, botReturn, backtestReturn } = figures;
  const time = (timeMs: number) => `${formatTime(timeMs, timeframeMs)} UTC`;
  const same =
    firstDifferenceMs === null || furthestMs === null
      ? styleText('green', 'equal at every close, bit by bit')
      : `${kind === 'paper' ? styleText('red', 'not equal') : 'not equal'}: first at ${time(firstDifferenceMs)}, furthest apart ${formatShare(furthest)} at ${time(furthestMs)}`;
  return [
    `${styleText('bold', symbol)}: ${formatNumber(bars, 0)} bars on ${kind}, ${formatShare(botReturn)}; their backtest ${formatShare(backtestReturn)}`,
    `  ${same}${missed === 0 ? '' : `; ${missed} bars without a decision`}`,
    ...(evidence === null
      ? ['  no promise to hold it to: give --promised, the mean return a bar']
      : [
          `  promised ${(100 * evidence.promised).toFixed(4)} % a bar: evidence against it ${formatNumber(evidence.now, 2)} (highest ${formatNumber(evidence.highest, 2)}; broken at ${STOP_AT})${
            evidence.brokenMs === null ? '' : `, ${styleText('red', 'broken')} at ${time(evidence.brokenMs)}`
          }`,
        ]),
  ].join('\n');
}

export const drift = defineCommand({
  options: {
    ...JOURNAL_OPTION,
    '--promised <share>': {
      doc: "mean simple return a bar that the bot should earn (default: that of its run's test)",
      parse: parseNumber(-0.1, 0.1),
    },
    '--lambda <n>': {
      doc: 'size of the bet against it (default: promised / variance, or 5)',
      parse: parseNumber(0.001, 100),
    },
    '--checkpoint <run>': { doc: 'the one it was made with (default: by the name in the journal)' },
    '--supervisor <run>': { doc: 'likewise' },
    ...KERNEL_OPTIONS,
  },
  examples: ['tradernet drift --journal trial', 'tradernet drift --journal trial --promised 0.0001'],
  async run(options, context) {
    const place = findJournal(options, context);
    const { entries } = readJournal(place);
    const start = startOf(entries, place.name);
    const setup = readSetup(start, place.name);
    const runContext = await openRunContext(options, context);
    try {
      const { agent } = openBotCheckpoint(options.checkpoint ?? setup.checkpoint.name, runContext, context);
      const named = options.supervisor ?? setup.supervisor?.name;
      const supervisor = named === undefined ? null : openBotCheckpoint(named, runContext, context).agent;
      const symbols = prepareSymbols(entries, setup, agent, supervisor);
      const registry = new RunRegistry(runContext.files);
      const ledgers =
        symbols.length === 0
          ? []
          : backtestPortfolio(
              symbols.map((one) => one.options),
              setup.maxDrawdown,
            ).symbols;
      const findings = symbols.map(({ symbol, recorded }, s): Findings => {
        const found = findPromise(registry, setup.checkpoint.name, symbol);
        const promised = options.promised ?? found?.promised;
        const promise = promised === undefined ? null : { promised, lambda: options.lambda ?? found?.lambda ?? 5 };
        const evidence = promise === null ? null : weighPromise(recorded, promise);
        return { symbol, ...compareWithBacktest(recorded, ledgers[s]), evidence };
      });
      const differs = start.kind === 'paper' && findings.some(({ firstDifferenceMs }) => firstDifferenceMs !== null);
      const broken = findings.some(({ evidence }) => evidence !== null && evidence.brokenMs !== null);
      return {
        text:
          findings.length === 0
            ? `${place.name}: fewer than three decisions; nothing to compare yet`
            : findings.map((one) => describe(one, start.kind, start.timeframeMs)).join('\n'),
        json: { journal: place.name, kind: start.kind, symbols: findings } as unknown as Json,
        exitCode: differs || broken ? 1 : 0,
      };
    } finally {
      runContext.kernels.dispose();
    }
  },
});
