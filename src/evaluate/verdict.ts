/**
 * The verdict on a ledger, in one of four sentences. The rule, asked in this order:
 *
 * 1. "too little data to judge": fewer than 250 bars, or less than 30 days.
 * 2. "worse than holding": the interval of the mean bar return minus buy-and-hold's lies below 0.
 * 3. "edge": money was made; the interval of the mean bar return lies above 0 (better than flat, after costs); the
 *    interval of its difference to buy-and-hold lies above 0; the deflated Sharpe ratio, which knows how many
 *    configurations have seen this fold, is at least 0.95. With fewer than 20 trades: "too little data to judge".
 * 4. "no evidence of an edge": all else.
 *
 * Intervals are two-sided 95 % ones of the stationary bootstrap over the same bars of both ledgers; returns are simple,
 * so that on a martingale every policy's mean is its costs. Either comparison alone is not enough: holding less than
 * everything beats holding in a falling market, and holding beats flat in a rising one, without any skill.
 * `scripts/calibrate-verdict.ts` measures how often worthless policies are called an edge.
 */
import { Rng } from '../core/rng.ts';
import { bootstrapMeans, type Interval, optimalBlockLength } from './bootstrap.ts';
import { barReturns, type Ledger } from './ledger.ts';
import {
  barsPerYear,
  deflatedSharpe,
  expectedMaximumSharpe,
  minimumTrackRecord,
  probabilisticSharpe,
  sharpeSample,
  type Trials,
} from './sharpe-ratio.ts';

/**
 * The four sentences that an evaluation may come to.
 * @example
 * VERDICTS[1]; // => 'no evidence of an edge'
 */
export const VERDICTS = ['edge', 'no evidence of an edge', 'worse than holding', 'too little data to judge'] as const;
/** One of the four. */
export type VerdictText = (typeof VERDICTS)[number];

export const FEWEST_BARS = 250;
export const FEWEST_DAYS = 30;
export const FEWEST_TRADES = 20;
export const CONFIDENCE = 0.95;
/** Rounds of the bootstrap where nobody says otherwise. */
export const RESAMPLES = 2000;
const DAY_MS = 86_400_000;
/** Stream of the seed that the resampling draws from. */
const STREAM = 43;

export interface Judgement {
  readonly verdict: VerdictText;
  /** What decided it, in plain words with the figures. */
  readonly reason: string;
  /** Mean simple return a year (arithmetic, not compounded). */
  readonly meanReturn: Interval;
  /** The same, minus buy-and-hold's. */
  readonly excessReturn: Interval;
  /** Mean length of a resampled block, in bars. */
  readonly meanBlock: number;
  /** Sharpe ratio per bar; null where returns don't vary, as the next four. */
  readonly sharpePerBar: number | null;
  /** Probability that the true Sharpe ratio is above 0, were this the only trial. */
  readonly probabilisticSharpe: number | null;
  /** The same, given all trials on this fold. */
  readonly deflatedSharpe: number | null;
  /** Per bar: what the best of as many worthless trials is expected to reach. */
  readonly luckySharpe: number | null;
  /** Bars after which a Sharpe ratio like this would be evidence at 95 %; null where none would be. */
  readonly minimumBars: number | null;
  readonly trials: number;
}

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

/** What became of the starting equity over the whole ledger. */
function change({ equity, bars, startingEquity }: Ledger): string {
  const made = equity[bars - 1] / startingEquity - 1;
  return `${made > 0 ? '+' : ''}${percent(made)}`;
}

/** Both ledgers must cover the same bars. */
export function judge(ledger: Ledger, holding: Ledger, trials: Trials, seed: number, resamples = RESAMPLES): Judgement {
  const returns = barReturns(ledger);
  const held = barReturns(holding);
  const excess = returns.map((value, i) => value - held[i]);
  // n^(1/3) at least: automatic lengths of 1 leave the clustering of volatility out.
  const meanBlock = Math.max(Math.cbrt(returns.length), optimalBlockLength(returns), optimalBlockLength(excess));
  const options = { meanBlock, resamples, confidence: CONFIDENCE, rng: new Rng(seed, STREAM) };
  const year = barsPerYear(ledger.timeframeMs);
  const [meanReturn, excessReturn] = bootstrapMeans([returns, excess], options).map((interval) =>
    perYear(interval, year),
  );
  const sample = sharpeSample(returns);
  const deflated = sample && deflatedSharpe(sample, trials);
  const minimum = sample && minimumTrackRecord(sample);

  const costs = ledger.feesPaid > 0 ? 'after costs' : 'with no fee charged';

  const decide = (): { verdict: VerdictText; reason: string } => {
    const days = (ledger.bars * ledger.timeframeMs) / DAY_MS;
    if (ledger.bars < FEWEST_BARS || days < FEWEST_DAYS)
      return {
        verdict: 'too little data to judge',
        reason: `${ledger.bars} bars over ${days.toFixed(1)} days; at least ${FEWEST_BARS} bars and ${FEWEST_DAYS} days are needed`,
      };
    if (excessReturn.upper < 0)
      return {
        verdict: 'worse than holding',
        reason: `it made ${change(ledger)} in ${Math.round(days)} days and buy-and-hold ${change(holding)}; with 95 % confidence that is no bad luck`,
      };
    const doubts: string[] = [];
    const made = ledger.equity[ledger.bars - 1] > ledger.startingEquity;
    if (meanReturn.upper < 0) doubts.push(`it loses money, ${change(ledger)} in ${Math.round(days)} days`);
    else if (!made || meanReturn.lower <= 0) doubts.push(`its mean return may be nothing (${span(meanReturn)})`);
    if (excessReturn.estimate <= 0) doubts.push(`it has no lead over buy-and-hold, which made ${change(holding)}`);
    else if (excessReturn.lower <= 0) doubts.push(`its lead over buy-and-hold may be luck (${span(excessReturn)})`);
    if (deflated === null || deflated < CONFIDENCE) {
      const probability = deflated === null ? 'undefined' : deflated.toFixed(3);
      const words = trials.count === 1 ? 'one trial' : `${trials.count} trials`;
      doubts.push(`the deflated Sharpe ratio after ${words} is ${probability}, below ${CONFIDENCE}`);
    }
    if (doubts.length > 0) return { verdict: 'no evidence of an edge', reason: doubts.join('; ') };
    if (ledger.trades.length < FEWEST_TRADES)
      return {
        verdict: 'too little data to judge',
        reason: `it looks good, on ${ledger.trades.length} trades only; at least ${FEWEST_TRADES} are needed`,
      };
    return {
      verdict: 'edge',
      reason: `better than flat (${span(meanReturn)}) and than buy-and-hold (${span(excessReturn)}), ${costs}, with ${trials.count === 1 ? 'one trial' : `${trials.count} trials`} counted`,
    };
  };

  return {
    ...decide(),
    meanReturn,
    excessReturn,
    meanBlock,
    sharpePerBar: sample?.sharpe ?? null,
    probabilisticSharpe: sample && probabilisticSharpe(sample, 0),
    deflatedSharpe: deflated,
    luckySharpe: sample && expectedMaximumSharpe(trials.count, trials.sharpeVariance ?? 1 / (sample.bars - 1)),
    minimumBars: minimum === null || !Number.isFinite(minimum) ? null : Math.ceil(minimum),
    trials: trials.count,
  };
}
