/** What the contract of baselines asks of each: numbers from outside or why none, and what it must have done. */
import type { BaselineContext } from '../../../src/evaluate/baselines/index.ts';
import type { Ledger } from '../../../src/evaluate/ledger.ts';

export interface BaselineCase {
  /** Numbers that another implementation computed, or why there are none. */
  readonly golden: { readonly file: string; check(): void } | { readonly why: string };
  /** Holds the pass against its definition, computed apart from the baseline. */
  check(ledger: Ledger, context: BaselineContext): void;
}

/** Each bar on which the policy was asked: its row, what it asked for, and whether it could have. */
export function asked({ requested, decided, firstRow }: Ledger): { row: number; request: number }[] {
  return Array.from(requested, (request, i) => ({ row: firstRow + i, request, decided: decided[i] }))
    .filter((one) => one.decided === 1)
    .map(({ row, request }) => ({ row, request }));
}
