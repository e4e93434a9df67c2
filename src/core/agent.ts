import { type Action, BUY, HOLD, SELL } from './action.ts';

/** What a decision sees. Both arrays are borrowed: whoever keeps them copies them. */
export interface Observation {
  /** (window, features) row-major, scaled, finite; the newest bar is the last row. */
  readonly values: Float32Array;
  /** (3) 1 where the account allows the action. HOLD is always 1. */
  readonly mask: Uint8Array;
}

/** One decision of an agent, with what it was based on. */
export interface AgentDecision {
  readonly action: Action;
  /** (3) on the masked distribution; null for agents without one. */
  readonly probabilities: readonly number[] | null;
  /** (3) null for agents without them. */
  readonly qValues: readonly number[] | null;
  /** The agent that a supervisor vetoed, where there was one. */
  readonly vetoed?: Action;
}

/** The decisions that carry nothing but their action. */
export const PLAIN: Readonly<Record<Action, AgentDecision>> = {
  [SELL]: { action: SELL, probabilities: null, qValues: null },
  [BUY]: { action: BUY, probabilities: null, qValues: null },
  [HOLD]: { action: HOLD, probabilities: null, qValues: null },
};

/**
 * Anything that maps an observation to an action. `getAction` is greedy and deterministic: it is what evaluation,
 * paper and live use. Exploration lives in training.
 */
export interface Agent {
  readonly kind: string;
  getAction(obs: Observation): Action;
  /** As `getAction`, with the probabilities or Q-values behind it. */
  decide(obs: Observation): AgentDecision;
}
