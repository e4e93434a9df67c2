/**
 * Cuts of a series into folds, as half-open row ranges. Between two folds lies an embargo, long enough that no feature
 * of the later fold and no reward of the earlier one has seen the other.
 */
import { InputError } from '../core/errors.ts';

/** Rows [from, to). */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

export interface Split {
  readonly train: RowRange;
  readonly validation: RowRange;
  readonly test: RowRange;
  /** Rows between the folds that belong to none. */
  readonly embargo: number;
}

/** The shortest fold that can be judged or learned from at all. */
const FEWEST_ROWS = 50;

/**
 * max(window + the longest memory of a column, any reward horizon), in bars.
 * @param need.window bars in an observation
 * @param need.memory longest memory of a feature column, in bars
 * @param need.horizon bars that a reward looks ahead; 0 for rewards of the account
 */
export function embargoRows(need: {
  readonly window: number;
  readonly memory: number;
  readonly horizon: number;
}): number {
  return Math.max(need.window + need.memory, need.horizon);
}

function requireRows(name: string, range: RowRange, advice: string): void {
  const rows = range.to - range.from;
  if (rows < FEWEST_ROWS)
    throw new InputError(`the ${name} fold has ${Math.max(0, rows)} bars, ${FEWEST_ROWS} are needed: ${advice}`);
}

/**
 * Where the folds begin: by shares of the rows, or by time (Unix ms, the first bar that belongs; training with the first
 * bar there is where nothing is said); `testToMs` is the first bar that doesn't belong to the test any more.
 */
export type Cuts =
  | { readonly trainShare: number; readonly validationShare: number }
  | {
      readonly trainFromMs?: number;
      readonly validationFromMs: number;
      readonly testFromMs: number;
      readonly testToMs?: number;
    };

/** First row whose bar opens at `timeMs` or later. */
export function rowAt(times: Float64Array, timeMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Training, validation and test fold in the order of time. A later fold begins at its cut; the embargo is taken from
 * the end of the fold before it.
 * @throws InputError where a fold would be too short, or the cuts make no sense
 * @example
 * splitChronologically(series.timeMs, { trainShare: 0.7, validationShare: 0.15 }, 20).test.to; // => 2000
 */
export function splitChronologically(times: Float64Array, cuts: Cuts, embargo: number): Split {
  const rows = times.length;
  let trainFrom = 0;
  let validationFrom: number;
  let testFrom: number;
  let testTo = rows;
  if ('trainShare' in cuts) {
    const { trainShare, validationShare } = cuts;
    if (!(trainShare > 0 && validationShare > 0 && trainShare + validationShare < 1))
      throw new InputError(
        `shares ${trainShare} for training and ${validationShare} for validation leave nothing to test on: their sum must be below 1`,
      );
    validationFrom = Math.floor(rows * trainShare);
    testFrom = Math.floor(rows * (trainShare + validationShare));
  } else {
    if (!(cuts.validationFromMs < cuts.testFromMs))
      throw new InputError('validation begins after the test does: give an earlier start of validation');
    if (cuts.trainFromMs !== undefined) trainFrom = rowAt(times, cuts.trainFromMs);
    validationFrom = rowAt(times, cuts.validationFromMs);
    testFrom = rowAt(times, cuts.testFromMs);
    if (cuts.testToMs !== undefined) testTo = rowAt(times, cuts.testToMs);
  }
  const split = {
    train: { from: trainFrom, to: validationFrom - embargo },
    validation: { from: validationFrom, to: testFrom - embargo },
    test: { from: testFrom, to: testTo },
    embargo,
  };
  const advice = `the series has ${rows} bars and the embargo takes ${embargo} before each cut; give more data or other cuts`;
  requireRows('training', split.train, advice);
  requireRows('validation', split.validation, advice);
  requireRows('test', split.test, advice);
  return split;
}

/**
 * Walk-forward folds: the test folds lie side by side over the last part of the series, each after a validation and a
 * training fold of its own past.
 * @param options.folds how many
 * @param options.testShare share of the rows that the test folds cover together
 * @param options.validationShare share of a fold's past that is its validation
 * @param options.anchored true: training grows from row 0; false: it rolls with a constant length
 * @throws InputError where a fold would be too short
 * @example
 * const plan = { folds: 3, testShare: 0.5, validationShare: 0.2, anchored: true, embargo: 20 };
 * walkForward(2000, plan).map(({ test }) => test.from); // => [1000, 1333, 1666]
 */
export function walkForward(
  rows: number,
  options: {
    readonly folds: number;
    readonly testShare: number;
    readonly validationShare: number;
    readonly anchored: boolean;
    readonly embargo: number;
  },
): Split[] {
  const { folds, testShare, validationShare, anchored, embargo } = options;
  if (!(Number.isInteger(folds) && folds >= 1))
    throw new InputError(`walk-forward needs 1 or more folds, got ${folds}`);
  if (!(testShare > 0 && testShare < 1 && validationShare > 0 && validationShare < 1))
    throw new InputError(`walk-forward shares must lie between 0 and 1, got ${testShare} and ${validationShare}`);
  const firstTest = Math.floor(rows * (1 - testShare));
  return Array.from({ length: folds }, (_, fold) => {
    const testFrom = firstTest + Math.floor(((rows - firstTest) * fold) / folds);
    const testTo = firstTest + Math.floor(((rows - firstTest) * (fold + 1)) / folds);
    const trainFrom = anchored ? 0 : testFrom - firstTest;
    const validationFrom = testFrom - Math.floor((testFrom - trainFrom) * validationShare);
    const split = {
      train: { from: trainFrom, to: validationFrom - embargo },
      validation: { from: validationFrom, to: testFrom - embargo },
      test: { from: testFrom, to: testTo },
      embargo,
    };
    const advice = `fold ${fold + 1} of ${folds}, embargo ${embargo}; give more data or fewer folds`;
    requireRows('training', split.train, advice);
    requireRows('validation', split.validation, advice);
    requireRows('test', split.test, advice);
    return split;
  });
}
