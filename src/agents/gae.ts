/**
 * Generalised advantage estimation (Schulman et al., "High-Dimensional Continuous Control Using Generalized Advantage
 * Estimation", ICLR 2016, equation 16). Departs from it where an episode was cut by time and not by the world: there
 * the value of the state in which it was cut stands in for the rest (Pardo et al., "Time Limits in Reinforcement
 * Learning", ICML 2018). A terminated episode has no rest.
 */

/** One rollout, (steps, envs) row-major. */
export interface AdvantageInputs {
  readonly steps: number;
  readonly envs: number;
  readonly rewards: Float32Array;
  /** V(s_t) of the state in which the action was taken. */
  readonly values: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** V of the state in which the episode was truncated; read only where `truncated` is 1. */
  readonly finalValues: Float32Array;
  /** (envs) V of the state after the last step. */
  readonly lastValues: Float32Array;
  readonly gamma: number;
  readonly lambda: number;
}

/** Fills `advantages` and `returns` (advantage + value: the critic's target), both (steps, envs). */
export function estimateAdvantages(inputs: AdvantageInputs, advantages: Float32Array, returns: Float32Array): void {
  const { steps, envs, rewards, values, terminated, truncated, finalValues, lastValues, gamma, lambda } = inputs;
  for (let env = 0; env < envs; env++) {
    let advantage = 0;
    let nextValue = lastValues[env];
    for (let t = steps - 1; t >= 0; t--) {
      const i = t * envs + env;
      if (terminated[i] === 1) {
        nextValue = 0;
        advantage = 0;
      } else if (truncated[i] === 1) {
        nextValue = finalValues[i];
        advantage = 0;
      }
      // delta_t = r_t + gamma V(s_t+1) - V(s_t);  A_t = delta_t + gamma lambda A_t+1
      advantage = rewards[i] + gamma * nextValue - values[i] + gamma * lambda * advantage;
      advantages[i] = advantage;
      returns[i] = advantage + values[i];
      nextValue = values[i];
    }
  }
}
