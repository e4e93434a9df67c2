/** What a run's validation said of its best agent, in the registry. */
import { type Standing, standingSchema } from '../agents/standing.ts';
import type { Run } from '../runs/registry.ts';
import type { Prepared } from './prepare.ts';
import { nameFold } from './trial.ts';

/** Name among a run's results of what the validation said of its best agent. */
export const STANDING = 'standing';

/** Into the registry, where lists and reports find it. Looking at a validation fold is no trial. */
export function keepStanding(run: Run, prepared: Prepared, standing: Standing): void {
  run.finishEvaluation(STANDING, {
    foldKey: prepared.markets.map((market) => nameFold(market, 'validation')).join(' '),
    trial: null,
    sharpePerBar: null,
    returns: [],
    figures: standing,
  });
}

/** What was kept of a run's validation; null where nobody validated, or it isn't finished. */
export function standingOf(run: Run): Standing | null {
  const kept = run.result(STANDING);
  return kept === null ? null : standingSchema.parse(kept.figures);
}
