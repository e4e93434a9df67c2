/** What counts as one trial, and the names under which a run keeps what it tried. */
import { type LoadedAgent, partsOf } from '../agents/index.ts';
import type { Json } from '../core/json.ts';
import { loadedPlugins } from '../core/plugged.ts';
import { spansOf } from '../evaluate/looks.ts';
import { hashJson } from '../runs/registry.ts';
import { dropOtherAgents, type ExperimentConfig } from './config.ts';
import type { Prepared, PreparedMarket } from './prepare.ts';
import { maskSettings } from './shield.ts';

export type Fold = 'test' | 'validation';

/** A checkpoint's folder: its last part says whether it is the best, the last or an integrated one. */
interface CheckpointPath {
  readonly path: string;
}

/** What stands around the weights of an agent that is tried. */
export interface Tried {
  readonly shield: ExperimentConfig['shield'];
  readonly account: ExperimentConfig['account'];
  /** SHA-256 of the supervisor behind the rule smurf; null without one. */
  readonly supervisor: string | null;
  /** Whether a closed gate kept the agent from acting. */
  readonly resting: boolean;
}

/** What decides the outcome of a training but its seed. */
export function trialConfig(config: ExperimentConfig, prepared: Pick<Prepared, 'markets' | 'set'>): Json {
  const { seed: _, evaluation: __, shield: ___, preset: ____, ...rest } = dropOtherAgents(config);
  const symbols = prepared.markets.map(({ series }) => `${series.venue}:${series.symbol}`);
  const plugins = loadedPlugins();
  return {
    ...rest,
    ...{ ...maskSettings(config), symbols, featureSet: prepared.set.name },
    // What they hold is no setting, and decides as much.
    ...(plugins.length === 0 ? {} : { plugins }),
  } as unknown as Json;
}

/** The same without its folds, which a checkpoint's origin names by their candles. */
export function recipeOf(config: Json): Json {
  const { split: _, ...rest } = config as { readonly [key: string]: Json };
  return rest;
}

/** Names a market's fold by its times, so that the same bars are the same fold however they were imported. */
export function nameFold({ series, split }: PreparedMarket, fold: Fold): string {
  const { from, to } = split[fold];
  return `${series.venue}:${series.symbol}:${series.timeframeMs}:${series.timeMs[from]}-${series.timeMs[to - 1]}`;
}

/** When the returns of a fold were known: its bars but the first, as runs without a gap. */
export function foldSpans({ series, split }: PreparedMarket, fold: Fold): [number, number][] {
  const { from, to } = split[fold];
  return spansOf(series.timeMs.subarray(from + 1, to), series.timeframeMs);
}

/** Name of an evaluation among a run's results. */
export function nameResult({ path }: CheckpointPath, symbol: string, fold: Fold, profile: string): string {
  const part = path.slice(path.lastIndexOf('/') + 1);
  return `${part === 'best' ? '' : `${part}-`}${fold}-${symbol.replaceAll(/[^\w]/g, '')}-${profile}`;
}

/** Where every part of an agent comes from, whatever its seed and wherever it lies; null where one of them doesn't say. */
export function lineageOf(agent: LoadedAgent): Json {
  const origins = partsOf(agent)
    .filter(({ parts }) => parts === undefined)
    .map(({ kind, spec }) => (spec.origin ? { kind, ...spec.origin } : null));
  return origins.some((one) => one === null) ? null : (origins as unknown as Json);
}

/**
 * Everything that is tried on a test fold but the seed: what has the same hash is one trial.
 * @param trained what decided the weights
 * @param supervisor the same of the supervisor's; null without one
 */
export function hashTrial(
  { path, run }: CheckpointPath & { readonly run: unknown },
  { shield, account, resting }: Omit<Tried, 'supervisor'>,
  trained: Json,
  supervisor: Json,
): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  // A copy has any name, and is what it was copied from: a run's best, unless it says that it is not.
  const part = run === null && name !== 'last' && name !== 'integrated' ? 'best' : name;
  return hashJson({ trained, part, shield, account, supervisor, resting } as unknown as Json);
}
