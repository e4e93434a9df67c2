/**
 * What a result depends on beside its decisions: costs from none to three times what was charged, one bar of delay, and
 * the size of the account where a fill may take a small part of a bar's volume only. All ledgers are simulated.
 */
import type { AccountConfig } from '../core/account.ts';
import type { CandleSeries } from '../core/candle.ts';
import type { Shield } from '../core/shield.ts';
import type { ScaledTable } from '../features/observation.ts';
import { backtest } from './backtest.ts';
import type { Ledger } from './ledger.ts';
import { measure } from './metrics/index.ts';
import { delayPolicy, type Policy } from './policy.ts';
import type { RowRange } from './split.ts';

const MULTIPLES = [0, 0.5, 1, 1.5, 2, 2.5, 3];
/** Part of a bar's volume that a fill may take. */
const PARTICIPATION = 0.01;
const SIZES = [1, 10, 100, 1000, 10_000];
/** An account is not too large while this share of the smallest one's log return is left. */
const KEPT = 0.5;

/** The figures of one ledger. */
export interface CostRow {
  readonly cumulativeReturn: number;
  readonly logReturn: number | null;
  readonly sharpe: number | null;
  readonly trades: number;
}

export interface CostStudy {
  /** Fee, slippage and borrowing, each so many times what was charged. */
  readonly curve: readonly (CostRow & { readonly multiple: number })[];
  /**
   * The multiple of the costs at which nothing is left of the log return, by straight lines between the points of the
   * curve; null where it isn't between none and three times.
   */
  readonly breakEven: number | null;
  /** Every decision one bar late, with costs. */
  readonly delayed: CostRow;
  /** Larger accounts, whose fills take at most this part of a bar's volume; the rest of an order lapses. */
  readonly sizes: readonly (CostRow & { readonly startingEquity: number })[];
  readonly participation: number;
  /** The largest of `sizes` up to which half the log return is left; null where there is none to lose. */
  readonly largestAccount: number | null;
}

function rowOf(ledger: Ledger): CostRow {
  const { cumulativeReturn, logReturn, sharpe, trades } = measure(ledger);
  return { cumulativeReturn: cumulativeReturn ?? -1, logReturn, sharpe, trades: trades ?? 0 };
}

/** Where a polyline first falls through 0. */
function crossing(points: readonly { readonly x: number; readonly y: number }[]): number | null {
  for (const [i, { x, y }] of points.slice(1).entries()) {
    const before = points[i];
    if (before.y > 0 && y <= 0) return before.x + ((x - before.x) * before.y) / (before.y - y);
  }
  return null;
}

/** @param options.makePolicy a fresh policy for each ledger; `makeShield` likewise */
export function studyCosts(options: {
  makePolicy(): Policy;
  makeShield(): Shield | null;
  readonly series: CandleSeries;
  readonly table: ScaledTable | null;
  readonly account: AccountConfig;
  readonly rows: RowRange;
}): CostStudy {
  const { makePolicy, makeShield, series, table, account, rows } = options;
  const run = (changed: Partial<AccountConfig>, policy = makePolicy(), participation?: number) =>
    rowOf(
      backtest({
        ...{ policy, series, table, rows, account: { ...account, ...changed }, shield: makeShield() },
        ...(participation === undefined ? {} : { participation }),
      }),
    );
  const { feeRate, slippageRate, borrowRatePerYear, startingEquity, unitQuote } = account;
  const curve = MULTIPLES.map((multiple) => ({
    multiple,
    ...run({
      feeRate: multiple * feeRate,
      slippageRate: multiple * slippageRate,
      borrowRatePerYear: multiple * borrowRatePerYear,
    }),
  }));
  const sizes = SIZES.map((size) => ({
    startingEquity: size * startingEquity,
    ...run(
      { startingEquity: size * startingEquity, unitQuote: unitQuote === null ? null : size * unitQuote },
      makePolicy(),
      PARTICIPATION,
    ),
  }));
  const smallest = sizes[0].logReturn ?? 0;
  const kept = sizes.findIndex(({ logReturn }) => (logReturn ?? Number.NEGATIVE_INFINITY) < KEPT * smallest);
  return {
    curve,
    breakEven: crossing(curve.map(({ multiple, logReturn }) => ({ x: multiple, y: logReturn ?? -1 }))),
    delayed: run({}, delayPolicy(makePolicy(), 1)),
    sizes,
    participation: PARTICIPATION,
    largestAccount: smallest > 0 ? sizes[kept < 0 ? sizes.length - 1 : Math.max(0, kept - 1)].startingEquity : null,
  };
}
