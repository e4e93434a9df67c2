/** What counts as one trial, and the names under which a run keeps what it tried. */
import type { Json } from '../core/json.ts';
import { spansOf } from '../evaluate/looks.ts';
import { hashJson } from '../runs/registry.ts';
import { dropOtherAgents, type ExperimentConfig } from './config.ts';
import type { Prepared, PreparedMarket } from './prepare.ts';

export type Fold = 'test' | 'validation';

/** A checkpoint's folder: its last part says whether it is the best, the last or an integrated one. */
interface CheckpointPath {
  readonly path: string;
}

/** What decides the outcome of a training but its seed: two runs with the same one are one trial. */
export function trialConfig(config: ExperimentConfig, prepared: Pick<Prepared, 'markets' | 'set'>): Json {
  const { seed: _, evaluation: __, shield: ___, preset: ____, ...rest } = dropOtherAgents(config);
  const symbols = prepared.markets.map(({ series }) => `${series.venue}:${series.symbol}`);
  return { ...rest, symbols, featureSet: prepared.set.name } as unknown as Json;
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

/** Everything that is tried on a test fold but the seed: what has the same hash is one trial. */
export function hashTrial(
  { path }: CheckpointPath,
  { shield, account }: Pick<ExperimentConfig, 'shield' | 'account'>,
  trained: Json,
  { supervised, resting }: { readonly supervised: boolean; readonly resting: boolean },
): string {
  const part = path.slice(path.lastIndexOf('/') + 1);
  return hashJson({ trained, part, shield, account, supervised, ...(resting ? { resting } : {}) } as unknown as Json);
}
