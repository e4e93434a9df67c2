/** A training that went on for longer than it was registered for, in the registry: it is another one since. */
import type { Json } from '../core/json.ts';
import type { Run } from '../runs/registry.ts';

/** Name among a run's results of how long it trains by now. */
const EXTENSION = 'extension';

export function keepExtension(run: Run, steps: number): void {
  const figures = { steps };
  run.finishEvaluation(EXTENSION, { foldKey: 'none', trial: null, sharpePerBar: null, returns: [], figures });
}

/** Steps that the run was extended to; null where it trains as long as it was registered for. */
export function extensionOf(run: Pick<Run, 'result'>): number | null {
  const kept = run.result(EXTENSION);
  return kept === null ? null : (kept.figures as { steps: number }).steps;
}

/** What decides the outcome of a run but its seed, its extension among it: two runs with the same one are one trial. */
export function trainedConfig(run: Run): Json {
  const steps = extensionOf(run);
  return steps === null ? run.registration.config : [run.registration.config, { extendedTo: steps }];
}
