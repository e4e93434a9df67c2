/** A checkpoint on the fold that it never saw: counted as a trial before it looks, judged beside all baselines. */
import { type LoadedAgent, loadAgent } from '../agents/index.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import type { SafetyLayer } from '../core/safety.ts';
import { type Evaluation, evaluate } from '../evaluate/evaluation.ts';
import { countTrials } from '../evaluate/verdict.ts';
import { scalerFromJson } from '../features/scaler.ts';
import { hashJson, type Run, RunRegistry, trialSharpes } from '../runs/registry.ts';
import { createShield, type Overrides, rangeOf, type Shield } from '../shield/index.ts';
import type { ExperimentConfig } from './config.ts';
import { type PreparedMarket, prepareMarkets } from './prepare.ts';
import { CHECKPOINTS, trialConfig, type Workplace } from './train-run.ts';

export interface Checkpoint {
  readonly agent: LoadedAgent;
  /** Folder of the checkpoint. */
  readonly path: string;
  /** The run that made it; null for one from elsewhere. */
  readonly run: Run | null;
}

/**
 * Finds a checkpoint by what a user names: a run (its best), `RUN/last`, or the path of a folder.
 * @throws InputError where there is none, or none that is whole
 */
export function findCheckpoint(
  name: string,
  workplace: Workplace,
  elsewhere: (path: string) => { readonly files: FileSystem; readonly path: string },
): Checkpoint {
  const { files, kernels } = workplace;
  const registry = new RunRegistry(files);
  const [stem, ...rest] = name.split('/');
  if (registry.has(stem) && rest.length <= 1) {
    const path = `${CHECKPOINTS}/${stem}/${rest[0] ?? 'best'}`;
    if (openable(files, path)) return { agent: loadAgent(files, path, kernels), path, run: registry.open(stem) };
    throw new InputError(`run ${stem} has no checkpoint '${rest[0] ?? 'best'}' yet; train it further or name RUN/last`);
  }
  const other = elsewhere(name);
  if (!openable(other.files, other.path))
    throw new InputError(
      `--checkpoint ${name}: neither a run (see 'tradernet runs list') nor a folder with a checkpoint.json`,
    );
  return { agent: loadAgent(other.files, other.path, kernels), path: other.path, run: null };
}

function openable(files: FileSystem, path: string): boolean {
  return files.isDirectory(path) || files.isDirectory(`${path}.old`);
}

/** The shield that a configuration describes, around this agent. */
export function shieldFor(
  config: ExperimentConfig,
  agent: LoadedAgent,
  options: { readonly without?: readonly string[]; readonly supervisor?: LoadedAgent } = {},
): Shield {
  const { profile, exits, rules } = config.shield;
  const { supervisor, without = [] } = options;
  return createShield({
    profile,
    ...(exits === null ? {} : { exits }),
    overrides: rules as Overrides,
    without,
    primary: agent,
    ...rangeOf(agent.spec),
    ...(supervisor === undefined ? {} : { supervisor, supervisorFeatures: supervisor.spec.columns.length }),
  });
}

/** The settings under which a checkpoint sees the market: what it was trained with, over what the caller says. */
export function settingsOf(agent: LoadedAgent, config: ExperimentConfig): ExperimentConfig {
  const { spec } = agent;
  const scaler = scalerFromJson(spec.scaler);
  return {
    ...config,
    features: {
      set: spec.featureSet,
      timeframe: spec.timeframe,
      scaler: scaler.method,
      accountFeatures: spec.accountColumns.length > 0,
    },
    training: { ...config.training, reward: spec.reward, rewardScale: spec.rewardScale },
  };
}

export interface EvaluateRunOptions {
  readonly checkpoint: Checkpoint;
  readonly series: readonly CandleSeries[];
  readonly config: ExperimentConfig;
  /** Default: test. Looking at the validation fold is no trial. */
  readonly fold?: 'test' | 'validation';
  readonly supervisor?: LoadedAgent;
  readonly onEvaluation?: (symbol: string) => void;
}

/** Names a market's fold by its times, so that the same bars are the same fold however they were imported. */
export function nameFold({ series, split }: PreparedMarket, fold: 'test' | 'validation'): string {
  const { from, to } = split[fold];
  return `${series.venue}:${series.symbol}:${series.timeframeMs}:${series.timeMs[from]}-${series.timeMs[to - 1]}`;
}

/** One evaluation a market. @throws InputError where the data isn't what the checkpoint was made for */
export function evaluateRun(options: EvaluateRunOptions, workplace: Workplace): Evaluation[] {
  const { checkpoint, series, supervisor, fold = 'test' } = options;
  const { agent, run } = checkpoint;
  const config = settingsOf(agent, options.config);
  const { timeframeMs } = agent.spec;
  for (const one of series)
    if (one.timeframeMs !== timeframeMs)
      throw new InputError(
        `${one.symbol}: bars of ${one.timeframeMs / 60_000} min, but the checkpoint was trained on ${timeframeMs / 60_000} min; give --timeframe`,
      );
  const prepared = prepareMarkets(series, config, scalerFromJson(agent.spec.scaler));
  const { profile } = config.shield;
  const registry = new RunRegistry(workplace.files);
  const tried: Json = {
    trained: run?.registration.config ?? trialConfig(config, prepared),
    shield: config.shield as unknown as Json,
    account: config.account as unknown as Json,
    supervised: supervisor !== undefined,
  };
  return prepared.markets.map((market) => {
    options.onEvaluation?.(market.series.symbol);
    const foldKey = nameFold(market, fold);
    const trial = fold === 'test' ? hashJson(tried) : null;
    const result = `${fold}-${market.series.symbol.replaceAll(/[^\w]/g, '')}-${profile}`;
    run?.startEvaluation(result, foldKey, trial);
    const safety: SafetyLayer | null =
      profile === 'none' ? null : shieldFor(config, agent, supervisor === undefined ? {} : { supervisor });
    const { name, isa, fused } = workplace.kernels;
    const evaluation = evaluate({
      agent,
      label: `${agent.kind.toUpperCase()}${profile === 'none' ? '' : ` + shield (${profile})`}`,
      series: market.series,
      table: market.table,
      split: { train: market.split.train, test: market.split[fold] },
      account: config.account,
      safety,
      seed: config.seed,
      trials: countTrials(trialSharpes(registry.trials(foldKey))),
      fold,
      provenance: {
        checkpoint: run?.name ?? checkpoint.path,
        agent: agent.kind,
        featureSet: prepared.set.name,
        shield: profile,
        dataHash: prepared.dataHash,
        codeVersion: workplace.codeVersion,
        kernels: `${name} ${isa}${fused ? ', fused multiply-add' : ''}`,
        trainedSeed: run?.registration.seed ?? null,
      },
    });
    run?.finishEvaluation(result, {
      foldKey,
      trial,
      sharpePerBar: evaluation.judgement.sharpePerBar,
      returns: evaluation.returns,
      figures: { verdict: evaluation.judgement.verdict, ...evaluation.subject.metrics } as unknown as Json,
    });
    return evaluation;
  });
}
