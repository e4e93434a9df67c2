import { HOLD } from '../../src/core/action.ts';
import type { Ledger } from '../../src/evaluate/ledger.ts';

/** A ledger with this equity curve and nothing else in it. */
export function ledgerOf(equity: readonly number[], extra: Partial<Ledger> = {}): Ledger {
  const bars = equity.length;
  const timeframeMs = 3_600_000;
  return {
    name: 'test',
    timeframeMs,
    firstRow: 0,
    bars,
    startingEquity: equity[0],
    timeMs: Float64Array.from({ length: bars }, (_, i) => i * timeframeMs),
    close: new Float64Array(bars).fill(100),
    volume: new Float64Array(bars).fill(1000),
    equity: Float64Array.from(equity),
    position: new Float64Array(bars),
    actions: new Uint8Array(bars).fill(HOLD),
    requested: new Uint8Array(bars).fill(HOLD),
    decided: new Uint8Array(bars).fill(1),
    trades: [],
    fills: [],
    noOps: 0,
    turnover: 0,
    feesPaid: 0,
    slippagePaid: 0,
    borrowPaid: 0,
    endedRow: null,
    haltedRow: null,
    verdicts: {},
    overridden: 0,
    ...extra,
  };
}
