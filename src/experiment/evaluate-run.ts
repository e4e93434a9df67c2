/** A checkpoint on the fold that it never saw: counted as a trial before it looks, judged beside all baselines. */
import { EnsembleAgent } from '../agents/ensemble.ts';
import {
  findObstacle,
  type LoadedAgent,
  loadAgent,
  openCheckpoint,
  type Standing,
  summariseStanding,
} from '../agents/index.ts';
import { HOLD } from '../core/action.ts';
import { type Agent, PLAIN } from '../core/agent.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { SHIELD_COLUMNS, type Shield } from '../core/shield.ts';
import type { AblationRow } from '../evaluate/ablation.ts';
import { type CostStudy, studyCosts } from '../evaluate/cost-study.ts';
import { type Evaluation, evaluate } from '../evaluate/evaluation.ts';
import { scalerFromJson } from '../features/scaler.ts';
import type { Kernels } from '../nn/index.ts';
import { hashJson, type Run, RunRegistry } from '../runs/registry.ts';
import type { ExperimentConfig } from './config.ts';
import { ablateMarket, rememberDecisions } from './counterfactuals.ts';
import { extensionOf, trainedConfig } from './extension.ts';
import { type Prepared, prepareMarkets } from './prepare.ts';
import { CHECKPOINTS, type RunContext } from './run-context.ts';
import { shieldFor } from './shield.ts';
import { type Fold, foldSpans, hashTrial, lineageOf, nameFold, nameResult, type Tried, trialConfig } from './trial.ts';

export interface Checkpoint {
  /** As the user named it. */
  readonly name: string;
  readonly agent: LoadedAgent;
  /** Folder of the checkpoint. */
  readonly path: string;
  /** The run that made it; null for one from elsewhere. */
  readonly run: Run | null;
  /** What the validation said of it; null where nobody validated, or before that was kept. */
  readonly standing: Standing | null;
  /** SHA-256 of what it holds: the same weights looked at twice are one look. */
  readonly weights: string;
}

/** Whether an agent does nothing, since its gate is closed and no person said otherwise. */
export function isResting({ standing }: Pick<Checkpoint, 'standing'>, force = false): boolean {
  return standing !== null && !standing.gate.open && !force;
}

/** The agent, or what acts in its place where it rests. */
export function restOrAct(checkpoint: Pick<Checkpoint, 'agent' | 'standing'>, force = false): Agent {
  const { agent } = checkpoint;
  if (!isResting(checkpoint, force)) return agent;
  return { kind: agent.kind, getAction: () => HOLD, decide: () => PLAIN[HOLD] };
}

/**
 * Finds a checkpoint by what a user names: a run (its best), `RUN/last`, `RUN/integrated`, or the path of a folder.
 * @param elsewhere where a folder that is no run's lies; default: in the storage
 * @throws InputError where there is none, or none that is whole
 */
export function findCheckpoint(
  name: string,
  runContext: RunContext,
  elsewhere: (path: string) => { readonly files: FileSystem; readonly path: string } = (path) => ({
    files: runContext.files,
    path,
  }),
  flag = '--checkpoint',
): Checkpoint {
  const { files, kernels } = runContext;
  const registry = new RunRegistry(files);
  const [stem, ...rest] = name.split('/');
  if (registry.has(stem) && rest.length <= 1) {
    const path = `${CHECKPOINTS}/${stem}/${rest[0] ?? 'best'}`;
    if (openable(files, path)) return { name, path, run: registry.open(stem), ...load(files, path, kernels) };
    throw new InputError(`run ${stem} has no checkpoint '${rest[0] ?? 'best'}' yet; train it further or name RUN/last`);
  }
  const other = elsewhere(name);
  if (!openable(other.files, other.path))
    throw new InputError(
      `${flag} ${name}: neither a run (see 'tradernet runs list') nor a folder with a checkpoint.json`,
    );
  return { name, path: other.path, run: null, ...load(other.files, other.path, kernels) };
}

/** SHA-256 of what a run's best checkpoint holds. */
export function weightsOf(files: FileSystem, run: string): string {
  return hashJson(openCheckpoint(files, `${CHECKPOINTS}/${run}/best`).description.files);
}

function load(files: FileSystem, path: string, kernels: Kernels): Pick<Checkpoint, 'agent' | 'standing' | 'weights'> {
  const agent = loadAgent(files, path, kernels);
  const { standing, files: contents } = openCheckpoint(files, path).description;
  return { agent, standing, weights: hashJson(contents) };
}

function openable(files: FileSystem, path: string): boolean {
  return files.isDirectory(path) || files.isDirectory(`${path}.old`);
}

/** The settings under which a checkpoint sees the market: what it was trained with, over what the caller says. */
export function settingsOf(agent: LoadedAgent, config: ExperimentConfig): ExperimentConfig {
  const { spec } = agent;
  const scaler = scalerFromJson(spec.scaler);
  // Which profile masked the training doesn't matter any more, only that the agent sees what a shield allows.
  const wasMasked = SHIELD_COLUMNS.every((column) => spec.accountColumns.includes(column));
  const maskByShield = wasMasked ? (config.training.maskByShield ?? 'none') : null;
  return {
    ...config,
    features: {
      ...config.features,
      set: spec.featureSet,
      window: spec.window,
      scaler: scaler.method,
      accountFeatures: spec.accountColumns.length > 0,
    },
    training: { ...config.training, reward: spec.reward, rewardScale: spec.rewardScale, maskByShield },
  };
}

export interface EvaluateRunOptions {
  readonly checkpoint: Checkpoint;
  readonly series: readonly CandleSeries[];
  readonly config: ExperimentConfig;
  /** Default: test. Looking at the validation fold is no trial. */
  readonly fold?: Fold;
  /** The checkpoint behind the rule smurf. */
  readonly supervisor?: Pick<Checkpoint, 'agent' | 'weights'>;
  /** A person's word that an agent acts whose gate is closed. Default: false. */
  readonly force?: boolean;
  /** Whether a shield's counterfactual ledgers are kept beside the subject's; they take a while. Default: true. */
  readonly counterfactuals?: boolean;
  /** Whether costs, delay and size are varied. Default: false. */
  readonly costs?: boolean;
  readonly onEvaluation?: (symbol: string) => void;
}

/** An evaluation, with what the same agent would have done without each part of its shield. */
export interface RunEvaluation extends Evaluation {
  /** null without a shield, or where they weren't asked for. */
  readonly counterfactuals: readonly AblationRow[] | null;
  /** null where it wasn't asked for. */
  readonly costs: CostStudy | null;
}

/** What can be known of an evaluation before it looks at its fold. @throws InputError where the data doesn't fit */
export function prepareEvaluation({ checkpoint, series, config: asked, supervisor, force }: EvaluateRunOptions): {
  readonly config: ExperimentConfig;
  readonly prepared: Prepared;
  /** What stands around the weights, and the hash of all that is tried but the seed. */
  trialOf(config: ExperimentConfig): { readonly tried: Tried; readonly trial: string };
} {
  const { agent, run } = checkpoint;
  const config = settingsOf(agent, asked);
  const { timeframeMs } = agent.spec;
  for (const one of series)
    if (one.timeframeMs !== timeframeMs)
      throw new InputError(
        `${one.symbol}: bars of ${one.timeframeMs / 60_000} min, but the checkpoint was trained on ${timeframeMs / 60_000} min; give --timeframe`,
      );
  const prepared = prepareMarkets(series, config, {
    scaler: scalerFromJson(agent.spec.scaler),
    extraColumns: agent.spec.accountColumns,
  });
  // A copy is known by what made it, wherever it lies and whatever it is called.
  const trained = [
    lineageOf(agent) ?? (run === null ? trialConfig(config, prepared) : trainedConfig(run)),
    run === null ? null : extensionOf(run),
  ];
  const lineage = supervisor === undefined ? null : (lineageOf(supervisor.agent) ?? supervisor.weights);
  return {
    config,
    prepared,
    trialOf({ shield, account }) {
      const tried = { shield, account, supervisor: supervisor?.weights ?? null, resting: isResting(checkpoint, force) };
      return { tried, trial: hashTrial(checkpoint, tried, trained, lineage) };
    },
  };
}

/** The run that keeps what is tried on a test fold. A checkpoint from elsewhere has none here, and counts all the same. */
export function recordOf(
  { agent, run }: Checkpoint,
  config: ExperimentConfig,
  prepared: Prepared,
  registry: RunRegistry,
  { kernels, codeVersion, clock }: RunContext,
): Run {
  if (run !== null) return run;
  const { name, isa, fused, threads } = kernels;
  return registry.register(`evaluate-${agent.kind}`, {
    kind: 'evaluate',
    config: trialConfig(config, prepared),
    seed: config.seed,
    dataHash: prepared.dataHash,
    codeVersion,
    kernels: { name, isa, fused, threads },
    registeredAtMs: clock.nowMs(),
    notes: null,
  });
}

/** What a record keeps of an evaluation: enough to show it, and to judge it again. */
export function figuresOf({ judgement, subject, seed }: Evaluation): Json {
  const { verdict, keptWhenLate, seeds } = judgement;
  return { verdict, keptWhenLate, seeds, seed, ...subject.metrics } as unknown as Json;
}

/** One evaluation a market. @throws InputError where the data isn't what the checkpoint was made for */
export function evaluateRun(options: EvaluateRunOptions, runContext: RunContext): RunEvaluation[] {
  const { checkpoint, supervisor, force, fold = 'test', counterfactuals = true } = options;
  const { agent, run, standing, weights } = checkpoint;
  const rests = isResting(checkpoint, force);
  const { config, prepared, trialOf } = prepareEvaluation(options);
  const { profile } = config.shield;
  const registry = new RunRegistry(runContext.files);
  // A registry that can't be read is told of before a trial is written into it.
  for (const one of registry.list()) one.results();
  const shielded = supervisor === undefined ? {} : { supervisor: supervisor.agent };
  const recipe = fold === 'test' ? (agent.spec.origin?.recipe ?? null) : null;
  const record = fold === 'test' ? recordOf(checkpoint, config, prepared, registry, runContext) : run;
  return prepared.markets.map((market) => {
    options.onEvaluation?.(market.series.symbol);
    const foldKey = nameFold(market, fold);
    const { tried, trial: hash } = trialOf(config);
    const trial = fold === 'test' ? hash : null;
    const fromMs = market.series.timeMs[market.split[fold].from];
    const obstacle =
      fold === 'test'
        ? findObstacle([agent, ...Object.values(shielded)], fromMs)
        : 'these bars chose the checkpoint: figures, and no verdict';
    const result = nameResult(checkpoint, market.series.symbol, fold, profile);
    // Before the trial is written: a shield that can't be made has seen nothing.
    const shield: Shield | null = profile === 'none' ? null : shieldFor(config, agent, shielded);
    record?.startEvaluation(result, foldKey, trial, recipe);
    const { name, isa, fused } = runContext.kernels;
    const evaluation = evaluate({
      agent: restOrAct(checkpoint, force),
      label: `${agent.kind.toUpperCase()}${profile === 'none' ? '' : ` + shield (${profile})`}${rests ? ', gate closed' : ''}`,
      series: market.series,
      table: market.table,
      split: { train: market.split.train, test: market.split[fold] },
      account: config.account,
      shield,
      seed: config.seed,
      looks: { trials: registry.trials(foldKey, recipe), configHash: trial, weights, recipe, foldKey },
      obstacle,
      ownSeeds: agent instanceof EnsembleAgent ? agent.members.length : 1,
      resamples: config.evaluation.bootstrapSamples,
      fold,
      provenance: {
        checkpoint: checkpoint.name,
        agent: agent.kind,
        featureSet: prepared.set.name,
        shield: profile,
        dataHash: prepared.dataHash,
        codeVersion: runContext.codeVersion,
        kernels: `${name} ${isa}${fused ? ', fused multiply-add' : ''}`,
        trainedSeed: run?.registration.seed ?? null,
        validation: standing === null ? 'not judged' : summariseStanding(standing),
      },
    });
    const { chart: _, returns: __, held: ___, ...kept } = evaluation;
    record?.finishEvaluation(result, {
      evaluation: kept as unknown as Json,
      foldKey,
      trial,
      sharpePerBar: evaluation.judgement.sharpePerBar,
      weights,
      returns: evaluation.returns,
      held: evaluation.held,
      spans: foldSpans(market, fold),
      recipe,
      tried: tried as unknown as Json,
      figures: figuresOf(evaluation),
    });
    const ablation =
      shield !== null && counterfactuals && !rests ? ablateMarket(agent, market, config, fold, shielded) : null;
    const costs =
      options.costs === true && !rests
        ? studyCosts({
            makePolicy: rememberDecisions(agent, market.table),
            makeShield: () => (profile === 'none' ? null : shieldFor(config, agent, shielded)),
            ...{ series: market.series, table: market.table, account: config.account, rows: market.split[fold] },
          })
        : null;
    return { ...evaluation, counterfactuals: ablation?.rows ?? null, costs };
  });
}
