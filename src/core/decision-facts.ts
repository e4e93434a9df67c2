/** What the shield is told at a close, put together in one place for backtest, paper and live. */
import type { Account } from './account.ts';
import type { DecisionFacts } from './shield.ts';

/** What the account doesn't know: the bar, the observation, and the state of the feed and the venue. */
export type MarketFacts = Pick<
  DecisionFacts,
  | 'timeMs'
  | 'timeframeMs'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'values'
  | 'window'
  | 'clippedShare'
  | 'gapBars'
  | 'dataAgeMs'
  | 'unknownState'
  | 'spread'
  | 'lastSlippage'
>;

/** The account is marked at `market.close`; nothing is copied from `market.values`. */
export function describeDecision(account: Account, market: MarketFacts): DecisionFacts {
  const { config } = account;
  const { close } = market;
  const unitPrice = close * (1 + config.slippageRate) * (1 + config.feeRate);
  return {
    ...market,
    position: account.position,
    units: account.units,
    maxUnits: config.maxUnits,
    mode: config.mode,
    equity: account.equityAt(close),
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
