/** Whatever makes decisions in a backtest: an agent, or a baseline that is none. */
import type { Account } from '../core/account.ts';
import { HOLD } from '../core/action.ts';
import { type Agent, type AgentDecision, type Observation, PLAIN } from '../core/agent.ts';

/** One pass over a fold; a policy with a memory is made afresh for each. */
export interface Policy {
  readonly name: string;
  /**
   * Asked at the close of `row`, in order. Whoever looks at a series may look at rows up to this one only.
   * @param obs borrowed; its window is empty where the backtest has no table
   */
  decide(row: number, obs: Observation, account: Account): AgentDecision;
}

/**
 * An agent as a policy, greedy.
 * @example
 * agentPolicy(agent).name; // => 'ppo'
 */
export function agentPolicy(agent: Agent): Policy {
  return { name: agent.kind, decide: (_row, obs) => agent.decide(obs) };
}

/**
 * The same decisions, each `bars` bars late; HOLD before the first.
 * @param bars at least 1
 * @example
 * delayPolicy(agentPolicy(agent), 1).name; // => 'ppo, 1 bars late'
 */
export function delayPolicy(policy: Policy, bars: number): Policy {
  const waiting: AgentDecision[] = Array.from({ length: bars }, () => PLAIN[HOLD]);
  return {
    name: `${policy.name}, ${bars} bars late`,
    decide: (row, obs, account) => {
      waiting.push(policy.decide(row, obs, account));
      return waiting.shift() as AgentDecision;
    },
  };
}
