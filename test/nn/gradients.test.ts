/** Every loss against central differences, all in float64. Networks: `encoders.test.ts`. */
import { expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { allActionLoss, huber, mse, ppoLoss } from '../../src/nn/index.ts';
import { dqnLoss } from '../../src/nn/losses.ts';

const wide = (n: number) => new Float64Array(n) as unknown as Float32Array;

function randomArray(length: number, rng: Rng): Float32Array {
  const values = wide(length);
  for (let i = 0; i < length; i++) values[i] = rng.normal();
  return values;
}

test('ppo loss: gradient with masks, on both sides of the clip', () => {
  const rng = new Rng(2);
  const batch = 40;
  const logits = randomArray(batch * 3, rng);
  const values = randomArray(batch, rng);
  const masks = Uint8Array.from({ length: batch * 3 }, (_, i) => (i % 3 === 2 || rng.uniform() < 0.7 ? 1 : 0));
  const actions = Uint8Array.from({ length: batch }, (_, b) => (masks[b * 3] ? 0 : 2));
  const data = {
    masks,
    actions,
    oldLogProbs: randomArray(batch, rng).map((x) => -1 + 0.4 * x),
    advantages: randomArray(batch, rng),
    returns: randomArray(batch, rng),
  };
  const coefficients = { clip: 0.2, value: 0.5, entropy: 0.01 };
  const [dLogits, dValues] = [wide(batch * 3), wide(batch)];
  const scratch = [wide(batch * 3), wide(batch)] as const;
  const loss = () => ppoLoss(logits, values, batch, data, coefficients, ...scratch).loss;
  const result = ppoLoss(logits, values, batch, data, coefficients, dLogits, dValues);
  expect(result.clippedShare).toBeGreaterThan(0.2);
  expect(result.clippedShare).toBeLessThan(0.9);
  for (const [x, gradient] of [
    [logits, dLogits],
    [values, dValues],
  ] as const) {
    for (let i = 0; i < x.length; i++) expectSlope(x, i, loss, gradient[i]);
  }
  masks.forEach((allowed, i) => {
    if (!allowed) expect(Math.abs(dLogits[i])).toBe(0);
  });
});

test('all-action loss: gradient with masks, on both sides of the clip', () => {
  const rng = new Rng(5);
  const [batch, states] = [12, 4];
  const rows = batch * states;
  const logits = randomArray(rows * 3, rng);
  const masks = Uint8Array.from({ length: rows * 3 }, (_, i) => (i % 3 === 2 || rng.uniform() < 0.7 ? 1 : 0));
  const old = Array.from({ length: rows }, (_, row) => {
    const weights = [0, 1, 2].map((k) => (masks[row * 3 + k] ? Math.exp(logits[row * 3 + k] + 0.4 * rng.normal()) : 0));
    const sum = weights[0] + weights[1] + weights[2];
    return weights.map((weight) => Math.log(weight / sum));
  });
  const data = {
    masks,
    oldLogProbs: Float64Array.from(old.flat()),
    advantages: Float64Array.from(randomArray(rows * 3, rng)),
    weights: Float64Array.from({ length: rows }, () => rng.uniform()),
  };
  const coefficients = { clip: 0.2, entropy: 0.1 };
  const [gradient, scratch] = [wide(rows * 3), wide(rows * 3)];
  const result = allActionLoss(logits, batch, 3, data, coefficients, gradient);
  const total = data.weights.reduce((sum, weight) => sum + weight, 0) / batch;
  expect(result.clippedShare / total).toBeGreaterThan(0.1);
  expect(result.clippedShare / total).toBeLessThan(0.9);
  expect(result.kl).toBeGreaterThan(0);
  const loss = () => allActionLoss(logits, batch, 3, data, coefficients, scratch).loss;
  for (let i = 0; i < logits.length; i++) {
    if (masks[i] === 0) expect(Math.abs(gradient[i])).toBe(0);
    expectSlope(logits, i, loss, gradient[i]);
  }
  // The policy that the advantages are of: nothing is clipped, and nothing is far.
  const same = { ...data, oldLogProbs: Float64Array.from(logits) };
  for (let at = 0; at < rows * 3; at += 3) {
    const sum = [0, 1, 2].reduce((z, k) => z + (masks[at + k] ? Math.exp(logits[at + k]) : 0), 0);
    for (let k = 0; k < 3; k++)
      same.oldLogProbs[at + k] = masks[at + k] ? logits[at + k] - Math.log(sum) : Number.NEGATIVE_INFINITY;
  }
  const still = allActionLoss(logits, batch, 3, same, coefficients, scratch);
  expect(still.clippedShare).toBe(0);
  expect(still.kl).toBeCloseTo(0, 12);
});

test.each([
  ['huber', huber],
  ['mse', mse],
] as const)('dqn loss: %s', (_, regression) => {
  const rng = new Rng(3);
  const batch = 16;
  const q = randomArray(batch * 3, rng);
  const actions = Uint8Array.from({ length: batch }, () => rng.integer(3));
  const targets = Float64Array.from({ length: batch }, () => 2 * rng.normal());
  const gradient = wide(batch * 3);
  const scratch = wide(batch * 3);
  dqnLoss(q, batch, actions, targets, regression, gradient);
  for (let i = 0; i < q.length; i++) {
    expectSlope(q, i, () => dqnLoss(q, batch, actions, targets, regression, scratch), gradient[i]);
  }
});

function expectSlope(x: Float32Array, i: number, loss: () => number, gradient: number): void {
  const kept = x[i];
  const h = 1e-6;
  x[i] = kept + h;
  const up = loss();
  x[i] = kept - h;
  const down = loss();
  x[i] = kept;
  expect(Math.abs((up - down) / (2 * h) - gradient)).toBeLessThan(1e-8);
}
