import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { withPlugged } from '../core/plugged.ts';
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
import { addIndicator, dropColumn, refuseArguments, type WrittenSet } from './set-terms.ts';
import { parseTerms } from './set-text.ts';
import { stochastic } from './stochastic.ts';
import { trends } from './trends.ts';
import { volumeFlow } from './volume-flow.ts';
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

/** Words that a set's name can carry since before it was a text: `tradernet21+aroon-high-low+second-difference`. */
const VARIANTS = ['aroon-high-low', 'second-difference'] as const;
type Variant = (typeof VARIANTS)[number];

function isVariant(name: string): name is Variant {
  return (VARIANTS as readonly string[]).includes(name);
}

/** The columns between the log returns and the trends, in units of price and volume or free of scale. */
function middle(scaleFree: boolean, variants: readonly Variant[]): Indicator[] {
  const per = scaleFree ? 'close' : 'price';
  return [
    hour.create({}),
    macd.create({ per }),
    stochastic.create({}),
    aroon.create({ source: variants.includes('aroon-high-low') ? 'high-low' : 'close' }),
    rsi.create({}),
    adx.create({}),
    cci.create({}),
    dema.create({ per }),
    vwap.create({ per }),
    bollinger.create({ per }),
    volumeFlow.create({
      unit: scaleFree ? 'mean-volume' : 'volume',
      difference: variants.includes('second-difference') ? 'second' : 'first',
    }),
  ];
}

const returns = [logReturns.create({}), tradesLogReturns.create({})];

type Recipe = (variants: readonly Variant[]) => readonly Indicator[];

const recipes = new Map<string, Recipe>([
  // Scale-free, so that what was learned at one price level holds at another.
  ['tradernet21', (v) => [...returns, ...middle(true, v), trends.create({ missing: 'refuse' })]],
  ['tradernet20', (v) => [...returns, ...middle(true, v)]],
  ['tradernet19', (v) => [returns[0], ...middle(true, v)]],
  // The published system's columns word for word: in units of price and volume, missing trends as zeros.
  ['tradernet21-published', (v) => [...returns, ...middle(false, v), trends.create({ missing: 'zero' })]],
]);

/** A set that a plugin describes by a text, which may name the plugin's own indicators. */
interface PluggedSet {
  readonly name: string;
  readonly text: string;
}

for (const { name, text } of withPlugged<readonly PluggedSet[]>('featureSets', [])) {
  if (recipes.has(name)) throw new InputError(`a plugin adds the feature set '${name}', and there is one already`);
  recipes.set(name, () => featureSet(text).indicators);
}

/**
 * The names that `featureSet` takes, before any variants.
 * @example
 * featureSetNames().includes('tradernet21'); // => true
 */
export function featureSetNames(): string[] {
  return [...recipes.keys()];
}

/**
 * Adds a set of one's own under a new name; it takes no variants.
 * @throws InputError where the name is taken
 * @example
 * registerFeatureSet('trend-only', featureSet('macd').indicators);
 * featureSet('trend-only').columns.length > 0; // => true
 */
export function registerFeatureSet(name: string, indicators: readonly Indicator[]): void {
  if (recipes.has(name)) throw new InputError(`feature set '${name}' exists already; choose another name`);
  recipes.set(name, () => indicators);
}

/**
 * The set that a text describes: a name (`tradernet21`), indicators added to it and columns taken out of it
 * (`tradernet21 + atr(14) - hour`), or indicators alone. Its name is the text with every argument written out, so that
 * it describes the same columns for as long as there are these indicators.
 * @throws InputError with the place in the text where something is unknown or doesn't fit
 * @example
 * featureSet('tradernet21 + atr(14) - hour').columns.includes('hour'); // => false
 */
export function featureSet(text: string): FeatureSet {
  const whole = recipes.get(text);
  if (whole !== undefined) return defineFeatureSet(text, whole([]));
  const [first, ...terms] = parseTerms(text);
  const recipe = recipes.get(first.name);
  let set: WrittenSet;
  if (recipe === undefined) set = addIndicator({ name: '', indicators: [] }, first, text, featureSetNames());
  else {
    refuseArguments(first, text);
    const variants: Variant[] = [];
    while (terms.length > 0 && terms[0].sign === '+' && isVariant(terms[0].name))
      variants.push(terms.shift()?.name as Variant);
    set = { name: [first.name, ...variants].join('+'), indicators: recipe(variants) };
  }
  for (const term of terms) set = term.sign === '+' ? addIndicator(set, term, text) : dropColumn(set, term, text);
  return defineFeatureSet(set.name, set.indicators);
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
