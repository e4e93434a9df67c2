/**
 * The verdict on a ledger, in one of six sentences. The rule, asked in this order:
 *
 * 1. "can't be judged": some part of the agent was trained or chosen on these bars, or nobody knows.
 * 2. "too little data to judge": fewer than 250 bars, or less than 30 days.
 * 3. "worse than holding": the 95 % interval of alpha lies below 0, alpha = mean(r - beta r_hold).
 * 4. "no evidence of an edge": no money was made, or alpha's lower 95 % bound is not above 0, or the best of everything
 *    that looked at these bars is this good by luck with more than 5 % (superior predictive ability).
 * 5. "suspicious: look for a leak": a Sharpe ratio above 5 after costs, or a profit that all but vanishes with one bar of
 *    delay. Markets don't pay like this; mistakes do.
 * 6. "edge", on at least 20 trades; else "too little data to judge".
 *
 * Alpha doesn't care how large the bets are, so the verdict doesn't. The returns are those of the configuration: the mean
 * over all its seeds that were looked at here. Intervals are those of the stationary bootstrap over the same bars of both
 * ledgers; returns are simple, so that on a martingale every policy's mean is its costs.
 * `npm run calibration` measures how often it errs.
 */
import { Rng } from '../core/rng.ts';
import { alphaOverFolds, estimateAlpha } from './alpha.ts';
import { type Interval, optimalBlockLength } from './bootstrap.ts';
import { barReturns, type Ledger } from './ledger.ts';
import { type Looks, meanOf, NO_LOOKS } from './looks.ts';
import {
  barsPerYear,
  deflatedSharpe,
  expectedMaximumSharpe,
  minimumTrackRecord,
  probabilisticSharpe,
  sharpeSample,
  type Trials,
} from './sharpe-ratio.ts';
import { type SuperiorAbility, testSuperiorAbility } from './superior-ability.ts';

/**
 * The six sentences that an evaluation may come to.
 * @example
 * VERDICTS[1]; // => 'no evidence of an edge'
 */
export const VERDICTS = [
  'edge',
  'no evidence of an edge',
  'worse than holding',
  'too little data to judge',
  'suspicious: look for a leak',
  "can't be judged",
] as const;
/** One of `VERDICTS`. */
export type VerdictText = (typeof VERDICTS)[number];

const FEWEST_BARS = 250;
const FEWEST_DAYS = 30;
const FEWEST_TRADES = 20;
export const CONFIDENCE = 0.95;
/** A result this good by luck alone is no evidence. */
export const LARGEST_P = 0.05;
/** A year's Sharpe ratio after costs above which a mistake is likelier than a market. */
export const HIGHEST_SHARPE = 5;
/** Seeds of a configuration that a verdict should rest on. */
export const SEEDS_ASKED = 5;
/** Rounds of the bootstrap where nobody says otherwise. */
const RESAMPLES = 2000;
/** Of each look: with hundreds of them this is most of the time. */
const LOOK_RESAMPLES = 1000;
const DAY_MS = 86_400_000;
/** Stream of the seed that the resampling draws from. */
const STREAM = 43;

export interface Judgement {
  readonly verdict: VerdictText;
  /** What decided it, in plain words with the figures. */
  readonly reason: string;
  /** A year: what was earned beyond the share of the market that was held, and that share. */
  readonly alpha: Interval;
  readonly beta: Interval;
  /** How likely luck alone is this good among all who looked; null where returns don't vary. */
  readonly superior: SuperiorAbility | null;
  /** Seeds that the subject stands for, all of the configuration that the verdict rests on, and how many it should. */
  readonly seeds: { readonly own: number; readonly seen: number; readonly asked: number };
  /** Share of a clear profit before costs that one bar of delay leaves; null where that was not tried. */
  readonly keptWhenLate: number | null;
  /** Mean simple return a year (arithmetic, not compounded). */
  readonly meanReturn: Interval;
  /** The same, minus buy-and-hold's. */
  readonly excessReturn: Interval;
  /** Mean length of a resampled block, in bars. */
  readonly meanBlock: number;
  /** Sharpe ratio per bar of the ledger itself; null where returns don't vary, as the next four. */
  readonly sharpePerBar: number | null;
  /** Probability that the true Sharpe ratio is above 0, were this the only trial. */
  readonly probabilisticSharpe: number | null;
  /**
   * The same, given all trials on this fold. It takes the trials for draws of one kind: six bad ones make luck look
   * larger than it is, and clones count each. It is printed, and decides nothing.
   */
  readonly deflatedSharpe: number | null;
  /** Per bar: what the best of as many worthless trials is expected to reach. */
  readonly luckySharpe: number | null;
  /** Bars after which a Sharpe ratio like this would be evidence at 95 %; null where none would be. */
  readonly minimumBars: number | null;
  readonly trials: number;
}

/** What a judgement knows beside the two ledgers. */
export interface Circumstances {
  readonly seed: number;
  /** Default: nobody else has looked. */
  readonly looks?: Looks;
  /** Why nothing can be concluded from these bars; default: nothing is in the way. */
  readonly obstacle?: string | null;
  /** Share of a clear profit before costs that one bar of delay leaves; null (default) where that was not tried. */
  readonly keptWhenLate?: number | null;
  /** Rounds of the bootstrap. */
  readonly resamples?: number;
  /** Seeds that the subject itself stands for: the members of an ensemble. Default: 1. */
  readonly ownSeeds?: number;
  /** Bars of each fold, where the subject was trained anew for each: then alpha is judged by the folds' means alone. */
  readonly folds?: readonly number[];
}

/** Verdicts on a configuration, which one seed alone doesn't make. */
const SAYS_SOMETHING: ReadonlySet<VerdictText> = new Set(['edge', 'no evidence of an edge', 'worse than holding']);
/** Of a clear profit so much must be left one bar late. */
const LEAST_KEPT = 0.25;

/**
 * Few known Sharpe ratios say nothing about their variance; from here on it is taken from them.
 * @param sharpes one a configuration that has seen the test fold, per bar; null where it isn't known
 */
export function countTrials(sharpes: readonly (number | null)[]): Trials {
  const known = sharpes.filter((sharpe) => sharpe !== null);
  const count = Math.max(1, sharpes.length);
  if (known.length < 5) return { count, sharpeVariance: null };
  const mean = known.reduce((sum, sharpe) => sum + sharpe, 0) / known.length;
  const squares = known.reduce((sum, sharpe) => sum + (sharpe - mean) * (sharpe - mean), 0);
  return { count, sharpeVariance: squares / (known.length - 1) };
}

function perYear(interval: Interval, factor: number): Interval {
  const { estimate, lower, upper, confidence } = interval;
  return { estimate: estimate * factor, lower: lower * factor, upper: upper * factor, confidence };
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** A mean return a year; nobody loses more than all there is. */
function span({ lower, upper }: Interval): string {
  return `${percent(Math.max(-1, lower))} to ${percent(Math.max(-1, upper))} a year`;
}

/** What became of the starting equity. */
function change(grown: number): string {
  return `${grown > 1 ? '+' : ''}${percent(grown - 1)}`;
}

const plural = (count: number, one: string, many: string) => (count === 1 ? `one ${one}` : `${count} ${many}`);

/** What of a ledger a judgement rests on, so that a registered evaluation can be judged again. */
export interface Sample {
  /** (n) simple returns, and `held` (n) those of buy-and-hold over the same bars. */
  readonly returns: Float64Array;
  readonly held: Float64Array;
  readonly timeframeMs: number;
  readonly trades: number;
  readonly feesPaid: number;
}

/** Both ledgers must cover the same bars. */
export function judge(ledger: Ledger, holding: Ledger, circumstances: Circumstances): Judgement {
  const { timeframeMs, trades, feesPaid } = ledger;
  const [returns, held] = [barReturns(ledger), barReturns(holding)];
  return judgeSample({ returns, held, timeframeMs, feesPaid, trades: trades.length }, circumstances);
}

/** As `judge`, of what the registry keeps. */
export function judgeSample(subject: Sample, circumstances: Circumstances): Judgement {
  const {
    seed,
    looks = NO_LOOKS,
    obstacle = null,
    keptWhenLate = null,
    resamples = RESAMPLES,
    ownSeeds = 1,
    folds,
  } = circumstances;
  const { returns: own, held, timeframeMs } = subject;
  const bars = own.length + 1;
  const returns = looks.seeds.length === 0 ? own : meanOf([own, ...looks.seeds]);
  const excess = returns.map((value, i) => value - held[i]);
  // n^(1/3) at least: automatic lengths of 1 leave the clustering of volatility out.
  const meanBlock = Math.max(Math.cbrt(returns.length), optimalBlockLength(returns), optimalBlockLength(excess));
  const rng = new Rng(seed, STREAM);
  const options = { meanBlock, resamples, confidence: CONFIDENCE, rng };
  const year = barsPerYear(timeframeMs);
  const market = estimateAlpha(returns, held, options);
  // One fold is one training, like any other evaluation.
  const bounds = folds === undefined || folds.length < 2 ? market : alphaOverFolds(returns, held, folds, CONFIDENCE);
  const alpha = perYear(bounds.alpha, year);
  const beyond = returns.map((value, i) => value - market.beta.estimate * held[i]);
  const superior = testSuperiorAbility(beyond, looks.others, looks.unknown, { ...options, resamples: LOOK_RESAMPLES });
  const ownSample = sharpeSample(own);
  const sample = sharpeSample(returns);
  const trials = countTrials([...looks.sharpes, ownSample?.sharpe ?? null]);
  const minimum = sample && minimumTrackRecord(sample);
  const seeds = { own: ownSeeds, seen: ownSeeds + looks.seeds.length, asked: SEEDS_ASKED };
  const costs = subject.feesPaid > 0 ? 'after costs' : 'with no fee charged';
  const looked = plural(trials.count, 'configuration', 'configurations');

  const decide = (): { verdict: VerdictText; reason: string } => {
    const days = (bars * timeframeMs) / DAY_MS;
    const grown = returns.reduce((equity, value) => equity * (1 + value), 1);
    if (obstacle !== null) return { verdict: "can't be judged", reason: obstacle };
    if (bars < FEWEST_BARS || days < FEWEST_DAYS)
      return {
        verdict: 'too little data to judge',
        reason: `${bars} bars over ${days.toFixed(1)} days; at least ${FEWEST_BARS} bars and ${FEWEST_DAYS} days are needed`,
      };
    if (alpha.upper < 0)
      return {
        verdict: 'worse than holding',
        reason: `it made ${change(grown)} in ${Math.round(days)} days, less than the same share of the market (beta ${market.beta.estimate.toFixed(2)}) held without trading; with 95 % confidence that is no bad luck`,
      };
    const doubts: string[] = [];
    if (subject.trades === 0) doubts.push('it made no trade');
    else if (grown <= 1) doubts.push(`it made no money (${change(grown)} in ${Math.round(days)} days)`);
    if (bounds.alphaFloor <= 0)
      doubts.push(`what it earned beyond its share of the market may be nothing (${span(alpha)})`);
    else if (superior === null || superior.p > LARGEST_P)
      doubts.push(`luck alone is this good in ${percent(superior?.p ?? 1)} of cases, with ${looked} looked at`);
    if (doubts.length > 0) return { verdict: 'no evidence of an edge', reason: doubts.join('; ') };
    const sharpe = (sample?.sharpe ?? 0) * Math.sqrt(year);
    const suspicions: string[] = [];
    if (sharpe > HIGHEST_SHARPE)
      suspicions.push(
        `a Sharpe ratio of ${sharpe.toFixed(1)} ${costs} is too good for a market (more than ${HIGHEST_SHARPE})`,
      );
    if (keptWhenLate !== null && keptWhenLate < LEAST_KEPT)
      suspicions.push(`one bar of delay leaves ${percent(Math.max(0, keptWhenLate))} of its Sharpe ratio`);
    if (suspicions.length > 0) return { verdict: 'suspicious: look for a leak', reason: suspicions.join('; ') };
    if (subject.trades < FEWEST_TRADES)
      return {
        verdict: 'too little data to judge',
        reason: `it looks good, on ${subject.trades} trades only; at least ${FEWEST_TRADES} are needed`,
      };
    return {
      verdict: 'edge',
      reason: `it earned more than its share of the market (${span(alpha)}), ${costs}; luck alone is this good in ${percent(superior?.p ?? 1)} of cases, with ${looked} looked at`,
    };
  };
  const decided = decide();
  const few = seeds.seen < seeds.asked && SAYS_SOMETHING.has(decided.verdict);
  return {
    ...decided,
    reason: few
      ? `${decided.reason}; this is ${plural(seeds.seen, 'seed', 'seeds')} of ${seeds.asked}`
      : decided.reason,
    alpha,
    beta: market.beta,
    superior,
    seeds,
    keptWhenLate,
    meanReturn: perYear(market.mean, year),
    excessReturn: perYear(market.excess, year),
    meanBlock,
    sharpePerBar: ownSample?.sharpe ?? null,
    probabilisticSharpe: ownSample && probabilisticSharpe(ownSample, 0),
    deflatedSharpe: ownSample && deflatedSharpe(ownSample, trials),
    luckySharpe: ownSample && expectedMaximumSharpe(trials.count, trials.sharpeVariance ?? 1 / (ownSample.bars - 1)),
    minimumBars: minimum === null || !Number.isFinite(minimum) ? null : Math.ceil(minimum),
    trials: trials.count,
  };
}
