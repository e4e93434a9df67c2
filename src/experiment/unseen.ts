import { InputError } from '../core/errors.ts';
import type { Run } from '../runs/registry.ts';
import type { PreparedMarket } from './prepare.ts';

/** Unix ms at which each fold of a training begins and ends, as its registration has them. */
interface RegisteredFolds {
  readonly train: readonly [number, number];
  readonly validation: readonly [number, number];
}

/**
 * A verdict says something only about bars that an agent was neither trained nor chosen on, of whatever market: their
 * moves are the same news. Other cuts than those of the training, or older history that was imported since, would test
 * it on what it knows.
 * @throws InputError where the test fold begins before the run had seen its last bar
 */
export function requireUnseen(run: Run, markets: readonly PreparedMarket[]): void {
  const { folds = [] } = (run.registration.notes ?? {}) as { folds?: readonly RegisteredFolds[] };
  const seenToMs = Math.max(...folds.flatMap(({ train, validation }) => [train[1], validation[1]]));
  for (const { series, split } of markets) {
    const fromMs = series.timeMs[split.test.from];
    if (fromMs >= seenToMs) continue;
    const [from, seenTo] = [fromMs, seenToMs].map((timeMs) => new Date(timeMs).toISOString().slice(0, 16));
    throw new InputError(
      `${series.symbol}: the test fold begins at ${from}, but ${run.name} was trained and chosen on bars up to ${seenTo}; give --test-from a later day`,
    );
  }
}
