/** One training, from candles to checkpoints: registered before it starts, validated on its own fold, resumable. */

import { type AgentSpec, hasCheckpoint } from '../agents/checkpoint.ts';
import { findLearner } from '../agents/index.ts';
import type { Learner } from '../agents/learner.ts';
import { type Progress, type TrainResult, train } from '../agents/train.ts';
import type { Agent } from '../core/agent.ts';
import type { CandleSeries } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { log } from '../core/math.ts';
import { rewardNamed } from '../env/rewards/index.ts';
import { TradingEnv, type TradingMarket } from '../env/trading-env.ts';
import { backtest } from '../evaluate/backtest.ts';
import { agentPolicy } from '../evaluate/policy.ts';
import { type Scaler, scalerToJson } from '../features/scaler.ts';
import type { Kernels } from '../nn/index.ts';
import { type Run, RunRegistry } from '../runs/registry.ts';
import type { Shield } from '../shield/index.ts';
import { dropOtherAgents, type ExperimentConfig } from './config.ts';
import { fitMarketsRange, type Prepared, prepareMarkets } from './prepare.ts';
import { maskingShield } from './shield.ts';

export const CHECKPOINTS = 'checkpoints';

/** What a training needs from outside; nothing in it decides the result but `config` and `series`. */
export interface RunContext {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly kernels: Kernels;
  readonly codeVersion: string;
  readonly signal?: AbortSignal;
}

export interface TrainRunOptions {
  readonly series: readonly CandleSeries[];
  readonly config: ExperimentConfig;
  /** Go on with this run; the series must be the ones it was started with. */
  readonly resume?: string;
  /**
   * Scores an agent on the validation fold; default: its mean log return after costs, behind the
   * shield that masks its training and no other. null: nobody
   * does, and the last agent is the best.
   */
  readonly validate?: ((agent: Learner, prepared: Prepared) => number) | null;
  /** A scaler that was fitted on the same training fold before. */
  readonly scaler?: Scaler;
  /** What decides the outcome beside `config` and `series`, for the registration. */
  readonly decisive?: { readonly [key: string]: Json };
  /** Said in the registration beside what the system knows itself. */
  readonly notes?: { readonly [key: string]: Json };
  /** Called before the first step. */
  readonly onStart?: (run: Run, prepared: Prepared) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export interface TrainRun extends TrainResult {
  readonly run: Run;
  readonly prepared: Prepared;
  readonly agent: Learner;
  /** Folder of best/ and last/ in the storage. */
  readonly folder: string;
}

/** What decides the outcome of a training but its seed: two runs with the same one are one trial. */
export function trialConfig(config: ExperimentConfig, prepared: Pick<Prepared, 'markets' | 'set'>): Json {
  const { seed: _, evaluation: __, shield: ___, ...rest } = dropOtherAgents(config);
  const symbols = prepared.markets.map(({ series }) => `${series.venue}:${series.symbol}`);
  return { ...rest, symbols, featureSet: prepared.set.name } as unknown as Json;
}

/** What an agent trained on these markets sees and was trained for. */
export function describeAgent(config: ExperimentConfig, prepared: Prepared): AgentSpec {
  const { table, series } = prepared.markets[0];
  const { startingEquity: _, ...account } = config.account;
  return {
    featureSet: prepared.set.name,
    columns: table.columns.slice(0, table.marketWidth),
    accountColumns: table.columns.slice(table.marketWidth),
    signature: table.signature,
    window: table.window,
    timeframeMs: series.timeframeMs,
    scaler: scalerToJson(prepared.scaler),
    reward: config.training.reward,
    rewardScale: config.training.rewardScale,
    trainingRange: fitMarketsRange(prepared.markets) as unknown as Json,
    account: account as unknown as Json,
  };
}

/** Mean over the markets of ln(final / starting equity) on the validation folds, after costs. */
export function validationLogReturn(agent: Agent, prepared: Prepared, config: ExperimentConfig): number {
  const safety = makeMaskingShield(config, prepared)?.() ?? null;
  let sum = 0;
  for (const { series, table, split } of prepared.markets) {
    const { equity, startingEquity } = backtest({
      policy: agentPolicy(agent),
      series,
      table,
      account: config.account,
      safety,
      rows: split.validation,
    });
    sum += log(Math.max(1e-9, equity[equity.length - 1] / startingEquity));
  }
  return sum / prepared.markets.length;
}

/** Makes the shields that mask a training; null where none does. */
function makeMaskingShield({ training }: ExperimentConfig, prepared: Prepared): (() => Shield) | null {
  const { maskByShield } = training;
  if (maskByShield === null) return null;
  const trainingRange = fitMarketsRange(prepared.markets) as unknown as Json;
  return () => maskingShield(maskByShield, { trainingRange });
}

function createEnv(config: ExperimentConfig, prepared: Prepared, count: number): TradingEnv {
  const markets: TradingMarket[] = prepared.markets.map(({ series, table, split }) => ({
    series,
    table,
    ...split.train,
  }));
  const safety = makeMaskingShield(config, prepared);
  return new TradingEnv({
    markets,
    count,
    account: config.account,
    reward: rewardNamed(config.training.reward),
    rewardScale: config.training.rewardScale,
    starts: 'random',
    maxEpisodeSteps: config.training.episodeBars,
    ...(safety === null ? {} : { safety }),
  });
}

/** An agent with fresh weights. */
export function createAgent(kernels: Kernels, config: ExperimentConfig, spec: AgentSpec): Learner {
  const { seed, training } = config;
  return findLearner(training.agent).create({ kernels, spec, config: config[training.agent], seed });
}

function register(registry: RunRegistry, options: TrainRunOptions, prepared: Prepared, runContext: RunContext): Run {
  const { config } = options;
  const { name, isa, fused, threads } = runContext.kernels;
  const symbols = prepared.markets.map(({ series }) => series.symbol.replaceAll(/[^\w]/g, '')).join('+');
  const kind = /^smurf/.test(config.training.reward) ? 'smurf' : config.training.agent;
  const times = prepared.markets.map(({ series, split }) => ({
    market: `${series.venue}:${series.symbol}`,
    ...Object.fromEntries(
      (['train', 'validation', 'test'] as const).map((fold) => [
        fold,
        [series.timeMs[split[fold].from], series.timeMs[split[fold].to - 1] + series.timeframeMs],
      ]),
    ),
  }));
  return registry.register(`${kind}-${symbols}-s${config.seed}`, {
    kind: 'train',
    config: { ...(trialConfig(config, prepared) as { [key: string]: Json }), ...options.decisive },
    seed: config.seed,
    dataHash: prepared.dataHash,
    codeVersion: runContext.codeVersion,
    kernels: { name, isa, fused, threads },
    registeredAtMs: runContext.clock.nowMs(),
    notes: {
      ...options.notes,
      settings: config as unknown as Json,
      featureSetReason: prepared.setReason,
      folds: times as unknown as Json,
    },
  });
}

/** How long a training on these markets takes, and how often it stops to look: what `config` leaves open is filled in. */
export function planTraining(
  { training }: ExperimentConfig,
  prepared: Prepared,
): { readonly steps: number; readonly validateEvery: number; readonly checkpointEvery: number } {
  const bars = prepared.markets.reduce((sum, { split }) => sum + split.train.to - split.train.from, 0);
  const steps = training.steps ?? findLearner(training.agent).defaultSteps(bars);
  const tenth = Math.ceil(steps / 10);
  const { validateEvery, checkpointEvery } = training;
  return { steps, validateEvery: validateEvery ?? tenth, checkpointEvery: checkpointEvery ?? tenth };
}

/** Trains as `config` says. Throws InputError where the data doesn't fit it, or a resume doesn't fit its run. */
export async function trainRun(options: TrainRunOptions, runContext: RunContext): Promise<TrainRun> {
  const { config, series } = options;
  const { files, kernels, clock, signal } = runContext;
  const prepared = prepareMarkets(series, config, options.scaler);
  const registry = new RunRegistry(files);
  const spec = describeAgent(config, prepared);
  const agent = createAgent(kernels, config, spec);
  const env = createEnv(config, prepared, agent.environments);

  let run: Run;
  if (options.resume === undefined) run = register(registry, options, prepared, runContext);
  else {
    run = registry.open(options.resume);
    if (run.registration.dataHash !== prepared.dataHash)
      throw new InputError(
        `run ${run.name} was started on data with SHA-256 ${run.registration.dataHash.slice(0, 12)}..., the database now gives ${prepared.dataHash.slice(0, 12)}...; restore the data or start a new run`,
      );
  }
  using _lock = run.lockForTraining();
  options.onStart?.(run, prepared);
  const folder = `${CHECKPOINTS}/${run.name}`;
  const { validate = (one: Learner) => validationLogReturn(one, prepared, config) } = options;
  let isFirst = options.resume !== undefined;
  const result = await train({
    agent,
    env,
    seed: config.seed,
    ...planTraining(config, prepared),
    validate: validate && ((one) => validate(one, prepared)),
    files,
    folder,
    // Killed before its first checkpoint, it goes on from its beginning.
    resume: options.resume !== undefined && hasCheckpoint(files, `${folder}/last`),
    clock,
    ...(signal === undefined ? {} : { signal }),
    onProgress(progress) {
      // What the stopped run reported after the checkpoint that was resumed from is reported again.
      if (isFirst) run.truncateMetrics(agent.steps - 1);
      isFirst = false;
      run.appendMetrics({
        step: progress.steps,
        ...progress.metrics,
        ...(progress.validation === null ? {} : { validation: progress.validation }),
      });
      options.onProgress?.(progress);
    },
  });
  run.syncMetrics();
  return { ...result, run, prepared, agent, folder };
}
