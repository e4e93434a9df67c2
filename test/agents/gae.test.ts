import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdvantageInputs, estimateAdvantages } from '../../src/agents/gae.ts';

/** Equation 16 as it stands: a sum over the rest of the episode, for one step of one environment. */
function slowAdvantage(x: AdvantageInputs, t: number, env: number): number {
  let advantage = 0;
  for (let l = 0; t + l < x.steps; l++) {
    const i = (t + l) * x.envs + env;
    const ended = x.terminated[i] === 1 || x.truncated[i] === 1;
    let next = t + l + 1 < x.steps ? x.values[i + x.envs] : x.lastValues[env];
    if (x.terminated[i] === 1) next = 0;
    else if (x.truncated[i] === 1) next = x.finalValues[i];
    advantage += (x.gamma * x.lambda) ** l * (x.rewards[i] + x.gamma * next - x.values[i]);
    if (ended) break;
  }
  return advantage;
}

const rollouts = fc
  .record({ steps: fc.integer({ min: 1, max: 12 }), envs: fc.integer({ min: 1, max: 3 }) })
  .chain(({ steps, envs }) => {
    const size = steps * envs;
    const numbers = (length: number) =>
      fc
        .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: length, maxLength: length })
        .map((list) => new Float32Array(list));
    const flags = fc
      .array(fc.constantFrom(0, 0, 0, 1), { minLength: size, maxLength: size })
      .map((list) => new Uint8Array(list));
    return fc.record({
      steps: fc.constant(steps),
      envs: fc.constant(envs),
      rewards: numbers(size),
      values: numbers(size),
      finalValues: numbers(size),
      lastValues: numbers(envs),
      terminated: flags,
      truncated: flags,
      gamma: fc.double({ min: 0, max: 1, noNaN: true }),
      lambda: fc.double({ min: 0, max: 1, noNaN: true }),
    });
  });

function run(inputs: AdvantageInputs) {
  const advantages = new Float32Array(inputs.rewards.length);
  const returns = new Float32Array(inputs.rewards.length);
  estimateAdvantages(inputs, advantages, returns);
  return { advantages, returns };
}

describe('generalised advantage estimation', () => {
  it("equals scipy's filter on three environments with ends and cuts", () => {
    const golden = JSON.parse(readFileSync(new URL('../fixtures/agents/gae.json', import.meta.url), 'utf8'));
    const { advantages } = run({
      ...golden,
      rewards: Float32Array.from(golden.rewards),
      values: Float32Array.from(golden.values),
      finalValues: Float32Array.from(golden.finalValues),
      lastValues: Float32Array.from(golden.lastValues),
      terminated: Uint8Array.from(golden.terminated),
      truncated: Uint8Array.from(golden.truncated),
    });
    expect(golden.truncated).toContain(1);
    golden.advantages.forEach((expected: number, i: number) => {
      expect(Math.abs(advantages[i] - expected)).toBeLessThan(2e-6);
    });
  });

  it('equals the sum in the paper, where episodes end or are cut anywhere', () => {
    fc.assert(
      fc.property(rollouts, (inputs) => {
        const { advantages, returns } = run(inputs);
        for (let t = 0; t < inputs.steps; t++) {
          for (let env = 0; env < inputs.envs; env++) {
            const i = t * inputs.envs + env;
            const slow = slowAdvantage(inputs, t, env);
            expect(Math.abs(advantages[i] - slow)).toBeLessThan(1e-5 * (1 + Math.abs(slow)));
            expect(Math.abs(returns[i] - slow - inputs.values[i])).toBeLessThan(1e-5 * (1 + Math.abs(slow)));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('bootstraps what time cut and not what ended', () => {
    const one = (terminated: number, truncated: number) =>
      run({
        steps: 1,
        envs: 1,
        rewards: new Float32Array([1]),
        values: new Float32Array([0.5]),
        finalValues: new Float32Array([10]),
        lastValues: new Float32Array([99]),
        terminated: new Uint8Array([terminated]),
        truncated: new Uint8Array([truncated]),
        gamma: 0.9,
        lambda: 0.95,
      }).returns[0];
    expect(one(1, 0)).toBeCloseTo(1);
    expect(one(0, 1)).toBeCloseTo(1 + 0.9 * 10);
    expect(one(0, 0)).toBeCloseTo(1 + 0.9 * 99, 4);
    // An account that is wiped out on the last bar of the data has ended.
    expect(one(1, 1)).toBeCloseTo(1);
  });
});
