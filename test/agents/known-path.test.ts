/**
 * The exact gradient against central differences of the expected return, in float64, and the expected return against
 * episodes that are sampled. The expected return is computed here in a way of its own: forwards, by where the account is.
 */
import { describe, expect, it } from 'vitest';
import { type KnownPath, valuePath, weighPath } from '../../src/agents/known-path.ts';
import { Rng } from '../../src/core/rng.ts';
import { ENDED, FORBIDDEN, type MarketOutcomes } from '../../src/env/outcomes.ts';
import { ActorNetwork, allActionLoss } from '../../src/nn/index.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';

const wide = (n: number) => new Float64Array(n) as unknown as Float32Array;

/** Outcomes without rhyme or reason; HOLD is always allowed, some actions are forbidden and some end it all. */
function randomOutcomes(rows: number, states: number, rng: Rng): MarketOutcomes {
  const rewards = Float64Array.from({ length: rows * states * 3 }, () => rng.normal());
  const next = Int16Array.from(rewards, (_, i) => {
    const draw = rng.uniform();
    if (draw < 0.2 && i % 3 !== 2) return FORBIDDEN;
    return draw > 0.95 ? ENDED : rng.integer(states);
  });
  for (let i = 0; i < next.length; i++) if (next[i] === FORBIDDEN) rewards[i] = 0;
  return { states, playable: new Uint8Array(rows).fill(1), rewards, next };
}

/** Sum over bars of gamma^t E[r]: every path's probability is carried forwards. */
function expectedReturn({ outcomes, row, bars, policy }: KnownPath, gamma: number, start: Float64Array): number {
  const { states, rewards, next } = outcomes;
  let here = Array.from(start);
  let total = 0;
  for (let t = 0; t < bars; t++) {
    const there = new Array<number>(states).fill(0);
    for (let u = 0; u < states; u++) {
      for (let a = 0; a < 3; a++) {
        const probability = here[u] * policy[(t * states + u) * 3 + a];
        total += gamma ** t * probability * rewards[((row + t) * states + u) * 3 + a];
        const to = next[((row + t) * states + u) * 3 + a];
        if (to >= 0) there[to] += probability;
      }
    }
    here = there;
  }
  return total;
}

describe.each([
  { gamma: 1, states: 5 },
  { gamma: 0.9, states: 3 },
])('the exact gradient, gamma $gamma, $states states', ({ gamma, states }) => {
  const rng = new Rng(4);
  const [bars, row] = [9, 2];
  const outcomes = randomOutcomes(row + bars, states, rng);
  const kernels = createReferenceKernels(8);
  const actor = new ActorNetwork(kernels, { window: 3, features: 2, filters: 3, hidden: [6, 5] }, { states });
  actor.initialize(rng);
  // The head begins near zero; a policy that leans says more.
  for (let i = 0; i < actor.parameters.length; i++) actor.parameters[i] += 0.05 * rng.normal();
  actor.parametersChanged();
  const obs = wide(bars * 6);
  for (let i = 0; i < obs.length; i++) obs[i] = rng.normal();
  const masks = Uint8Array.from({ length: bars * states * 3 }, (_, i) =>
    outcomes.next[row * states * 3 + i] === FORBIDDEN ? 0 : 1,
  );
  const start = new Float64Array(states).fill(1 / states);

  const pathOf = (policy: Float64Array): KnownPath => ({ outcomes, row, bars, policy, policyAt: 0 });
  /** The policy in float64; the oracle's kernels keep float64 although their type says otherwise. */
  const policyNow = (): Float64Array => {
    const logits = actor.forward(obs, bars);
    return softmaxWide(logits, masks);
  };
  const objective = () => expectedReturn(pathOf(policyNow()), gamma, start);

  it('equals central differences of the expected return to 1e-5', () => {
    const policy = policyNow();
    const path = pathOf(policy);
    const advantages = new Float64Array(policy.length);
    const values = new Float64Array(states);
    valuePath(path, gamma, bars, advantages, 0, values);
    const weights = new Float64Array(bars * states);
    weighPath(path, start, 0, bars, weights, 0);
    // Of the discounted return, what happens later weighs less.
    for (let t = 0; t < bars; t++) for (let u = 0; u < states; u++) weights[t * states + u] *= gamma ** t;
    // V at the first bar is the expected return, by the other way round.
    const mean = values.reduce((sum, value) => sum + value, 0) / states;
    expect(Math.abs(mean - objective())).toBeLessThan(1e-12);

    const logits = actor.forward(obs, bars);
    const dLogits = wide(logits.length);
    const batch = { masks, oldLogProbs: policy.map(Math.log), advantages, weights };
    allActionLoss(logits, bars, 3, batch, { clip: 0.2, entropy: 0 }, dLogits);
    actor.backward(dLogits, bars);

    let largest = 0;
    for (const { shape, offset, place } of actor.layout.tensors) {
      const length = shape.reduce((a, b) => a * b, 1);
      for (let n = 0; n < Math.min(length, 12); n++) {
        const at = offset + place(length <= 12 ? n : rng.integer(length));
        const kept = actor.parameters[at];
        const h = 1e-5;
        const moved = (by: number) => {
          actor.parameters[at] = kept + by;
          return objective();
        };
        // Fourth order: what is left of the series is far below 1e-5.
        const slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
        actor.parameters[at] = kept;
        // The loss is minus the mean over the bars.
        const gradient = -bars * actor.gradients[at];
        expect(Math.abs(gradient - slope)).toBeLessThan(1e-5 * Math.abs(slope) + 1e-9);
        largest = Math.max(largest, Math.abs(slope));
      }
    }
    expect(largest).toBeGreaterThan(0.01);
  });

  it('sees further than the bars it is kept for', () => {
    const policy = policyNow();
    const [whole, part] = [new Float64Array(policy.length), new Float64Array(policy.length).fill(7)];
    const values = new Float64Array(states);
    valuePath(pathOf(policy), gamma, bars, whole, 0, values);
    valuePath(pathOf(policy), gamma, 4, part, 0, values);
    expect(part.subarray(0, 4 * states * 3)).toEqual(whole.subarray(0, 4 * states * 3));
    expect(part.subarray(4 * states * 3).every((x) => x === 7)).toBe(true);
  });

  it('weighs each bar by where the account is, and evenly where asked to', () => {
    const policy = policyNow();
    const weights = new Float64Array(bars * states);
    weighPath(pathOf(policy), start, 1, bars, weights, 0);
    expect(weights.every((weight) => weight === 1 / states)).toBe(true);
    weighPath(pathOf(policy), start, 0, bars, weights, 0);
    // Walks, counted.
    const counts = new Float64Array(bars * states);
    const walks = 40_000;
    const walker = new Rng(9);
    for (let n = 0; n < walks; n++) {
      let u = walker.integer(states);
      for (let t = 0; t < bars && u >= 0; t++) {
        counts[t * states + u]++;
        let draw = walker.uniform();
        let a = 0;
        while (a < 2 && draw >= policy[(t * states + u) * 3 + a]) draw -= policy[(t * states + u) * 3 + a++];
        u = outcomes.next[((row + t) * states + u) * 3 + a];
      }
    }
    weights.forEach((weight, i) => {
      expect(Math.abs(counts[i] / walks - weight)).toBeLessThan(5 * Math.sqrt((weight + 1e-4) / walks));
    });
  });
});

function softmaxWide(logits: Float32Array, masks: Uint8Array): Float64Array {
  const out = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += 3) {
    const weights = [0, 1, 2].map((k) => (masks[at + k] === 1 ? Math.exp(logits[at + k]) : 0));
    const sum = weights[0] + weights[1] + weights[2];
    for (let k = 0; k < 3; k++) out[at + k] = weights[k] / sum;
  }
  return out;
}
