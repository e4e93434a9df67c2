/** What a metric's file says of itself; the list in `index.ts` is made of these. */
import { barReturns, type Ledger } from '../ledger.ts';
import { barsPerYear } from '../sharpe-ratio.ts';

export type MetricUnit = 'share' | 'ratio' | 'log' | 'quote' | 'count' | 'bars' | 'bits' | 'per year';

export interface Metric {
  readonly name: string;
  readonly label: string;
  readonly unit: MetricUnit;
  /** Which way is good; null where neither is. */
  readonly better: 'higher' | 'lower' | null;
  readonly doc: string;
  /** null where the ledger has no such value. */
  compute(ledger: Ledger): number | null;
}

export const YEAR_DOC = 'annualised with bars of this length in 365.25 days';

/** null for what is no number, such as a ratio to nothing. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A metric of the bar returns; null where there are none. */
export function ofReturns(compute: (returns: Float64Array, perYear: number, ledger: Ledger) => number) {
  return (ledger: Ledger) => {
    const returns = barReturns(ledger);
    return returns.length < 2 ? null : finite(compute(returns, barsPerYear(ledger.timeframeMs), ledger));
  };
}
