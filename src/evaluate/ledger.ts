/**
 * What a backtest leaves behind: one entry a bar, the trades, and the sums. Every metric, chart and test statistic is
 * computed from a ledger, and a ledger only ever comes from the account.
 */

/** The time from flat to flat. Rows are those of the candle series. */
export interface Trade {
  readonly side: 'long' | 'short';
  /** Row of the bar in which the first fill happened, and of the one in which the position was closed. */
  readonly entryRow: number;
  readonly exitRow: number;
  /** Average executed entry price, and the executed price of the closing fill. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** Equity at the exit less equity at the entry, in quote currency, all costs included. */
  readonly profit: number;
  /** ln(equity at the exit / equity at the entry). */
  readonly logReturn: number;
  readonly exit: TradeExit;
}

/**
 * Why a position was closed. `signal`: the policy asked; `flatten`: the shield did; `liquidation` and `ruin`: the
 * account was at its end; `end`: the data was.
 */
export type TradeExit = 'signal' | 'flatten' | 'stop' | 'target' | 'liquidation' | 'ruin' | 'end';

/** One change of the position. */
export interface Fill {
  readonly row: number;
  /** Signed base quantity. */
  readonly quantity: number;
  /** Executed price, slippage included. */
  readonly price: number;
  readonly reason: TradeExit;
}

/** How often a rule of the shield said what. */
export interface VerdictCounts {
  allow: number;
  deny: number;
  'reduce-only': number;
  halt: number;
}

/** One pass of one policy over rows [firstRow, firstRow + bars). Index i belongs to row firstRow + i. */
export interface Ledger {
  readonly name: string;
  readonly timeframeMs: number;
  readonly firstRow: number;
  readonly bars: number;
  readonly startingEquity: number;
  /** Unix ms of the bar's open. */
  readonly timeMs: Float64Array;
  readonly close: Float64Array;
  /** Of the market, in base currency. */
  readonly volume: Float64Array;
  /** Marked at the bar's close, in quote currency; the last one after what was open has been closed, with costs. */
  readonly equity: Float64Array;
  /** Signed base quantity held at the bar's close, before the final closing. */
  readonly position: Float64Array;
  /** The final action decided at the bar's close; HOLD where nobody was asked. */
  readonly actions: Uint8Array;
  /** What the policy asked for, before the shield. */
  readonly requested: Uint8Array;
  /** 1 where the policy was asked: the window was complete and the episode was running. */
  readonly decided: Uint8Array;
  readonly trades: readonly Trade[];
  /** Of the policy, the shield, the protective levels and the final closing, in order. */
  readonly fills: readonly Fill[];
  /** Requests that the account forbids (a fifth unit, a sale of nothing). */
  readonly noOps: number;
  /** Sum of |quantity x price| over all fills. */
  readonly turnover: number;
  readonly feesPaid: number;
  readonly slippagePaid: number;
  readonly borrowPaid: number;
  /** Row after which the account was liquidated or ruined; null where it lived to the end. */
  readonly endedRow: number | null;
  /** Row at which the shield first halted; null where it never did. */
  readonly haltedRow: number | null;
  /** By rule, in the order in which the layer asks them; empty without a layer. */
  readonly verdicts: Readonly<Record<string, VerdictCounts>>;
  /** Decisions whose final action differs from the requested one. */
  readonly overridden: number;
}

/**
 * Simple returns of equity bar by bar: bars - 1 of them.
 * @example
 * barReturns(ledger).length; // => ledger.equity.length - 1
 */
export function barReturns(ledger: Ledger): Float64Array {
  const returns = new Float64Array(Math.max(0, ledger.bars - 1));
  for (let i = 0; i < returns.length; i++) returns[i] = ledger.equity[i + 1] / ledger.equity[i] - 1;
  return returns;
}
