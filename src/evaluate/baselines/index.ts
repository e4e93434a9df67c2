/** The baselines, in the order in which tables show them. A new one is a file and a line here. */
import { InputError } from '../../core/errors.ts';
import { withPlugged } from '../../core/plugged.ts';
import { backtest } from '../backtest.ts';
import type { Ledger } from '../ledger.ts';
import { type Baseline, type BaselineContext, isPossible } from './baseline.ts';
import { buyAndHold } from './buy-and-hold.ts';
import { alwaysBuy, alwaysSell, flat } from './constant.ts';
import { logistic } from './logistic.ts';
import { coinFlip, randomTurnover } from './random.ts';
import { smaCross } from './sma-cross.ts';
import { volatilityMatched } from './volatility-matched.ts';

export type { Baseline, BaselineContext } from './baseline.ts';

/**
 * Policies that an agent has to be compared with, in the order in which tables show them.
 * @example
 * BASELINES.some(({ name }) => name === 'buy-and-hold'); // => true
 */
export const BASELINES = withPlugged<readonly Baseline[]>('baselines', [
  buyAndHold,
  flat,
  volatilityMatched,
  smaCross,
  logistic,
  randomTurnover,
  coinFlip,
  alwaysBuy,
  alwaysSell,
]);

/** @throws InputError for a name that isn't registered */
export function findBaseline(name: string): Baseline {
  const found = BASELINES.find((baseline) => baseline.name === name);
  if (found === undefined)
    throw new InputError(`unknown baseline '${name}'; choose one of ${BASELINES.map(({ name }) => name).join(', ')}`);
  return found;
}

/** One pass of a baseline over the test rows. @throws InputError where the context lacks what it needs */
export function backtestBaseline(baseline: Baseline, context: BaselineContext): Ledger {
  if (!isPossible(baseline, context)) {
    const missing = baseline.needs.filter((need) => context[need] === null);
    throw new InputError(`baseline '${baseline.name}' needs ${missing.map((need) => MISSING[need]).join(' and ')}`);
  }
  const { policy, account = context.account } = baseline.create(context);
  return backtest({ policy, series: context.series, table: context.table, account, shield: null, rows: context.test });
}

const MISSING = {
  table: 'features: choose a feature set that the data can fill',
  train: 'a training fold',
  reference: 'an agent to match: it is part of `tradernet evaluate`',
} as const;
