import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { styleText } from 'node:util';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { type DelayTest, testDelay } from '../evaluate/leak-check.ts';
import { checkFuture, type FutureLeak } from '../evaluate/leaks/find-leak.ts';
import { type Foresight, measureForesight } from '../evaluate/leaks/foresight.ts';
import { PERTURBATIONS } from '../evaluate/leaks/perturbations.ts';
import type { Subject } from '../evaluate/leaks/sight.ts';
import { agentPolicy } from '../evaluate/policy.ts';
import { rowAt, type Split } from '../evaluate/split.ts';
import { type Checkpoint, prepareEvaluation, settingsOf } from '../experiment/evaluate-run.ts';
import {
  checkpointSubject,
  checkScalers,
  featuresSubject,
  type OwnFeatures,
  ownSubject,
  type ScalerCheck,
  trainingTimes,
} from '../experiment/leak-subject.ts';
import { type Prepared, prepareMarkets } from '../experiment/prepare.ts';
import { publicationMs, type Trend } from '../market/trends.ts';
import { openNamedCheckpoint, settingsFor } from './checkpoints.ts';
import { type Context, defineCommand } from './command.ts';
import type { Config } from './config.ts';
import { OPTIONS, parseInteger } from './options.ts';
import { KERNEL_OPTIONS, loadSeries, openRunContext, openStore, requireSymbols } from './run-context.ts';

/** What was found out about one symbol. */
interface Findings {
  readonly symbol: string;
  readonly features: string;
  readonly cuts: readonly number[];
  readonly compared: number;
  readonly leaks: readonly FutureLeak[];
  readonly scalers: readonly ScalerCheck[];
  readonly foresight: readonly Foresight[];
  /** Of a checkpoint, on its validation fold. */
  readonly delay: DelayTest | null;
}

async function importOwn(file: string, { cwd }: Context): Promise<OwnFeatures> {
  const path = resolve(cwd, file);
  if (!existsSync(path)) throw new InputError(`there is no file ${path}; check the name`);
  let own: Partial<OwnFeatures>;
  try {
    own = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new InputError(`--features ${path} can't be loaded: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof own.features !== 'function')
    throw new InputError(`--features ${path}: exports no function 'features'; see 'tradernet leak-check --help'`);
  return own as OwnFeatures;
}

/**
 * The end of the training first, where a scaler that saw more shows; then evenly to the end of the test, each at the bar
 * before a score is published, where one that is joined too early shows.
 */
function chooseCuts(
  { train, test }: Split,
  { timeMs }: CandleSeries,
  trends: readonly Trend[],
  count: number,
): number[] {
  const first = train.to - 1;
  const last = test.to - 3;
  const before = trends.map((trend) => rowAt(timeMs, publicationMs(trend)) - 2).filter((row) => row > first);
  return Array.from({ length: count }, (_, i) => {
    const row = Math.round(first + ((last - first) * i) / count);
    return i === 0 ? row : (before.findLast((one) => one <= row) ?? row);
  });
}

const day = (timeMs: number) => `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function describeLeak({ perturbation, stage, column, timeMs, cutMs, before, after }: FutureLeak): string {
  const doc = PERTURBATIONS.find(({ name }) => name === perturbation)?.doc;
  const where = timeMs === null ? '' : ` of bar ${day(timeMs)}`;
  return `column ${column} (${stage})${where} was ${before} and became ${after}, where ${doc}, after bar ${day(cutMs)}`;
}

function describe(findings: Findings): string {
  const { symbol, features, cuts, compared, leaks, scalers, foresight, delay } = findings;
  const suspects = foresight.filter(({ suspicious }) => suspicious);
  const strongest = foresight.reduce((best, one) => (Math.abs(one.prompt) > Math.abs(best.prompt) ? one : best));
  return [
    `${styleText('bold', symbol)}, ${features}: ${compared} changed futures compared at ${cuts.length} ${cuts.length === 1 ? 'bar' : 'bars'}, through import, trends, features, scaler, window and account`,
    ...(leaks.length === 0
      ? [styleText('green', 'no decision saw anything that came after it')]
      : leaks.map((leak) => `${styleText('red', 'leak')}: ${describeLeak(leak)}`)),
    ...scalers.map(
      ({ state, agent, reason }) =>
        `${styleText(state === 'leak' ? 'red' : state === 'clean' ? 'green' : 'yellow', state === 'leak' ? 'leak' : `scaler ${state}`)}: ${agent}: ${reason}`,
    ),
    ...(suspects.length === 0
      ? [
          `foresight: the most that a column says of the next bar is ${strongest.prompt.toFixed(3)} (${strongest.column}; rank correlation, ${strongest.bars} bars), ${strongest.late.toFixed(3)} one bar late`,
        ]
      : suspects.map(
          ({ column, prompt, late, bars }) =>
            `${styleText('yellow', 'suspicious')}: column ${column} foretells the next bar (rank correlation ${prompt.toFixed(3)} over ${bars} bars), and one bar late ${late.toFixed(3)}: too good for a market, look where it comes from`,
        )),
    ...(delay === null || delay.kept === null
      ? []
      : [
          delay.collapses
            ? `${styleText('yellow', 'suspicious')}: one bar of delay leaves ${(100 * delay.kept).toFixed(0)} % of what it earned on its validation fold before costs`
            : `one bar of delay leaves ${(100 * delay.kept).toFixed(0)} % of what it earned on its validation fold before costs`,
        ]),
  ].join('\n');
}

function isSuspicious({ foresight, delay }: Findings): boolean {
  return delay?.collapses === true || foresight.some(({ suspicious }) => suspicious);
}

function isLeak({ leaks, scalers }: Findings): boolean {
  return leaks.length > 0 || scalers.some(({ state }) => state === 'leak');
}

/** What each symbol is looked at with. */
interface Plan {
  readonly prepared: Prepared;
  readonly features: string;
  readonly scalers: readonly ScalerCheck[];
  readonly seed: number;
  subject(market: Prepared['markets'][number]): Subject;
  delay(market: Prepared['markets'][number]): DelayTest | null;
}

function planFeatures(list: readonly CandleSeries[], config: Config, own: OwnFeatures | null, file: string): Plan {
  const prepared = prepareMarkets(list, config);
  return {
    prepared,
    features: own === null ? prepared.set.name : file,
    scalers: [],
    seed: config.seed,
    subject({ series, split }) {
      const times = trainingTimes(series, split);
      const base = featuresSubject(prepared, config, times);
      return own === null ? base : ownSubject(own, file, base, times);
    },
    delay: () => null,
  };
}

function planCheckpoint(list: readonly CandleSeries[], checkpoint: Checkpoint, config: Config): Plan {
  const { agent, name } = checkpoint;
  const { prepared } = prepareEvaluation({ checkpoint, series: list, config });
  const settings = settingsOf(agent, config);
  return {
    prepared,
    features: `${prepared.set.name}, checkpoint ${name}`,
    scalers: checkScalers(agent, list),
    seed: config.seed,
    subject: () => checkpointSubject(agent, settings),
    delay: ({ series, table, split }) =>
      testDelay({
        makePolicy: () => agentPolicy(agent),
        ...{ series, table, account: config.account, rows: split.validation },
      }),
  };
}

export const leakCheck = defineCommand({
  bareSet: 'features.set',
  options: {
    ...OPTIONS.symbol,
    ...OPTIONS.checkpoint,
    '--features <file>': {
      doc: 'a module of your own: it exports features(series, trends), columns by name, and scaler(columns, train) where you scale yourself',
    },
    '--cuts <n>': { doc: 'bars after which everything is changed', parse: parseInteger(1, 100), default: 3 },
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    ...OPTIONS.shield,
    ...OPTIONS.testFrom,
    ...KERNEL_OPTIONS,
  },
  examples: [
    'tradernet leak-check --symbol SYNTH',
    'tradernet leak-check --symbol SYNTH --set "tradernet20 + atr(14) - hour"',
    'tradernet leak-check --checkpoint ppo-SYNTH-s1-1',
  ],
  async run(options, context) {
    if (options.checkpoint !== undefined && options.features !== undefined)
      throw new InputError('--checkpoint and --features are two questions; ask one at a time');
    const runContext = await openRunContext(options, context);
    try {
      const makePlan = async (): Promise<Plan> => {
        if (options.checkpoint === undefined) {
          const own = options.features === undefined ? null : await importOwn(options.features, context);
          const config = context.config();
          const list = loadSeries(context, requireSymbols(options.symbol), config);
          return planFeatures(list, config, own, basename(options.features ?? ''));
        }
        const checkpoint = openNamedCheckpoint(options.checkpoint, runContext, context);
        const { config, symbols } = settingsFor(checkpoint, options, context);
        return planCheckpoint(loadSeries(context, symbols, config), checkpoint, config);
      };
      const plan = await makePlan();
      const findings = plan.prepared.markets.map((market): Findings => {
        const { series, split } = market;
        const { symbol } = series;
        using store = openStore(context);
        const trends = series.trends === null ? [] : store.loadTrends(symbol);
        const cuts = chooseCuts(split, series, trends, options.cuts);
        const { sight, compared, leaks } = checkFuture({
          ...{ series, trends, cuts, subject: plan.subject(market), seed: plan.seed },
          onCompare: (done, total, name) =>
            context.progress(`${symbol}: changed future ${done + 1} of ${total} (${name})`),
        });
        return {
          ...{ symbol, features: plan.features, cuts: cuts.map((cut) => series.timeMs[cut]), compared, leaks },
          scalers: plan.scalers,
          foresight: measureForesight(sight.features, sight.series.close, { from: 0, to: split.test.from }),
          delay: plan.delay(market),
        };
      });
      const leak = findings.some(isLeak);
      const verdict = leak ? 'leak' : findings.some(isSuspicious) ? 'suspicious' : 'clean';
      return {
        text: findings.map(describe).join('\n\n'),
        json: { verdict, symbols: findings } as unknown as Json,
        exitCode: verdict === 'clean' ? 0 : 1,
      };
    } finally {
      runContext.kernels.dispose();
    }
  },
});
