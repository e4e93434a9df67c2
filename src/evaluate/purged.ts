/**
 * Combinatorial purged cross-validation: Lopez de Prado, "Advances in Financial Machine Learning" (2018), chapters 7
 * and 12. The rows are cut into groups; every choice of some of them is a test set once.
 */
import { InputError } from '../core/errors.ts';
import { combinations } from './overfitting.ts';
import type { RowRange } from './split.ts';

export interface PurgedFold {
  /** Ascending, disjoint. */
  readonly train: readonly RowRange[];
  /** One a test group, ascending; neighbouring groups are joined. */
  readonly test: readonly RowRange[];
}

function join(ranges: readonly RowRange[]): RowRange[] {
  const joined: RowRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.to === range.from) joined[joined.length - 1] = { from: last.from, to: range.to };
    else joined.push(range);
  }
  return joined;
}

/**
 * @param options.groups groups of nearly equal length
 * @param options.testGroups groups that are tested at a time
 * @param options.purge rows left out of training before a test range: what a reward or label looks ahead
 * @param options.embargo rows left out of training after a test range: what a feature looks back
 * @throws InputError where a fold would have nothing to train on
 * @example
 * purgedFolds(2000, { groups: 6, testGroups: 2, purge: 5, embargo: 50 }).length; // => 15
 */
export function purgedFolds(
  rows: number,
  options: {
    readonly groups: number;
    readonly testGroups: number;
    readonly purge: number;
    readonly embargo: number;
  },
): PurgedFold[] {
  const { groups, testGroups, purge, embargo } = options;
  if (!(groups >= 2 && testGroups >= 1 && testGroups < groups && rows >= groups))
    throw new InputError(`${testGroups} test groups out of ${groups} on ${rows} bars make no folds`);
  const edge = (group: number) => Math.floor((rows * group) / groups);
  return combinations(groups, testGroups).map((chosen) => {
    const test = join(chosen.map((group) => ({ from: edge(group), to: edge(group + 1) })));
    const train: RowRange[] = [];
    let from = 0;
    for (const range of test) {
      train.push({ from, to: range.from - purge });
      from = range.to + embargo;
    }
    train.push({ from, to: rows });
    const kept = train.filter((range) => range.to > range.from);
    if (kept.length === 0)
      throw new InputError(`purge ${purge} and embargo ${embargo} leave nothing to train on: give fewer groups`);
    return { train: kept, test };
  });
}
