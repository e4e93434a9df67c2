/**
 * Losses and their gradients with respect to the networks' outputs, in float64 and plain TypeScript: at batch 256 they
 * take microseconds. Each writes the gradient of the mean over the batch.
 */
import { exp, log } from '../core/math.ts';

/** Masks are (batch, width), 1 where an action is allowed; null allows all. */
export type Masks = Uint8Array | null;

/**
 * Log-probabilities of the masked softmax of one row, into `logProbs`; -Infinity where an action is not allowed.
 * `probs`, where given, gets the probabilities. Returns the entropy -sum p log p.
 * @example
 * const logProbs = new Float64Array(3);
 * const entropy = maskedLogSoftmax(new Float32Array([1, 1, 9]), Uint8Array.of(1, 1, 0), 0, 3, logProbs);
 * Math.abs(entropy - Math.log(2)) < 1e-12; // => true
 * logProbs[2]; // => Number.NEGATIVE_INFINITY
 */
export function maskedLogSoftmax(
  logits: Float32Array,
  masks: Masks,
  at: number,
  width: number,
  logProbs: Float64Array,
  probs: Float64Array = new Float64Array(width),
): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < width; k++) if (allowed(masks, at + k) && !(logits[at + k] <= max)) max = logits[at + k];
  let sum = 0;
  for (let k = 0; k < width; k++) {
    probs[k] = allowed(masks, at + k) ? exp(logits[at + k] - max) : 0;
    sum += probs[k];
  }
  const logSum = max + log(sum);
  let entropy = 0;
  for (let k = 0; k < width; k++) {
    probs[k] /= sum;
    if (allowed(masks, at + k)) {
      logProbs[k] = logits[at + k] - logSum;
      entropy -= probs[k] * logProbs[k];
    } else logProbs[k] = Number.NEGATIVE_INFINITY;
  }
  return entropy;
}

const allowed = (masks: Masks, i: number): boolean => masks === null || masks[i] !== 0;

/**
 * Probabilities (batch, width) of the masked softmax.
 * @example
 * softmax(new Float32Array([0, 0, 9]), Uint8Array.of(1, 1, 0), 1, 3); // => new Float32Array([0.5, 0.5, 0])
 */
export function softmax(logits: Float32Array, masks: Masks, batch: number, width: number): Float32Array {
  const out = new Float32Array(batch * width);
  for (let row = 0; row < batch * width; row += width) {
    let max = Number.NEGATIVE_INFINITY;
    for (let k = row; k < row + width; k++) if (allowed(masks, k) && !(logits[k] <= max)) max = logits[k];
    let sum = 0;
    for (let k = row; k < row + width; k++) {
      const e = allowed(masks, k) ? exp(logits[k] - max) : 0;
      out[k] = e;
      sum += e;
    }
    for (let k = row; k < row + width; k++) out[k] /= sum;
  }
  return out;
}

/** One minibatch as PPO sees it. */
export interface PPOBatch {
  /** (batch, actions) */
  readonly masks: Masks;
  /** (batch) */
  readonly actions: Uint8Array | Int32Array;
  /** (batch) log-probability of the action when it was taken, on the masked distribution. */
  readonly oldLogProbs: Float32Array;
  /** (batch) */
  readonly advantages: Float32Array;
  /** (batch) targets of the value function. */
  readonly returns: Float32Array;
}

/** Clip range and weights of PPO's loss (equation 9). */
export interface PPOCoefficients {
  /** Clip range of the probability ratio; 0.2. */
  readonly clip: number;
  /** Weight of the value loss; 0.5. */
  readonly value: number;
  /** Weight of the entropy bonus; 0.01. */
  readonly entropy: number;
}

/** The parts of PPO's loss, means over the batch. */
export interface PPOLoss {
  /** policy + value coefficient x value - entropy coefficient x entropy. */
  readonly loss: number;
  readonly policy: number;
  readonly value: number;
  readonly entropy: number;
  /** Mean of (ratio - 1) - log ratio (Schulman's k3 estimate of KL(old || new)). */
  readonly kl: number;
  /** Share of samples whose ratio lies outside the clip range. */
  readonly clippedShare: number;
}

/**
 * PPO's clipped surrogate (Schulman et al. 2017, equation 9): the mean of
 * -min(r A, clip(r, 1 - e, 1 + e) A) + c_v (V - R)^2 - c_e H, with r = pi(a) / pi_old(a) on the masked distribution.
 * logits (batch, actions), values (batch); writes dLogits and dValues of the same shapes.
 * @example
 * const data = {
 *   ...{ masks: null, actions: Uint8Array.of(1), oldLogProbs: new Float32Array([Math.log(1 / 3)]) },
 *   ...{ advantages: new Float32Array([1]), returns: new Float32Array([2]) },
 * };
 * const coefficients = { clip: 0.2, value: 0.5, entropy: 0 };
 * const [dLogits, dValues] = [new Float32Array(3), new Float32Array(1)];
 * ppoLoss(new Float32Array(3), new Float32Array(1), 1, data, coefficients, dLogits, dValues);
 * dLogits[1] < 0 && dValues[0] < 0; // => true
 */
export function ppoLoss(
  logits: Float32Array,
  values: Float32Array,
  batch: number,
  data: PPOBatch,
  coefficients: PPOCoefficients,
  dLogits: Float32Array,
  dValues: Float32Array,
): PPOLoss {
  const { masks, actions, oldLogProbs, advantages, returns } = data;
  const { clip } = coefficients;
  const width = logits.length / batch;
  const logProbs = new Float64Array(width);
  const probs = new Float64Array(width);
  let policy = 0;
  let value = 0;
  let entropy = 0;
  let kl = 0;
  let clipped = 0;
  for (let b = 0; b < batch; b++) {
    const at = b * width;
    const h = maskedLogSoftmax(logits, masks, at, width, logProbs, probs);
    const logRatio = logProbs[actions[b]] - oldLogProbs[b];
    const ratio = exp(logRatio);
    const advantage = advantages[b];
    const plain = ratio * advantage;
    const bounded = Math.min(Math.max(ratio, 1 - clip), 1 + clip) * advantage;
    policy -= Math.min(plain, bounded);
    entropy += h;
    kl += ratio - 1 - logRatio;
    if (Math.abs(ratio - 1) > clip) clipped++;
    // d(-min)/d log pi(a): the clipped branch is flat.
    const dLogProb = plain <= bounded ? -plain : 0;
    for (let k = 0; k < width; k++) {
      const p = probs[k];
      // d log pi(a) / d z_k = [k = a] - p_k;  d H / d z_k = -p_k (log p_k + H).
      const fromEntropy = p > 0 ? coefficients.entropy * p * (logProbs[k] + h) : 0;
      dLogits[at + k] = (dLogProb * ((k === actions[b] ? 1 : 0) - p) + fromEntropy) / batch;
    }
    const error = values[b] - returns[b];
    value += error * error;
    dValues[b] = (2 * coefficients.value * error) / batch;
  }
  policy /= batch;
  value /= batch;
  entropy /= batch;
  const loss = policy + coefficients.value * value - coefficients.entropy * entropy;
  return { loss, policy, value, entropy, kl: kl / batch, clippedShare: clipped / batch };
}

/** One minibatch of a policy for several states at each observation, of which every action's advantage is known. */
export interface AllActionBatch {
  /** (batch, states, actions) 1 where allowed; another action's probability is 0. */
  readonly masks: Masks;
  /** (batch, states, actions) log-probabilities of the policy that the advantages are of. */
  readonly oldLogProbs: Float64Array;
  /** (batch, states, actions) */
  readonly advantages: Float64Array;
  /** (batch, states) share of time spent in the state. */
  readonly weights: Float64Array;
}

/** The parts of the all-action loss, means over the batch. */
export interface AllActionLoss {
  /** policy - entropy coefficient x entropy; all three are means over the batch, weighted over the states. */
  readonly loss: number;
  readonly policy: number;
  readonly entropy: number;
  /** KL(old || new), exact. */
  readonly kl: number;
  /** Share of the old policy's probability whose ratio lies outside the clip range. */
  readonly clippedShare: number;
}

/**
 * PPO's clipped surrogate (Schulman et al. 2017, equation 7) with the expectation over actions taken, not sampled (Asadi
 * et al., "Mean Actor Critic", 2017, equation 7; Ciosek and Whiteson, "Expected Policy Gradients", 2018): the mean over
 * the batch of
 *
 *   - sum over u of d(u) [ sum over a of pi_old(a|u) min(r A, clip(r, 1 - e, 1 + e) A) + c_e H(pi(.|u)) ]
 *
 * with r = pi(a|u) / pi_old(a|u). At r = 1 its gradient is sum d pi A grad log pi: the policy gradient itself.
 * logits (batch, states, actions); writes dLogits of the same shape.
 */
export function allActionLoss(
  logits: Float32Array,
  batch: number,
  actions: number,
  data: AllActionBatch,
  coefficients: Pick<PPOCoefficients, 'clip' | 'entropy'>,
  dLogits: Float32Array,
): AllActionLoss {
  const { masks, oldLogProbs, advantages, weights } = data;
  const { clip } = coefficients;
  const logProbs = new Float64Array(actions);
  const probs = new Float64Array(actions);
  /** d surrogate / d log pi(a) */
  const slopes = new Float64Array(actions);
  const rows = logits.length / actions;
  let policy = 0;
  let entropy = 0;
  let kl = 0;
  let clipped = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * actions;
    const weight = weights[row];
    const h = maskedLogSoftmax(logits, masks, at, actions, logProbs, probs);
    let sum = 0;
    let slopeSum = 0;
    for (let k = 0; k < actions; k++) {
      slopes[k] = 0;
      if (!allowed(masks, at + k)) continue;
      // pi_old min(r A, clip(r) A) = min(pi A, clip(pi, pi_old (1 - e), pi_old (1 + e)) A): no division.
      const old = exp(oldLogProbs[at + k]);
      const plain = probs[k] * advantages[at + k];
      const nearest = Math.min(Math.max(probs[k], old * (1 - clip)), old * (1 + clip));
      const bounded = nearest * advantages[at + k];
      sum += Math.min(plain, bounded);
      // The clipped branch is flat.
      if (plain <= bounded) slopes[k] = plain;
      slopeSum += slopes[k];
      kl += weight * old * (oldLogProbs[at + k] - logProbs[k]);
      if (nearest !== probs[k]) clipped += weight * old;
    }
    policy -= weight * sum;
    entropy += weight * h;
    for (let k = 0; k < actions; k++) {
      const p = probs[k];
      // d log pi(a) / d z_k = [k = a] - p_k;  d H / d z_k = -p_k (log p_k + H).
      const fromEntropy = p > 0 ? coefficients.entropy * p * (logProbs[k] + h) : 0;
      dLogits[at + k] = (weight * (p * slopeSum - slopes[k] + fromEntropy)) / batch;
    }
  }
  policy /= batch;
  entropy /= batch;
  const loss = policy - coefficients.entropy * entropy;
  return { loss, policy, entropy, kl: kl / batch, clippedShare: clipped / batch };
}

/**
 * (advantages - mean) / (standard deviation + 1e-8), in place; the deviation with n - 1, as PyTorch's `std`.
 * @example
 * const advantages = new Float32Array([1, 3]);
 * normalizeAdvantages(advantages, 2);
 * advantages[0] + advantages[1]; // => 0
 */
export function normalizeAdvantages(advantages: Float32Array, batch: number): void {
  let mean = 0;
  for (let i = 0; i < batch; i++) mean += advantages[i];
  mean /= batch;
  let square = 0;
  for (let i = 0; i < batch; i++) square += (advantages[i] - mean) * (advantages[i] - mean);
  const deviation = Math.sqrt(square / Math.max(1, batch - 1));
  for (let i = 0; i < batch; i++) advantages[i] = (advantages[i] - mean) / (deviation + 1e-8);
}

/** A regression loss of one error: its value and derivative. */
export interface RegressionLoss {
  (error: number): number;
  readonly slope: (error: number) => number;
}

/**
 * error^2, as PyTorch's `mse_loss`.
 * @example
 * mse(3); // => 9
 */
export const mse: RegressionLoss = Object.assign((error: number) => error * error, {
  slope: (error: number) => 2 * error,
});

/**
 * Huber's loss with delta 1: error^2 / 2 near 0, |error| - 1/2 beyond 1 (Huber 1964; Mnih et al. 2015's clipping).
 * @example
 * huber(0.5); // => 0.125
 * huber(3); // => 2.5
 * huber.slope(-3); // => -1
 */
export const huber: RegressionLoss = Object.assign(
  (error: number) => (Math.abs(error) <= 1 ? 0.5 * error * error : Math.abs(error) - 0.5),
  { slope: (error: number) => Math.min(1, Math.max(-1, error)) },
);

/** What the targets of DQN are made of; shapes (batch) and (batch, actions). */
export interface DQNBatch {
  /** (batch) */
  readonly actions: Uint8Array | Int32Array;
  /** (batch) */
  readonly rewards: Float32Array;
  /** (batch) 1 where the episode ended for good; a truncated one goes on in the target. */
  readonly terminated: Uint8Array;
  /** (batch, actions) allowed actions of the next state. */
  readonly nextMasks: Masks;
}

/**
 * Targets r + gamma (1 - terminated) max over allowed a of Q'(s', a) into `targets` (Mnih et al. 2015). With `chooser`
 * (the online network's Q(s', .)) its best allowed action is valued instead: double DQN (van Hasselt et al. 2016).
 * @example
 * const data = { actions: Uint8Array.of(0), rewards: new Float32Array([1]), terminated: Uint8Array.of(0), nextMasks: null };
 * const targets = new Float64Array(1);
 * dqnTargets(new Float32Array([1, 2, 4]), null, 1, data, 0.5, targets);
 * targets[0]; // => 3
 */
export function dqnTargets(
  nextQ: Float32Array,
  chooser: Float32Array | null,
  batch: number,
  data: DQNBatch,
  gamma: number,
  targets: Float64Array,
): void {
  const width = nextQ.length / batch;
  const by = chooser ?? nextQ;
  for (let b = 0; b < batch; b++) {
    let best = -1;
    for (let k = b * width; k < (b + 1) * width; k++) {
      if (allowed(data.nextMasks, k) && (best < 0 || by[k] > by[best])) best = k;
    }
    const future = data.terminated[b] || best < 0 ? 0 : nextQ[best];
    targets[b] = data.rewards[b] + gamma * future;
  }
}

/**
 * Mean of loss(Q(s, a) - target); q (batch, actions); writes dQ, which is zero for the actions not taken.
 * @example
 * const dQ = new Float32Array(3);
 * dqnLoss(new Float32Array([0, 2, 0]), 1, Uint8Array.of(1), new Float64Array([1.5]), huber, dQ); // => 0.125
 * dQ; // => new Float32Array([0, 0.5, 0])
 */
export function dqnLoss(
  q: Float32Array,
  batch: number,
  actions: Uint8Array | Int32Array,
  targets: Float64Array,
  loss: RegressionLoss,
  dQ: Float32Array,
): number {
  const width = q.length / batch;
  let sum = 0;
  for (let b = 0; b < batch; b++) {
    const taken = b * width + actions[b];
    const error = q[taken] - targets[b];
    sum += loss(error);
    dQ.fill(0, b * width, (b + 1) * width);
    dQ[taken] = loss.slope(error) / batch;
  }
  return sum / batch;
}
