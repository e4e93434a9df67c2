/** The first thing that a decision saw of what came after it. */
import { type CandleSeries, candleAt } from '../../core/candle.ts';
import { assert, InputError } from '../../core/errors.ts';
import { Rng } from '../../core/rng.ts';
import type { Trend } from '../../market/trends.ts';
import { type Inputs, PERTURBATIONS, perturb } from './perturbations.ts';
import { lookThrough, type Sight, type Stage, type Subject } from './sight.ts';

/** A value that changed although only the future did. */
export interface FutureLeak {
  readonly perturbation: string;
  readonly stage: Stage['name'];
  readonly column: string;
  /** Open of the first bar whose value is another one; null for a scaler, which belongs to no bar. Unix ms. */
  readonly timeMs: number | null;
  /** Open of the last bar that was left as it was. */
  readonly cutMs: number;
  /** The value as it was and as it became; NaN where there is none. */
  readonly before: number;
  readonly after: number;
}

/** Stream of the seed that the changed futures are drawn from. */
const STREAM = 59;
/** Bars before a cut whose decisions are compared too: they tell of an account that knew more. */
const DECIDED = 250;

function differ(before: Stage, after: Stage, cutMs: number): Omit<FutureLeak, 'perturbation' | 'cutMs'> | null {
  const { name, columns, timeMs } = before;
  const width = columns.length;
  const rows = timeMs === null ? before.data.length / width : timeMs.findLastIndex((time) => time <= cutMs) + 1;
  for (let at = 0; at < rows * width; at++) {
    const values = { before: before.data[at], after: after.data[at] ?? Number.NaN };
    if (Object.is(values.before, values.after)) continue;
    return {
      stage: name,
      column: columns[at % width],
      timeMs: timeMs === null ? null : timeMs[Math.floor(at / width)],
      ...values,
    };
  }
  return null;
}

/** The first stage in which two sights of the same past differ, and its first value; null where none does. */
function compareSights(before: Sight, after: Sight, cutMs: number) {
  for (const [i, stage] of before.stages.entries()) {
    const found = differ(stage, after.stages[i], cutMs);
    if (found !== null) return found;
  }
  return null;
}

/** What was tried, and what came of it. */
export interface FutureCheck {
  /** The inputs as they are, up to the last cut and beyond. */
  readonly sight: Sight;
  /** Perturbations x cuts that were compared. */
  readonly compared: number;
  /** The first leak of each perturbation that found one, in their order. */
  readonly leaks: readonly FutureLeak[];
}

/**
 * Changes everything after each cut, in every way of the list, and compares what was seen up to it.
 * @param options.cuts rows of `series`, at least one: the last bar that stays as it is
 * @param options.trends scores as they were exported; the series' own column is joined anew from them
 * @throws InputError where a cut leaves nothing after it
 */
export function checkFuture(options: {
  readonly series: CandleSeries;
  readonly trends: readonly Trend[];
  readonly cuts: readonly number[];
  readonly subject: Subject;
  readonly seed: number;
  /** Told before each comparison. */
  readonly onCompare?: (done: number, total: number, perturbation: string) => void;
}): FutureCheck {
  const { series, trends, cuts, subject, seed, onCompare = () => {} } = options;
  const { venue, symbol, timeframeMs } = series;
  const look = (inputs: Inputs, cut: number) =>
    lookThrough({
      ...{ inputs, subject, key: { venue, symbol, timeframeMs }, hasTrades: series.trades !== null },
      decided: { from: cut - DECIDED, to: cut + 2 },
    });
  for (const cut of cuts)
    if (!(cut >= 0 && cut < series.length - 2))
      throw new InputError(`bar ${cut} of ${series.length} leaves no future to change; give more history`);
  const inputs = { candles: Array.from({ length: series.length }, (_, i) => candleAt(series, i)), trends };
  const leaks = new Map<string, FutureLeak>();
  const total = PERTURBATIONS.length * cuts.length;
  let sight: Sight | null = null;
  let compared = 0;
  for (const [c, cut] of cuts.entries()) {
    sight = look(inputs, cut);
    for (const [p, perturbation] of PERTURBATIONS.entries()) {
      onCompare(c * PERTURBATIONS.length + p, total, perturbation.name);
      const changed = perturb(inputs, cut, timeframeMs, perturbation, new Rng(seed + cut, STREAM));
      if (changed === null) continue;
      compared++;
      const cutMs = series.timeMs[cut];
      const found = compareSights(sight, look(changed, cut), cutMs);
      if (found !== null && !leaks.has(perturbation.name))
        leaks.set(perturbation.name, { perturbation: perturbation.name, cutMs, ...found });
    }
  }
  assert(sight !== null, 'at least one cut');
  return { sight, compared, leaks: PERTURBATIONS.flatMap(({ name }) => leaks.get(name) ?? []) };
}
