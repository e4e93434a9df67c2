/** Facts of an uneventful bar, and short ways to say what differs. */
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import type { AgentDecision } from '../../src/core/agent.ts';
import type { DecisionFacts } from '../../src/core/shield.ts';

export const HOUR_MS = 3_600_000;
/** 2026-01-01 00:00 UTC, a Thursday. */
export const START_MS = 1_767_225_600_000;

export function makeFacts(changes: Partial<DecisionFacts> = {}): DecisionFacts {
  const units = changes.units ?? 0;
  const close = changes.close ?? 100;
  const position = changes.position ?? units * 25;
  return {
    timeMs: START_MS + 12 * HOUR_MS,
    timeframeMs: HOUR_MS,
    open: close,
    high: close,
    low: close,
    close,
    position,
    units,
    maxUnits: 4,
    mode: 'spot',
    equity: 10_000,
    startingEquity: 10_000,
    cash: 10_000 - position * close,
    entryPrice: position === 0 ? Number.NaN : close,
    tradeStartEquity: position === 0 ? Number.NaN : 10_000,
    barsInTrade: position === 0 ? 0 : 1,
    lastTradeLogReturn: Number.NaN,
    closedTrades: 0,
    values: new Float32Array(4),
    window: 2,
    clippedShare: 0,
    unitQuote: 2500,
    dataAgeMs: 0,
    gapBars: 0,
    unknownState: false,
    spread: Number.NaN,
    lastSlippage: Number.NaN,
    ...changes,
  };
}

export function ask(action: Action): AgentDecision {
  return { action, probabilities: null, qValues: null };
}

/** 'BBSH' to actions and back. */
export function parseActions(letters: string): Action[] {
  return [...letters].map((letter) => (letter === 'B' ? BUY : letter === 'S' ? SELL : HOLD));
}
export function printActions(actions: readonly Action[]): string {
  return actions.map((action) => 'SBH'[action]).join('');
}

/** Units after an order has filled, said once more and apart from the account: exits are whole, entries one unit. */
export function unitsAfter(units: number, action: Action, mode: 'spot' | 'margin', maxUnits: number): number {
  if (action === HOLD) return units;
  const wanted = action === BUY ? 1 : -1;
  if (units * wanted < 0) return 0;
  const moved = units + wanted;
  return Math.abs(moved) > maxUnits || (mode === 'spot' && moved < 0) ? units : moved;
}
