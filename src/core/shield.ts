import type { Action } from './action.ts';
import type { AgentDecision } from './agent.ts';
import type { Json } from './json.ts';

/**
 * What the shield may look at when a decision is made at the close of a bar. Backtest, paper and live fill the
 * same facts in; what a backtest can't know (feed age, unknown orders) has its harmless value there.
 */
export interface DecisionFacts {
  /** Unix ms of the decision: the bar's close. */
  readonly timeMs: number;
  readonly timeframeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Base quantity held, signed. */
  readonly position: number;
  /** Units held, signed integer. */
  readonly units: number;
  readonly maxUnits: number;
  readonly mode: 'spot' | 'margin';
  /** Marked at `close`, in quote currency. */
  readonly equity: number;
  readonly startingEquity: number;
  readonly cash: number;
  /** Average entry price of the open position; NaN when flat. */
  readonly entryPrice: number;
  /** Equity at the start of the open trade; NaN when flat. */
  readonly tradeStartEquity: number;
  readonly barsInTrade: number;
  /** Log return of equity of the last closed trade, NaN before the first, and how many trades have closed. */
  readonly lastTradeLogReturn: number;
  readonly closedTrades: number;
  /** The observation the agent saw, (window, features) scaled; borrowed. */
  readonly values: Float32Array;
  /** Rows of `values`: bars of the window. */
  readonly window: number;
  /** Share of the newest row's market columns that the scaler clipped, 0..1. */
  readonly clippedShare: number;
  /** Quote amount of one unit at this close: what a BUY would spend. */
  readonly unitQuote: number;
  /** Age of the newest candle in ms beyond its close; 0 in a backtest. */
  readonly dataAgeMs: number;
  /** Missing bars inside the window or just before the bar. */
  readonly gapBars: number;
  /** True while any order or the position is unresolved; never in a backtest. */
  readonly unknownState: boolean;
  /** Relative bid-ask spread; NaN where it isn't known. */
  readonly spread: number;
  /** Relative difference of the last fill to its expected price, cost positive; NaN before the first. */
  readonly lastSlippage: number;
}

/** Which way the account may move. A verdict names no action, so no rule can open a trade. */
export type RuleVerdict =
  | { readonly kind: 'allow' }
  | {
      readonly kind: 'deny' | 'reduce-only' | 'halt';
      readonly code: string;
      readonly numbers: Readonly<Record<string, number>>;
    };

/** Columns that follow the account's in an observation: 1 where the shield allows the action, and 1 while halted. */
export const SHIELD_COLUMNS = ['shieldAllowsSell', 'shieldAllowsBuy', 'shieldHalted'] as const;

/** What the columns hold where there is no shield. */
export const UNSHIELDED_BITS = [1, 1, 0] as const;

/** What a shield says to a decision. */
export interface ShieldDecision {
  /** What the agent asked for, after the supervisor where the profile has one. */
  readonly requested: Action;
  readonly final: Action;
  /** ACTIVE, REDUCING (only reductions pass) or HALTED (flatten, then nothing until a person resets it). */
  readonly state: 'ACTIVE' | 'REDUCING' | 'HALTED';
  /** True where every resting order is to be cancelled and the position closed whole, now, whatever `final` says. */
  readonly flatten: boolean;
  /** Every rule's verdict, in the order in which they were asked. */
  readonly verdicts: readonly { readonly rule: string; readonly verdict: RuleVerdict }[];
}

/** The open position, as protective levels see it. */
export interface PositionFacts {
  readonly position: number;
  readonly entryPrice: number;
  /** Best price since the entry: the highest for a long position, the lowest for a short one. */
  readonly bestPrice: number;
}

/** Protective price levels of the open position until the next decision; NaN where there is none. */
export interface ProtectiveLevels {
  readonly stop: number;
  readonly target: number;
}

/** The shield as backtest, paper and live see it. */
export interface Shield {
  /** Called once a bar, in order. Changes the shield's state. */
  decide(decision: AgentDecision, facts: DecisionFacts): ShieldDecision;
  /** Levels for the bars until the next decision, given the position after the decision's fill. */
  levels(position: PositionFacts): ProtectiveLevels;
  /**
   * Says beforehand what it would deny, for training and for agents that were trained so: clears in `mask` (3) what it
   * would turn into HOLD at this decision, and writes the SHIELD_COLUMNS to `bits` from `at` on, where there are any.
   * Its state stays as it is.
   */
  maskObservation?(facts: DecisionFacts, mask: Uint8Array, bits: Float32Array | null, at: number): void;
  /** A new episode. A latched halt survives it unless `person` is true. */
  reset(options?: { readonly person: boolean }): void;
  saveState(): Json;
  restoreState(state: Json): void;
}
