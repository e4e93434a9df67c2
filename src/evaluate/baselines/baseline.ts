import type { AccountConfig } from '../../core/account.ts';
import type { CandleSeries } from '../../core/candle.ts';
import type { ScaledTable } from '../../features/observation.ts';
import type { Ledger } from '../ledger.ts';
import type { Policy } from '../policy.ts';
import type { RowRange } from '../split.ts';

export interface BaselineContext {
  readonly series: CandleSeries;
  /** null where there are no features; what needs them is then left out. */
  readonly table: ScaledTable | null;
  readonly account: AccountConfig;
  /** What may be learned from; null where there is nothing to learn from. */
  readonly train: RowRange | null;
  readonly test: RowRange;
  /** The ledger to match in volatility or turnover; null where no agent was evaluated. */
  readonly reference: Ledger | null;
  readonly seed: number;
}

/** A policy without an agent, to put a result beside. */
export interface Baseline {
  readonly name: string;
  readonly label: string;
  readonly doc: string;
  /** What has to be in the context, beyond the series. */
  readonly needs: readonly ('table' | 'train' | 'reference')[];
  /** Makes the policy for one pass, and the account it trades with where that isn't the context's. */
  create(context: BaselineContext): { readonly policy: Policy; readonly account?: AccountConfig };
}

/** Whether the context has all that the baseline needs. */
export function isPossible(baseline: Baseline, context: BaselineContext): boolean {
  return baseline.needs.every((need) => context[need] !== null);
}
