/** A registered evaluation, judged again with whatever has looked since: what a verdict said once may be luck by now. */
import { sortLooks } from '../evaluate/looks.ts';
import { type Judgement, judgeSample } from '../evaluate/verdict.ts';
import { type EvaluationRecord, parseFoldKey, type RunRegistry } from '../runs/registry.ts';
import type { Tried } from './trial.ts';

/** What an evaluation was of, and what it comes to today. */
export interface Rejudged {
  readonly judgement: Judgement;
  readonly tried: Tried;
  /** `VENUE:SYMBOL`, and Unix ms of the first bar's open and the last one's close. */
  readonly market: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * @param registry with every look there was
 * @returns null for a record that doesn't say what it was of (an earlier version's), or isn't finished
 */
export function judgeAgain(
  record: EvaluationRecord,
  registry: RunRegistry,
  obstacle: (fromMs: number) => string | null,
): Rejudged | null {
  const { foldKey, trial, weights, held, spans, tried, recipe = null } = record;
  const fold = parseFoldKey(foldKey);
  if (record.status !== 'finished' || fold === null || trial === null) return null;
  if (weights === undefined || held === undefined || spans === undefined || tried === undefined) return null;
  const { market, timeframeMs, fromMs } = fold;
  const figures = record.figures as { [name: string]: unknown };
  const bars = {
    ...{ market, timeframeMs, held: Float64Array.from(held) },
    timeMs: [fromMs, ...spans.flatMap(([first, n]) => Array.from({ length: n }, (_, i) => first + i * timeframeMs))],
  };
  const looks = sortLooks(bars, registry.trials(foldKey, recipe), { configHash: trial, weights, recipe, foldKey });
  const { own = 1 } = (figures.seeds ?? {}) as { own?: number };
  const judgement = judgeSample(
    {
      ...{ returns: Float64Array.from(record.returns), held: bars.held, timeframeMs },
      ...{ trades: Number(figures.trades ?? 0), feesPaid: Number(figures.feesPaid ?? 0) },
    },
    {
      ...{ seed: Number(figures.seed ?? 1), looks, ownSeeds: own, obstacle: obstacle(fromMs) },
      keptWhenLate: typeof figures.keptWhenLate === 'number' ? figures.keptWhenLate : null,
    },
  );
  return { judgement, tried: tried as unknown as Tried, market, fromMs, toMs: fold.toMs + timeframeMs };
}
