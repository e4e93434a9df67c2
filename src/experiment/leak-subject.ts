/** What a check for leaks looks at: the features of an experiment, a checkpoint, or somebody's own columns. */
import { type LoadedAgent, partsOf } from '../agents/index.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { randomPolicy } from '../evaluate/baselines/random.ts';
import type { Inputs } from '../evaluate/leaks/perturbations.ts';
import type { Subject } from '../evaluate/leaks/sight.ts';
import { agentPolicy } from '../evaluate/policy.ts';
import { rowAt, type Split } from '../evaluate/split.ts';
import { fitScaler, type Scaler, scalerFromJson } from '../features/scaler.ts';
import { defineFeatureSet, featureSet } from '../features/sets.ts';
import { computeFeatures, type FeatureTable, joinRows } from '../features/table.ts';
import { sliceSeries } from '../market/series.ts';
import { hashSeries } from '../market/store.ts';
import type { ExperimentConfig } from './config.ts';
import type { Prepared } from './prepare.ts';
import { shieldFor } from './shield.ts';

/** Requests of a policy that sees nothing: what its account comes to is the pipeline's alone. */
const RANDOM_RATE = 0.2;

/** The training fold, by time: no row is lost or won where the future is another one. */
interface TrainingTimes {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Open of the first training bar, and of the first that isn't one any more. */
export function trainingTimes({ timeMs }: CandleSeries, { train }: Split): TrainingTimes {
  return { fromMs: timeMs[train.from], toMs: timeMs[train.to] };
}

/** The columns of an experiment's set, with a scaler that is fitted anew on the training fold of each world. */
export function featuresSubject(prepared: Prepared, config: ExperimentConfig, times: TrainingTimes): Subject {
  const { window, scaler: method, columnScale: scale, clip } = config.features;
  return {
    features: (series) => computeFeatures(series, prepared.set),
    scaler: (table) =>
      fitScaler(table, rowAt(table.timeMs, times.fromMs), rowAt(table.timeMs, times.toMs), method, { scale, clip }),
    window,
    account: config.account,
    policy: () => randomPolicy('random', RANDOM_RATE, config.seed),
    shield: () => null,
  };
}

/** A checkpoint as it decides, with its scaler. @param config its own settings: see `settingsOf` */
export function checkpointSubject(agent: LoadedAgent, config: ExperimentConfig): Subject {
  const set = featureSet(agent.spec.featureSet);
  const scaler = scalerFromJson(agent.spec.scaler);
  return {
    features: (series) => computeFeatures(series, set),
    scaler: () => scaler,
    window: agent.spec.window,
    extraColumns: agent.spec.accountColumns,
    account: config.account,
    policy: () => agentPolicy(agent),
    shield: () => (config.shield.profile === 'none' ? null : shieldFor(config, agent, {})),
  };
}

/** Columns by name, one number a bar; NaN where there is none. */
export type OwnColumns = Readonly<Record<string, ArrayLike<number>>>;

/** What somebody's own file exports. */
export interface OwnFeatures {
  /** Columns by name, one number a bar of `series`. `trends`: the scores as Google exported them. */
  features(series: CandleSeries, trends: Inputs['trends']): OwnColumns;
  /** y = (x - shift) factor by column, fitted on the rows [from, to); default: the project's own. */
  scaler?(
    columns: OwnColumns,
    train: { readonly from: number; readonly to: number },
  ): Readonly<Record<string, { readonly shift: number; readonly factor: number }>>;
}

function ownTable(columns: OwnColumns, series: CandleSeries, name: string): FeatureTable {
  const names = Object.keys(columns);
  if (names.length === 0)
    throw new InputError(`${name}: features() returned no column; return { name: [a number a bar] }`);
  for (const column of names)
    if (columns[column]?.length !== series.length)
      throw new InputError(
        `${name}: column '${column}' has ${columns[column]?.length ?? 'no'} numbers for ${series.length} bars; give one a bar`,
      );
  const width = names.length;
  const rows = series.length;
  const data = new Float64Array(rows * width);
  const complete = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    names.forEach((column, c) => {
      data[i * width + c] = Number(columns[column][i]);
    });
    complete[i] = data.subarray(i * width, (i + 1) * width).every(Number.isFinite) ? 1 : 0;
  }
  const indicator = {
    id: name,
    columns: names,
    needs: 'candles',
    warmup: 0,
    memory: 0,
    start: () => () => {},
  } as const;
  const set = defineFeatureSet(name, [indicator]);
  return { set, columns: names, timeframeMs: series.timeframeMs, rows, width, data, complete, timeMs: series.timeMs };
}

/** Somebody's own columns in the place of the project's. @param name of the file, for messages */
export function ownSubject(own: OwnFeatures, name: string, base: Subject, times: TrainingTimes): Subject {
  return {
    ...base,
    features: (series, { trends }) => ownTable(own.features(series, trends), series, name),
    scaler(table) {
      if (own.scaler === undefined) return base.scaler(table);
      const { columns, width, rows, data, set, timeMs } = table;
      const named = Object.fromEntries(
        columns.map((column, c) => [column, Float64Array.from({ length: rows }, (_, i) => data[i * width + c])]),
      );
      const train = { from: rowAt(timeMs, times.fromMs), to: rowAt(timeMs, times.toMs) };
      const fitted = own.scaler(named, train);
      const pick = (field: 'shift' | 'factor') =>
        Float64Array.from(columns, (column) => {
          const value = fitted[column]?.[field];
          if (typeof value !== 'number' || !Number.isFinite(value))
            throw new InputError(
              `${name}: scaler() gives column '${column}' no ${field}; return { shift, factor } of each`,
            );
          return value;
        });
      const bound = Float64Array.from(columns, () => 1e9);
      return {
        ...{ method: 'standardise', columns, signature: set.signature, accountScale: 1 },
        ...{ shift: pick('shift'), factor: pick('factor'), low: bound.map((x) => -x), high: bound },
        fitted: { fromMs: times.fromMs, toMs: times.toMs, rows: train.to - train.from },
      };
    },
  };
}

/** Whether a checkpoint's scaler is what its training bars give. */
export type ScalerCheck =
  | { readonly state: 'clean' | 'unknown'; readonly agent: string; readonly reason: string }
  | { readonly state: 'leak'; readonly agent: string; readonly reason: string; readonly column: string };

/**
 * Fits each part's scaler anew on the bars that its checkpoint names as training, and compares.
 * @param list stored series, among them those that it was trained on
 */
export function checkScalers(agent: LoadedAgent, list: readonly CandleSeries[]): ScalerCheck[] {
  return partsOf(agent)
    .filter(({ parts }) => parts === undefined)
    .map((part) => checkScaler(part, list));
}

function checkScaler({ kind, spec }: LoadedAgent, list: readonly CandleSeries[]): ScalerCheck {
  const unknown = (reason: string): ScalerCheck => ({ state: 'unknown', agent: kind, reason });
  const seen = (spec.origin?.seen ?? []).filter(({ fold }) => fold === 'train');
  if (seen.length === 0) return unknown('the checkpoint does not say which bars it was trained on; train it anew');
  const scaler = scalerFromJson(spec.scaler);
  const set = featureSet(spec.featureSet);
  const parts: { table: FeatureTable; from: number; to: number }[] = [];
  for (const { market, timeframeMs, fromMs, toMs, hash } of seen) {
    const series = list.find((one) => `${one.venue}:${one.symbol}` === market && one.timeframeMs === timeframeMs);
    if (series === undefined) return unknown(`${market} is not among the symbols given`);
    const [from, to] = [fromMs, toMs].map((time) => rowAt(series.timeMs, time));
    if (hashSeries(sliceSeries(series, from, to)) !== hash)
      return unknown(`the stored candles of ${market} are not those that it was trained on`);
    parts.push({ table: computeFeatures(series, set), from, to });
  }
  const joined = joinRows(parts);
  const again: Scaler = fitScaler(joined, 0, joined.rows, scaler.method, { scale: scaler.accountScale });
  const at = set.columns.findIndex(
    (_, c) => again.shift[c] !== scaler.shift[c] || again.factor[c] !== scaler.factor[c],
  );
  if (at < 0) return { state: 'clean', agent: kind, reason: 'its scaler is what its training bars give' };
  const column = set.columns[at];
  return {
    ...{ state: 'leak', agent: kind, column },
    reason: `its scaler has ${scaler.shift[at]} and ${scaler.factor[at]} for column ${column}, and its training bars give ${again.shift[at]} and ${again.factor[at]}: it was fitted on other bars`,
  };
}
