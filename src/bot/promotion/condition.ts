/** What is known about a checkpoint when somebody wants it to trade real money. */
export interface Candidate {
  readonly mode: 'spot' | 'margin';
  /** The venue that it will trade on, and its symbols. */
  readonly venue: string;
  readonly symbols: readonly string[];
  /** This project's tests cover the venue. */
  readonly venueTested: boolean;
  /** Why its certificate doesn't hold; null where it does. */
  readonly certificateProblem: string | null;
  /** Replays of its paper journals on that venue. */
  readonly paper: readonly {
    /** Open times of the bars that it decided on fresh data, by symbol. */
    readonly fresh: ReadonlyMap<string, readonly number[]>;
    readonly differences: number;
  }[];
  readonly timeframeMs: number;
  /** Its evaluations on the test fold, of these symbols and behind the shield that it is to trade with. */
  readonly evaluations: readonly {
    readonly symbol: string;
    readonly verdict: string;
    /** What it paid for a quote traded; null where it never traded. */
    readonly feeRate: number | null;
  }[];
  /** What the venue takes for a quote traded, by symbol, where it says. */
  readonly takerFees: ReadonlyMap<string, number>;
  /** The drawdown over all symbols at which the bot halts; 0 for never. */
  readonly maxDrawdown: number;
  readonly requiredPaperDays: number;
}

/** One condition for trading real money. Another one is a file and a line in the index. */
export interface Condition {
  readonly name: string;
  /** One line for the help: what it asks for. */
  readonly doc: string;
  /** What is missing, in one line; null where the condition holds. */
  check(candidate: Candidate): string | null;
}
