/** One training, from candles to checkpoints: registered before it starts, validated on its own fold, resumable. */

import { hasCheckpoint } from '../agents/checkpoint.ts';
import { findLearner } from '../agents/index.ts';
import type { Learner } from '../agents/learner.ts';
import { type Progress, readTrainingProgress, type TrainResult, train, type Validation } from '../agents/train.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import type { Scaler } from '../features/scaler.ts';
import { type Run, RunRegistry } from '../runs/registry.ts';
import type { ExperimentConfig } from './config.ts';
import { extensionOf, keepExtension } from './extension.ts';
import { createAgent, describeAgent } from './fresh-agent.ts';
import { type Prepared, prepareMarkets } from './prepare.ts';
import { CHECKPOINTS, type RunContext } from './run-context.ts';
import { keepStanding } from './standing.ts';
import { createTrainingEnv } from './training-env.ts';
import { trialConfig } from './trial.ts';
import { validateAgent } from './validation.ts';

export interface TrainRunOptions {
  readonly series: readonly CandleSeries[];
  readonly config: ExperimentConfig;
  /** Go on with this run; the series must be the ones it was started with. */
  readonly resume?: string;
  /** Steps to go on for in all, where that isn't what the run was started for; rates follow the new length from there. */
  readonly extendTo?: number;
  /**
   * Judges an agent, after so many training steps, on the validation fold; default: `validateAgent`. null: nobody does,
   * and the last agent is the best.
   */
  readonly validate?: ((agent: Learner, prepared: Prepared, updates: number) => Validation | number) | null;
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

/** A training of `trainRun`, with its run in the registry. */
export interface TrainRun extends TrainResult {
  readonly run: Run;
  readonly prepared: Prepared;
  readonly agent: Learner;
  /** Folder of best/ and last/ in the storage. */
  readonly folder: string;
}

/** Symbols in a run's name: all of a few, the first and a count of many. */
function nameSymbols(symbols: readonly string[]): string {
  const names = symbols.map((symbol) => symbol.replaceAll(/[^\w]/g, ''));
  return names.length <= 3 ? names.join('-') : `${names[0]}-and-${names.length - 1}-more`;
}

/** Into the registry before anything is done. @param kind of what is made: a training, or an ensemble of some */
export function registerTraining(
  kind: 'train' | 'ensemble',
  options: Pick<TrainRunOptions, 'config' | 'decisive' | 'notes'>,
  prepared: Prepared,
  runContext: RunContext,
): Run {
  const { config } = options;
  const { name, isa, fused, threads } = runContext.kernels;
  const symbols = nameSymbols(prepared.markets.map(({ series }) => series.symbol));
  const agent = /^smurf/.test(config.training.reward) ? 'smurf' : config.training.agent;
  const times = prepared.markets.map(({ series, split }) => ({
    market: `${series.venue}:${series.symbol}`,
    ...Object.fromEntries(
      (['train', 'validation', 'test'] as const).map((fold) => [
        fold,
        [series.timeMs[split[fold].from], series.timeMs[split[fold].to - 1] + series.timeframeMs],
      ]),
    ),
  }));
  return new RunRegistry(runContext.files).register(
    `${agent}-${kind === 'ensemble' ? 'ensemble-' : ''}${symbols}-s${config.seed}`,
    {
      kind,
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
    },
  );
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

function withSteps(config: ExperimentConfig, steps: number): ExperimentConfig {
  return { ...config, training: { ...config.training, steps } };
}

/** @throws InputError where the run has been trained for as long already */
function requireLonger(files: FileSystem, run: Run, steps: number): void {
  const last = `${CHECKPOINTS}/${run.name}/last`;
  const trained = hasCheckpoint(files, last) ? readTrainingProgress(files, last).steps : 0;
  if (trained >= steps)
    throw new InputError(`run ${run.name} has been trained for ${trained} steps already; give --steps more than that`);
}

/** Trains as `config` says. Throws InputError where the data doesn't fit it, or a resume doesn't fit its run. */
export async function trainRun(options: TrainRunOptions, runContext: RunContext): Promise<TrainRun> {
  const { config, series } = options;
  const { files, kernels, clock, signal } = runContext;
  const prepared = prepareMarkets(series, config, options.scaler && { scaler: options.scaler });
  const registry = new RunRegistry(files);
  const spec = describeAgent(config, prepared, options.decisive);
  const agent = createAgent(kernels, config, spec);
  const env = createTrainingEnv(config, prepared, agent.environments);
  agent.examine?.(env);

  let run: Run;
  if (options.resume === undefined) run = registerTraining('train', options, prepared, runContext);
  else {
    run = registry.open(options.resume);
    if (run.registration.dataHash !== prepared.dataHash)
      throw new InputError(
        `run ${run.name} was started on data with SHA-256 ${run.registration.dataHash.slice(0, 12)}..., the database now gives ${prepared.dataHash.slice(0, 12)}...; restore the data or start a new run`,
      );
  }
  using _lock = run.lockForTraining();
  const folder = `${CHECKPOINTS}/${run.name}`;
  const { extendTo } = options;
  if (extendTo !== undefined) {
    requireLonger(files, run, extendTo);
    keepExtension(run, extendTo);
  }
  const plan = planTraining(extendTo === undefined ? config : withSteps(config, extendTo), prepared);
  options.onStart?.(run, prepared);
  const { validate = (one: Learner, _: Prepared, updates: number) => validateAgent(one, prepared, config, updates) } =
    options;
  let isFirst = options.resume !== undefined;
  const result = await train({
    agent,
    type: findLearner(agent.kind),
    env,
    seed: config.seed,
    ...plan,
    extend: extensionOf(run) !== null,
    validate: validate && ((one, updates) => validate(one, prepared, updates)),
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
  if (result.status === 'finished' && result.best?.standing) keepStanding(run, prepared, result.best.standing);
  return { ...result, run, prepared, agent, folder };
}
