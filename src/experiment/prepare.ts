/**
 * From candles to what an agent is trained and judged on: feature tables, folds with an embargo, a scaler that has seen
 * the training folds alone. Several symbols are cut at the same times, so that none of them tells another's future.
 */
import { createHash } from 'node:crypto';
import { findLearner } from '../agents/index.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { rewardNamed } from '../env/rewards/index.ts';
import { embargoRows, type Split, splitChronologically } from '../evaluate/split.ts';
import { type ScaledTable, scaleTable } from '../features/observation.ts';
import { fitScaler, type Scaler } from '../features/scaler.ts';
import { chooseFeatureSet, type FeatureSet, featureSet, requireColumns } from '../features/sets.ts';
import { computeFeatures, type FeatureTable, joinRows } from '../features/table.ts';
import { hashSeries } from '../market/store.ts';
import { fitTrainingRange, type TrainingRange } from '../shield/index.ts';
import type { ExperimentConfig } from './config.ts';
import { shieldColumns } from './shield.ts';

export interface PreparedMarket {
  readonly series: CandleSeries;
  readonly features: FeatureTable;
  readonly table: ScaledTable;
  readonly split: Split;
}

/** An experiment's markets as training and evaluation use them. */
export interface Prepared {
  readonly set: FeatureSet;
  /** Why this set: one line for the registration. */
  readonly setReason: string;
  readonly scaler: Scaler;
  readonly markets: readonly PreparedMarket[];
  /** SHA-256 of every candle that was read. */
  readonly dataHash: string;
}

/** SHA-256 over all series, in order. */
export function hashMarkets(list: readonly CandleSeries[]): string {
  return createHash('sha256').update(list.map(hashSeries).join('\n')).digest('hex');
}

/** The largest set that every series can fill. */
function chooseSet(list: readonly CandleSeries[], name: string): { set: FeatureSet; reason: string } {
  if (name !== 'auto') {
    const set = featureSet(name);
    for (const series of list) requireColumns(set, series);
    return { set, reason: 'asked for' };
  }
  const choices = list.map(chooseFeatureSet);
  return choices.reduce((least, one) => (one.set.columns.length < least.set.columns.length ? one : least));
}

/**
 * Open times of the bars of all series together over the dates that they have in common, ascending: what shares of the
 * history are shares of. A series that begins earlier gives the training fold more.
 * @throws InputError where they have no date in common
 */
export function commonTimes(list: readonly CandleSeries[]): Float64Array {
  if (list.length === 1) return list[0].timeMs;
  const fromMs = Math.max(...list.map(({ timeMs }) => timeMs[0]));
  const toMs = Math.min(...list.map(({ timeMs }) => timeMs[timeMs.length - 1]));
  const day = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 10);
  if (fromMs >= toMs)
    throw new InputError(
      `${list.map(({ symbol, timeMs }) => `${symbol} goes from ${day(timeMs[0])} to ${day(timeMs[timeMs.length - 1])}`).join(', ')}: no date is in all of them; train them apart`,
    );
  const times = new Set<number>();
  for (const { timeMs } of list) for (const time of timeMs) if (time >= fromMs && time <= toMs) times.add(time);
  return Float64Array.from(times).sort();
}

/** Open times at which validation and test begin, and where several series end together, over their common dates. */
function cutTimes(list: readonly CandleSeries[], split: ExperimentConfig['split']) {
  const times = commonTimes(list);
  if (times.length < 10) throw new InputError(`${times.length} bars are too few to cut into folds; give more history`);
  const { train, validation } = split;
  if (train + validation >= 1)
    throw new InputError(
      `split.train ${train} and split.validation ${validation} leave nothing to test on: their sum must be below 1`,
    );
  const rowOf = (name: 'validationFrom' | 'testFrom' | 'testTo', byShare: number): number => {
    const moment = split[name];
    if (moment === null) return byShare;
    const row = times.findIndex((time) => time >= Date.parse(moment));
    if (row > 0) return row;
    const [first, last] = [times[0], times[times.length - 1]].map((time) => new Date(time).toISOString().slice(0, 10));
    throw new InputError(`split.${name} ${moment} lies outside the data, which goes from ${first} to ${last}`);
  };
  const testFrom = rowOf('testFrom', Math.floor(times.length * (train + validation)));
  const trained = split.testFrom === null ? times.length * train : (testFrom * train) / (train + validation);
  const validationFrom = rowOf('validationFrom', Math.floor(trained));
  const testEnd = () => {
    if (split.testTo !== null) return { testToMs: times[rowOf('testTo', times.length)] };
    return list.length === 1 ? {} : { testToMs: times[times.length - 1] + 1 };
  };
  return {
    ...(split.trainFrom === null ? {} : { trainFromMs: Date.parse(split.trainFrom) }),
    validationFromMs: times[validationFrom],
    testFromMs: times[testFrom],
    ...testEnd(),
  };
}

/** Bars between the folds of an experiment on these series. */
export function chooseEmbargo(
  list: readonly CandleSeries[],
  { features, training }: Pick<ExperimentConfig, 'features' | 'training'>,
): number {
  return embargoRows({
    window: features.window,
    memory: chooseSet(list, features.set).set.memory,
    horizon: rewardNamed(training.reward).horizon,
  });
}

/** The columns that follow the market's: what an agent of this kind can see of its account, and what masks it. */
function columnsBeside({ features, training }: Pick<ExperimentConfig, 'features' | 'training'>): readonly string[] {
  if (features.accountFeatures) return [...findLearner(training.agent).accountColumns, ...shieldColumns(training)];
  if (training.maskByShield === null) return [];
  throw new InputError('training.maskByShield needs features.accountFeatures: the mask follows from the account');
}

/**
 * Prepares the markets of an experiment, or as one sees them who was trained before: then nothing is fitted.
 * @example
 * const prepared = prepareMarkets([series], experimentSchema.parse({}));
 * prepared.markets[0].split.test.to; // => 2000
 */
export function prepareMarkets(
  list: readonly CandleSeries[],
  config: Pick<ExperimentConfig, 'features' | 'split' | 'training'>,
  seen?: { readonly scaler: Scaler; readonly extraColumns?: readonly string[] },
): Prepared {
  if (list.length === 0) throw new InputError('no market to prepare; name a symbol');
  const { set, reason } = chooseSet(list, config.features.set);
  const { window, scaler: method, columnScale: scale, clip } = config.features;
  const extraColumns = seen?.extraColumns ?? columnsBeside(config);
  const embargo = chooseEmbargo(list, config);
  const cuts = cutTimes(list, config.split);
  const features = list.map((series) => computeFeatures(series, set));
  const splits = list.map((series) => {
    try {
      return splitChronologically(series.timeMs, cuts, embargo);
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${series.symbol}: ${error.message}`);
      throw error;
    }
  });
  const training = joinRows(features.map((table, i) => ({ table, ...splits[i].train })));
  const scaler = seen?.scaler ?? fitScaler(training, 0, training.rows, method, { scale, clip });
  const markets = list.map((series, i) => ({
    series,
    features: features[i],
    table: scaleTable(features[i], scaler, { window, extraColumns }),
    split: splits[i],
  }));
  return { set, setReason: reason, scaler, markets, dataHash: hashMarkets(list) };
}

/** What the shield measures an observation's oddness against: the complete training rows of all markets. */
export function fitMarketsRange(markets: Prepared['markets']): TrainingRange {
  const rows: Float32Array[] = [];
  for (const { table, split } of markets)
    for (let row = split.train.from; row < split.train.to; row++)
      if (table.decidable[row] === 1)
        rows.push(table.data.subarray(row * table.width, row * table.width + table.marketWidth));
  const width = markets[0].table.marketWidth;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(row, i * width);
  });
  return fitTrainingRange(data, width);
}
