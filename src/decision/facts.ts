/** What the shield is told at a close, put together in one place for training, backtest, paper and live. */
import type { Account } from '../core/account.ts';
import type { DecisionFacts } from '../core/shield.ts';

/** The bar at whose close a decision is made. */
export type DecisionBar = Pick<
  DecisionFacts,
  'timeMs' | 'timeframeMs' | 'open' | 'high' | 'low' | 'close' | 'clippedShare' | 'gapBars'
>;

/** What only a running bot knows at a decision; `verify` reads it from the journal. */
export interface RuntimeFacts {
  /** Age of the newest candle in ms beyond its close. */
  readonly dataAgeMs: number;
  /** Why orders or the position are not certain; null while they are. */
  readonly unresolved: string | null;
  /** Relative bid-ask spread; NaN where it isn't known. */
  readonly spread: number;
  /** Relative difference of the last fill to its expected price, cost positive; NaN before the first. */
  readonly lastSlippage: number;
  /** Why everything is halted; null while it isn't. */
  readonly halted: string | null;
}

/** Nothing is late, uncertain or halted in a simulation, and every fill misses its market price by the same. */
export function simulateRuntime(account: Account): RuntimeFacts {
  return {
    dataAgeMs: 0,
    unresolved: null,
    spread: Number.NaN,
    get lastSlippage() {
      return account.simulatedSlippage;
    },
    halted: null,
  };
}

/** @param values (window, features) as the agent sees them; borrowed */
export function describeDecision(
  account: Account,
  bar: DecisionBar,
  runtime: RuntimeFacts,
  values: Float32Array,
  window: number,
): DecisionFacts {
  const { config } = account;
  const { close } = bar;
  const unitPrice = close * (1 + config.slippageRate) * (1 + config.feeRate);
  return {
    ...bar,
    values,
    window,
    dataAgeMs: runtime.dataAgeMs,
    unknownState: runtime.unresolved !== null,
    spread: runtime.spread,
    lastSlippage: runtime.lastSlippage,
    position: account.position,
    units: account.units,
    maxUnits: config.maxUnits,
    mode: config.mode,
    // What a person put in or took out is neither profit nor loss.
    equity: account.equityAt(close) - account.deposits,
    startingEquity: config.startingEquity,
    cash: account.cash,
    entryPrice: account.entryPrice,
    tradeStartEquity: account.tradeStartEquity,
    barsInTrade: account.barsInTrade,
    lastTradeLogReturn: account.lastTradeLogReturn,
    closedTrades: account.closedTrades,
    unitQuote: account.unitQuantity(close) * unitPrice,
  };
}

/**
 * Bars missing among the last `window` bars up to `row`, or just before it where a window is a single bar.
 * @param firstRow nothing before this row is looked at
 */
export function countGapBars(
  timeMs: Float64Array,
  row: number,
  timeframeMs: number,
  window: number,
  firstRow = 0,
): number {
  const back = Math.max(firstRow, row - Math.max(1, window - 1));
  return Math.round((timeMs[row] - timeMs[back]) / timeframeMs) - (row - back);
}
