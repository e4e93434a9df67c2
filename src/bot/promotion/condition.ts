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
  /** Its evaluations on the test folds of these symbols, each judged again with whatever has looked since. */
  readonly evaluations: readonly {
    readonly symbol: string;
    readonly verdict: string;
    readonly reason: string;
    /** The bars that it saw, for people. */
    readonly window: string;
    /** Which of shield, supervisor and account are not those that it is to trade with; empty where all are. */
    readonly differs: readonly string[];
    /** What was charged for a quote traded. */
    readonly feeRate: number;
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
