/**
 * One verdict on each configuration of a walk-forward, over all its folds: its returns fold after fold, each the mean of
 * its seeds, judged by its folds' means, beside the other configurations and whatever else has looked at these bars.
 */
import { beyondMarket, type JudgedBars, meanOf, sortLooks } from '../evaluate/looks.ts';
import { describeRegimes, type Regime } from '../evaluate/regimes.ts';
import { type Judgement, judgeSample } from '../evaluate/verdict.ts';
import { parseFoldKey, type RunRegistry } from '../runs/registry.ts';
import type { Score } from './walk-forward.ts';

export interface FoldsVerdict {
  readonly agent: string;
  readonly profile: Score['profile'];
  readonly symbol: string;
  readonly judgement: Judgement;
  readonly regimes: readonly Regime[];
  /** Mean over the seeds, fold by fold. */
  readonly foldReturns: readonly number[];
}

/** A configuration on one symbol, fold after fold. */
interface Joined {
  readonly scores: readonly Score[];
  readonly lengths: readonly number[];
  readonly returns: Float64Array;
  readonly held: Float64Array;
  /** (n) opens of the bars at whose closes the returns were known. */
  readonly timeMs: readonly number[];
}

/** Values by key, in order of first appearance. */
function groupBy<T>(values: readonly T[], key: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return [...groups.values()];
}

function join(scores: readonly Score[]): Joined {
  const folds = groupBy(scores, ({ fold }) => `${fold}`).sort((a, b) => a[0].fold - b[0].fold);
  const means = folds.map((seeds) => meanOf(seeds.map(({ returns }) => Float64Array.from(returns))));
  return {
    scores,
    lengths: means.map(({ length }) => length),
    returns: Float64Array.from(means.flatMap((fold) => Array.from(fold))),
    held: Float64Array.from(folds.flatMap(([{ record }]) => record.held ?? [])),
    timeMs: folds.flatMap(([{ record }]) => {
      const timeframeMs = parseFoldKey(record.foldKey)?.timeframeMs ?? 0;
      return (record.spans ?? []).flatMap(([first, n]) => Array.from({ length: n }, (_, i) => first + i * timeframeMs));
    }),
  };
}

const grow = (returns: readonly number[]) => returns.reduce((equity, value) => equity * (1 + value), 1) - 1;

/** @param seedsOf how many seeds a score of this agent stands for: the members of an ensemble */
export function judgeFolds(
  scores: readonly Score[],
  registry: RunRegistry,
  options: { readonly seed: number; readonly resamples: number; seedsOf(agent: string): number },
): FoldsVerdict[] {
  const configurations = groupBy(scores, ({ agent, profile, symbol }) => `${agent} ${profile} ${symbol}`).map(join);
  // What this walk-forward looked at itself stands beside the subject fold after fold, not once more by folds.
  const ownTrials = new Set(scores.map(({ run, record }) => `${run} ${record.trial}`));
  return configurations.map((subject) => {
    const [{ agent, profile, symbol, record }] = subject.scores;
    const fold = parseFoldKey(record.foldKey);
    const { returns, held, timeMs, lengths } = subject;
    const timeframeMs = fold?.timeframeMs ?? Number.NaN;
    const market = fold?.market ?? record.foldKey;
    const bars: JudgedBars = { market, timeframeMs, held, timeMs: [timeMs[0] - timeframeMs, ...timeMs] };
    const foldKey = `${market}:${timeframeMs}:${timeMs[0]}-${timeMs[timeMs.length - 1]}`;
    const { recipe = null } = record;
    const elsewhere = registry
      .trials(foldKey, recipe)
      .filter(({ run, configHash }) => !ownTrials.has(`${run} ${configHash}`));
    const looks = sortLooks(bars, elsewhere, { configHash: null, weights: '', recipe, foldKey });
    const rivals = configurations
      .filter((one) => one !== subject && one.scores[0].symbol === symbol && one.returns.length === returns.length)
      .map((one) => beyondMarket(one.returns, held));
    const late = subject.scores
      .map(({ record }) => (record.figures as { keptWhenLate?: number | null } | null)?.keptWhenLate ?? null)
      .filter((kept) => kept !== null);
    const figure = (name: string) =>
      subject.scores.reduce(
        (sum, { record }) => sum + Number((record.figures as Record<string, unknown>)[name] ?? 0),
        0,
      );
    const seeds = new Set(subject.scores.map(({ seed }) => seed)).size;
    const judgement = judgeSample(
      { returns, held, timeframeMs, trades: figure('trades') / seeds, feesPaid: figure('feesPaid') },
      {
        ...{ seed: options.seed, resamples: options.resamples, folds: lengths },
        looks: {
          ...looks,
          others: [...looks.others, ...rivals],
          sharpes: [...looks.sharpes, ...rivals.map(() => null)],
        },
        ownSeeds: seeds * options.seedsOf(agent),
        keptWhenLate: late.length === 0 ? null : late.reduce((sum, kept) => sum + kept, 0) / late.length,
      },
    );
    const foldReturns = groupBy(subject.scores, (score) => `${score.fold}`)
      .sort((a, b) => a[0].fold - b[0].fold)
      .map((list) => list.reduce((sum, score) => sum + grow(score.returns), 0) / list.length);
    return { agent, profile, symbol, judgement, regimes: describeRegimes(returns, held, timeframeMs), foldReturns };
  });
}
