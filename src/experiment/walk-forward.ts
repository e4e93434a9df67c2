/**
 * Walk-forward: the same training on several stretches of history and with several seeds, each tested on what came
 * next, under several profiles of the shield. Every part is an ordinary run of the registry, so what is there already
 * isn't done again, and whatever it says can be looked up.
 */
import { hasCheckpoint, readTrainingProgress } from '../agents/index.ts';
import type { CandleSeries } from '../core/candle.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { Rng } from '../core/rng.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import { summarizeDifferences, summarizeSeeds } from '../evaluate/seeds.ts';
import { walkForward } from '../evaluate/split.ts';
import { canonicalJson, type EvaluationRecord, parseFoldKey, type Run, RunRegistry } from '../runs/registry.ts';
import type { Profile } from '../shield/index.ts';

import { dropOtherAgents, type ExperimentConfig } from './config.ts';
import { isResting } from './evaluate-run.ts';
import { chooseEmbargo, commonTimes } from './prepare.ts';
import { tryReadSettings } from './registered-settings.ts';

import { CHECKPOINTS } from './run-context.ts';
import { maskSettings } from './shield.ts';
import { standingOf } from './standing.ts';
import { SUPERVISION } from './supervise.ts';
import { nameResult, type Tried } from './trial.ts';

/** One training of a walk-forward: its settings, the fold's cuts and the seed among them. */
export interface Part {
  readonly fold: number;
  readonly seed: number;
  readonly config: ExperimentConfig;
}

export interface WalkForwardPlan {
  readonly folds: number;
  /** Seeds a fold, counted from the configuration's. */
  readonly seeds: number;
  /** Share of the bars that the test folds cover together. */
  readonly testShare: number;
  /** Training is as long for each fold as for the first, and begins later and later; else it begins with the data. */
  readonly rolling?: boolean;
}

/**
 * The parts, fold by fold. A fold's validation has the configuration's share of what comes before its test.
 * @throws InputError where a fold would be too short
 */
export function planParts(list: readonly CandleSeries[], config: ExperimentConfig, plan: WalkForwardPlan): Part[] {
  const times = commonTimes(list);
  const { train, validation } = config.split;
  const splits = walkForward(times.length, {
    folds: plan.folds,
    testShare: plan.testShare,
    validationShare: validation / (train + validation),
    anchored: plan.rolling !== true,
    embargo: chooseEmbargo(list, config),
  });
  const at = (row: number) => (row < times.length ? new Date(times[row]).toISOString() : null);
  return splits.flatMap(({ train, validation, test }, fold) => {
    const cuts = {
      trainFrom: plan.rolling === true ? at(train.from) : config.split.trainFrom,
      ...{ validationFrom: at(validation.from), testFrom: at(test.from), testTo: at(test.to) },
    };
    return Array.from({ length: plan.seeds }, (_, i) => {
      const seed = config.seed + i;
      return { fold, seed, config: { ...config, seed, split: { ...config.split, ...cuts } } };
    });
  });
}

/** A run that trains what `part` asks for, and how far it is; null where there is none to go on with. */
export function findTraining(
  files: FileSystem,
  part: Part,
  symbols: readonly string[],
  dataHash: string,
): { readonly run: Run; readonly finished: boolean } | null {
  const wanted = describeTraining(part.config, symbols);
  const runs = new RunRegistry(files).list().filter((run) => {
    if (run.registration.kind !== 'train' || run.registration.dataHash !== dataHash) return false;
    const found = tryReadSettings(run);
    return found !== null && describeTraining(found.config, found.symbols) === wanted;
  });
  const progress = (run: Run) => {
    const last = `${CHECKPOINTS}/${run.name}/last`;
    return hasCheckpoint(files, last) ? readTrainingProgress(files, last) : { steps: 0, totalSteps: 1 };
  };
  const [best] = runs.map((run) => ({ run, ...progress(run) })).sort((a, b) => b.steps - a.steps);
  if (best === undefined || best.steps === 0) return null;
  const isWhole = hasCheckpoint(files, `${CHECKPOINTS}/${best.run.name}/best`);
  return { run: best.run, finished: isWhole && best.steps >= best.totalSteps };
}

/** The supervisor that was trained for a run, and what became of it; null where there is none to go on with. */
export function findSupervisor(
  files: FileSystem,
  primary: Run,
): { readonly run: Run; readonly status: 'accepted' | 'forced' | 'refused' | 'unfinished' } | null {
  const runs = new RunRegistry(files)
    .list()
    .filter(({ registration }) => (registration.notes as { primary?: Json } | null)?.primary === primary.name);
  for (const run of runs.reverse()) {
    const judged = run.results().find(({ name }) => name === SUPERVISION);
    if (judged !== undefined)
      return { run, status: (judged.record.figures as { status: 'accepted' | 'forced' | 'refused' }).status };
    if (hasCheckpoint(files, `${CHECKPOINTS}/${run.name}/last`)) return { run, status: 'unfinished' };
  }
  return null;
}

/** What a training depends on, as text. */
function describeTraining(config: ExperimentConfig, symbols: readonly string[]): string {
  const { shield: _, evaluation: __, ...settings } = dropOtherAgents(config);
  return canonicalJson({ ...settings, ...maskSettings(config), symbols } as unknown as Json);
}

/** What a profile did on one test fold. */
export interface Score {
  /** `ppo`, or `ppo-ensemble` of its seeds. */
  readonly agent: string;
  readonly fold: number;
  readonly seed: number;
  readonly symbol: string;
  readonly profile: Profile;
  readonly run: string;
  readonly cumulativeReturn: number;
  /** Annualised; 0 for an account that never moved, which has none. */
  readonly sharpe: number;
  readonly maxDrawdown: number;
  readonly trades: number;
  /** Simple return of each bar of the fold. */
  readonly returns: readonly number[];
  /** What else its record keeps for a judgement. */
  readonly record: Pick<EvaluationRecord, 'trial' | 'recipe' | 'foldKey' | 'held' | 'spans' | 'figures'>;
}

/**
 * The scores of a run under a shield, one a symbol; null where one of them is missing or not finished.
 * @param supervisor SHA-256 of the supervisor's checkpoint
 */
export function readScores(
  run: Run,
  part: Part,
  shield: ExperimentConfig['shield'],
  symbols: readonly string[],
  supervisor: string | null = null,
  force = false,
): Score[] | null {
  const checkpoint = { path: `${CHECKPOINTS}/${run.name}/best` };
  const resting = isResting({ standing: standingOf(run) }, force);
  const tried: Tried = { shield, account: part.config.account, supervisor, resting };
  const wanted = canonicalJson(tried as unknown as Json);
  const results = run
    .results()
    .filter(
      ({ record }) =>
        record.status === 'finished' &&
        record.tried !== undefined &&
        canonicalJson(record.tried) === wanted &&
        liesIn(record.foldKey, part.config.split),
    );
  const scores: Score[] = [];
  for (const symbol of symbols) {
    const own = nameResult(checkpoint, symbol, 'test', shield.profile);
    // One that gave way to another trial of the same name has a suffix.
    const found = results.find(({ name }) => name.split('~')[0] === own);
    if (found === undefined) return null;
    const { fold, seed, config } = part;
    const agent = `${config.training.agent}${run.registration.kind === 'ensemble' ? '-ensemble' : ''}`;
    scores.push({
      agent,
      fold,
      seed,
      symbol,
      profile: shield.profile,
      run: run.name,
      ...readFigures(found.record),
      returns: found.record.returns,
      record: found.record,
    });
  }
  return scores;
}

/** Whether a test fold is that of these cuts; `--test-from` makes others. */
function liesIn(foldKey: string, { testFrom, testTo }: ExperimentConfig['split']): boolean {
  const fold = parseFoldKey(foldKey);
  if (fold === null) return false;
  return fold.fromMs >= Date.parse(testFrom ?? '') && (testTo === null || fold.toMs < Date.parse(testTo));
}

function readFigures({ figures }: EvaluationRecord) {
  const { cumulativeReturn, sharpe, maxDrawdown, trades } = figures as Record<string, number | null>;
  return {
    cumulativeReturn: cumulativeReturn ?? 0,
    sharpe: sharpe ?? 0,
    maxDrawdown: maxDrawdown ?? 0,
    trades: trades ?? 0,
  };
}

const MEASURES = ['cumulativeReturn', 'sharpe', 'maxDrawdown'] as const;
export type Measure = (typeof MEASURES)[number];

export interface ProfileSummary {
  readonly profile: Profile;
  readonly scores: number;
  readonly meanTrades: number;
  /** Mean; interquartile mean with its interval over seeds, stratified by fold and symbol. */
  readonly measures: Readonly<Record<Measure, { readonly mean: number; readonly interquartile: Interval }>>;
  /** This profile minus none, of the same runs, with an interval over folds and seeds; null for none itself. */
  readonly minusNone: Readonly<Record<Measure, Interval>> | null;
  /** Share of the pairs in which the maximum drawdown is lower than without a shield; null for none itself. */
  readonly lowerDrawdown: number | null;
}

const CONFIDENCE = 0.95;

/** Values of `scores` grouped, the groups in order of first appearance. */
function group<T>(scores: readonly T[], key: (score: T) => string, value: (score: T) => number): number[][] {
  const groups = new Map<string, number[]>();
  for (const score of scores) {
    const name = key(score);
    groups.set(name, [...(groups.get(name) ?? []), value(score)]);
  }
  return [...groups.values()];
}

/** One summary a profile, in the order of `profiles`. */
export function summarizeProfiles(
  scores: readonly Score[],
  profiles: readonly Profile[],
  options: { readonly resamples: number; readonly seed: number },
): ProfileSummary[] {
  const nameOf = ({ fold, seed, symbol }: Score) => `${fold} ${seed} ${symbol}`;
  const bare = new Map(scores.filter(({ profile }) => profile === 'none').map((score) => [nameOf(score), score]));
  return profiles.map((profile) => {
    const own = scores.filter((score) => score.profile === profile);
    const bootstrap = { resamples: options.resamples, confidence: CONFIDENCE, rng: new Rng(options.seed) };
    const pairs = own.flatMap((score) => {
      const other = bare.get(nameOf(score));
      return profile === 'none' || other === undefined ? [] : [{ score, other }];
    });
    const summarize = (measure: Measure) => ({
      mean: own.reduce((sum, score) => sum + score[measure], 0) / own.length,
      interquartile: summarizeSeeds(
        group(
          own,
          ({ fold, symbol }) => `${fold} ${symbol}`,
          (score) => score[measure],
        ),
        bootstrap,
      ),
    });
    const compare = (measure: Measure) =>
      summarizeDifferences(
        group(
          pairs,
          ({ score }) => `${score.fold}`,
          ({ score, other }) => score[measure] - other[measure],
        ),
        bootstrap,
      );
    const each = <T>(one: (measure: Measure) => T) =>
      Object.fromEntries(MEASURES.map((measure) => [measure, one(measure)])) as Record<Measure, T>;
    const lower = pairs.filter(({ score, other }) => score.maxDrawdown < other.maxDrawdown).length;
    return {
      profile,
      scores: own.length,
      meanTrades: own.reduce((sum, { trades }) => sum + trades, 0) / own.length,
      measures: each(summarize),
      minusNone: pairs.length === 0 ? null : each(compare),
      lowerDrawdown: pairs.length === 0 ? null : lower / pairs.length,
    };
  });
}
