import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { adx } from './adx.ts';
import { aroon } from './aroon.ts';
import { bollinger } from './bollinger.ts';
import { cci } from './cci.ts';
import { dema } from './dema.ts';
import { hour } from './hour.ts';
import type { Indicator } from './indicator.ts';
import { logReturns, tradesLogReturns } from './log-returns.ts';
import { macd } from './macd.ts';
import { rsi } from './rsi.ts';
import { stochastic } from './stochastic.ts';
import { trends } from './trends.ts';
import { type FlowDifference, volumeFlow } from './volume-flow.ts';
import { vwap } from './vwap.ts';

/** An ordered list of indicators: the columns that an agent sees. */
export interface FeatureSet {
  readonly name: string;
  readonly indicators: readonly Indicator[];
  readonly columns: readonly string[];
  /** Bars after a start or a gap that give no complete row. */
  readonly warmup: number;
  /** The longest memory of a column, in bars: what an embargo between folds has to cover. */
  readonly memory: number;
  /** Canonical text of the columns, options included; its hash binds a checkpoint to what it was trained on. */
  readonly signature: string;
}

export function defineFeatureSet(name: string, indicators: readonly Indicator[]): FeatureSet {
  return {
    name,
    indicators,
    columns: indicators.flatMap((indicator) => indicator.columns),
    warmup: Math.max(...indicators.map((indicator) => indicator.warmup)),
    memory: Math.max(...indicators.map((indicator) => indicator.memory)),
    signature: indicators.map((indicator) => `${indicator.id}:${indicator.columns.join(',')}`).join(';'),
  };
}

/** Options that a set's name can carry, as in `tradernet21+aroon-high-low+second-difference`. */
export const FEATURE_VARIANTS = ['aroon-high-low', 'second-difference'] as const;
export type FeatureVariant = (typeof FEATURE_VARIANTS)[number];

/** The columns between the log returns and the trends, in units of price and volume or free of scale. */
function middle(scaleFree: boolean, variants: readonly FeatureVariant[]): Indicator[] {
  const per = scaleFree ? 'close' : 'price';
  const unit = scaleFree ? 'mean-volume' : 'volume';
  const difference: FlowDifference = variants.includes('second-difference') ? 'second' : 'first';
  const source = variants.includes('aroon-high-low') ? 'high-low' : 'close';
  return [
    ...[hour, macd(per), stochastic, aroon(source), rsi, adx, cci, dema(per), vwap(per), bollinger(per)],
    volumeFlow(unit, difference),
  ];
}

type Recipe = (variants: readonly FeatureVariant[]) => readonly Indicator[];

const recipes = new Map<string, Recipe>([
  // Scale-free, so that what was learned at one price level holds at another.
  ['tradernet21', (v) => [logReturns, tradesLogReturns, ...middle(true, v), trends('refuse')]],
  ['tradernet20', (v) => [logReturns, tradesLogReturns, ...middle(true, v)]],
  ['tradernet19', (v) => [logReturns, ...middle(true, v)]],
  // The published system's columns word for word: in units of price and volume, missing trends as zeros.
  ['tradernet21-published', (v) => [logReturns, tradesLogReturns, ...middle(false, v), trends('zero')]],
]);

export function featureSetNames(): string[] {
  return [...recipes.keys()];
}

/** Adds a set of one's own under a new name; it takes no variants. */
export function registerFeatureSet(name: string, indicators: readonly Indicator[]): void {
  if (recipes.has(name)) throw new InputError(`feature set '${name}' exists already; choose another name`);
  recipes.set(name, () => indicators);
}

/** @throws InputError for an unknown name or variant. */
export function featureSet(name: string): FeatureSet {
  const [base, ...variants] = name.split('+');
  const recipe = recipes.get(base);
  if (recipe === undefined)
    throw new InputError(`unknown feature set '${base}'; choose one of ${featureSetNames().join(', ')}`);
  for (const variant of variants)
    if (!(FEATURE_VARIANTS as readonly string[]).includes(variant))
      throw new InputError(`unknown variant '${variant}' of ${base}; choose from ${FEATURE_VARIANTS.join(', ')}`);
  return defineFeatureSet(name, recipe(variants as FeatureVariant[]));
}

/** What a series has beyond candles. A stretch without (fresh) values refuses the whole column. */
function whatIsMissing(series: CandleSeries, needs: 'trades' | 'trends'): string | null {
  const values = series[needs];
  const what = needs === 'trades' ? 'trade counts' : 'trends';
  if (values === null) return `${series.symbol} has no ${what}`;
  let missing = 0;
  let first = 0;
  for (let i = values.length - 1; i >= 0; i--)
    if (Number.isNaN(values[i])) {
      missing++;
      first = i;
    }
  if (missing === 0) return null;
  const since = new Date(series.timeMs[first]).toISOString();
  return `${series.symbol} has no ${what} for ${missing} of ${values.length} bars, the first at ${since}`;
}

/**
 * The largest default set whose columns the data can fill: 21, without trends 20, without trade counts 19. A column of
 * zeros never pretends to be data. `reason` is one line for the run's registration.
 */
export function chooseFeatureSet(series: CandleSeries): { readonly set: FeatureSet; readonly reason: string } {
  const trades = whatIsMissing(series, 'trades');
  if (trades !== null) return { set: featureSet('tradernet19'), reason: trades };
  const noTrends = whatIsMissing(series, 'trends');
  if (noTrends !== null) return { set: featureSet('tradernet20'), reason: noTrends };
  return { set: featureSet('tradernet21'), reason: `${series.symbol} has trade counts and trends throughout` };
}

/** @throws InputError where the set asks for a column that the data can't fill throughout. */
export function requireColumns(set: FeatureSet, series: CandleSeries): void {
  for (const { needs, columns } of set.indicators) {
    if (needs === 'candles') continue;
    const missing = whatIsMissing(series, needs);
    if (missing === null) continue;
    const fitting = chooseFeatureSet(series).set.name;
    throw new InputError(`${set.name} needs ${columns.join(', ')}, but ${missing}; use --set ${fitting} or import it`);
  }
}
