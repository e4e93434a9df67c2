/**
 * Values and shares of time along a path of which every outcome is known, in float64. With the states u (numbers of
 * units), the actions a, rewards r(t, u, a), next states n(t, u, a) and a stochastic policy pi(a | t, u):
 *
 *   Q(t, u, a) = r(t, u, a) + gamma V(t + 1, n(t, u, a)),   V(t, u) = sum over a of pi(a | t, u) Q(t, u, a)
 *   d(t + 1, n) = sum over u, a with n(t, u, a) = n of d(t, u) pi(a | t, u)
 *
 * These are the Bellman expectation equations (Sutton and Barto 2018, equations 4.4 and 3.14) of a finite-horizon process
 * whose input, the prices, is given (Mao et al. 2018; Sinclair et al., "Hindsight Learning for MDPs with Exogenous
 * Inputs", arXiv 2207.06272): nothing is sampled, so nothing has a variance.
 */
import { ACTION_COUNT } from '../core/action.ts';
import { FORBIDDEN, type MarketOutcomes } from '../env/outcomes.ts';

/** Rows [row, row + bars) of the outcomes, all playable, and the policy there. */
export interface KnownPath {
  readonly outcomes: Pick<MarketOutcomes, 'states' | 'rewards' | 'next'>;
  readonly row: number;
  readonly bars: number;
  /** (bars, states, 3) from `policyAt` on: pi(a | t, u), 0 where the action is forbidden. */
  readonly policy: Float64Array;
  readonly policyAt: number;
}

/**
 * Backwards over the path; nothing is earned beyond its end.
 * @param gamma discount a bar
 * @param advantages gets A = Q - V of the first `keep` bars (keep, states, 3) from `at` on; 0 where forbidden
 * @param values gets V of the first bar (states)
 */
export function valuePath(
  path: KnownPath,
  gamma: number,
  keep: number,
  advantages: Float64Array,
  at: number,
  values: Float64Array,
): void {
  const { outcomes, row, bars, policy, policyAt } = path;
  const { states, rewards, next } = outcomes;
  const width = states * ACTION_COUNT;
  const q = new Float64Array(ACTION_COUNT);
  const later = new Float64Array(states);
  values.fill(0);
  for (let t = bars - 1; t >= 0; t--) {
    later.set(values);
    for (let u = 0; u < states; u++) {
      const k = u * ACTION_COUNT;
      const known = (row + t) * width + k;
      const chosen = policyAt + t * width + k;
      let value = 0;
      for (let a = 0; a < ACTION_COUNT; a++) {
        const n = next[known + a];
        q[a] = rewards[known + a] + (n >= 0 ? gamma * later[n] : 0);
        value += policy[chosen + a] * q[a];
      }
      values[u] = value;
      if (t >= keep) continue;
      for (let a = 0; a < ACTION_COUNT; a++) {
        advantages[at + t * width + k + a] = next[known + a] === FORBIDDEN ? 0 : q[a] - value;
      }
    }
  }
}

/**
 * Forwards over the path.
 * @param start (states) where the account is at the first bar
 * @param evenShare part of each bar's weight that is spread evenly over the states instead, so that states which the
 *   policy avoids are learned too
 * @param weights gets the first `keep` bars' (keep, states) from `at` on
 */
export function weighPath(
  path: KnownPath,
  start: Float64Array,
  evenShare: number,
  keep: number,
  weights: Float64Array,
  at: number,
): void {
  const { outcomes, row, policy, policyAt } = path;
  const { states, next } = outcomes;
  let now = Float64Array.from(start);
  let then = new Float64Array(states);
  for (let t = 0; t < keep; t++) {
    then.fill(0);
    for (let u = 0; u < states; u++) {
      weights[at + t * states + u] = (1 - evenShare) * now[u] + evenShare / states;
      const k = (t * states + u) * ACTION_COUNT;
      const known = row * states * ACTION_COUNT + k;
      for (let a = 0; a < ACTION_COUNT; a++) {
        const n = next[known + a];
        if (n >= 0) then[n] += now[u] * policy[policyAt + k + a];
      }
    }
    [now, then] = [then, now];
  }
}
