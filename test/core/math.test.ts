import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as math from '../../src/core/math.ts';

const { exp, log, expm1, tanh, erf, sin, cos } = math;
type Name = 'exp' | 'log' | 'expm1' | 'tanh' | 'erf' | 'sin' | 'cos';

const golden: Record<Name, [number, number][]> = JSON.parse(
  readFileSync(new URL('../fixtures/math.json', import.meta.url), 'utf8'),
);

/** Distance of the next double. */
function ulpOf(x: number): number {
  const float = new Float64Array([Math.abs(x)]);
  new BigInt64Array(float.buffer)[0] += 1n;
  return float[0] - Math.abs(x);
}

describe.each(Object.keys(golden) as Name[])('%s', (name) => {
  it(`is within ${name === 'tanh' ? 'two ulps' : 'an ulp'} of the value at 80 digits`, () => {
    let worst = 0;
    for (const [x, value] of golden[name]) {
      worst = Math.max(worst, Math.abs(math[name](x) - value) / ulpOf(value));
    }
    expect(worst).toBeLessThanOrEqual(name === 'tanh' ? 2 : 1);
  });

  it('answers NaN to NaN', () => {
    expect(math[name](Number.NaN)).toBeNaN();
  });
});

describe('the edges', () => {
  const smallest = 5e-324;

  it.each([
    [exp, [1, 1, Infinity, 0]],
    [log, [-Infinity, -Infinity, Infinity, Number.NaN]],
    [expm1, [0, -0, Infinity, -1]],
    [tanh, [0, -0, 1, -1]],
    [erf, [0, -0, 1, -1]],
    [sin, [0, -0, Number.NaN, Number.NaN]],
    [cos, [1, 1, Number.NaN, Number.NaN]],
  ])('%o at 0, -0, Infinity, -Infinity', (f, values) => {
    expect([0, -0, Infinity, -Infinity].map(f)).toEqual(values);
  });

  it('keeps subnormal numbers', () => {
    for (const f of [expm1, tanh, sin]) expect([f(smallest), f(-smallest)]).toEqual([smallest, -smallest]);
    expect(erf(1e-310)).toBeCloseTo(1.1283791670955126e-310, 323);
    expect(log(smallest)).toBe(-744.4400719213812);
    expect(exp(-745.1)).toBe(smallest);
    expect([exp(smallest), cos(smallest)]).toEqual([1, 1]);
  });

  it('overflows and underflows where it should', () => {
    expect([exp(709.782712893384), exp(709.79), exp(-745.2)]).toEqual([1.7976931348622732e308, Infinity, 0]);
    expect([log(-1), log(1)]).toEqual([Number.NaN, 0]);
    expect([expm1(709.79), expm1(-50), tanh(21), erf(6), erf(-27)]).toEqual([Infinity, -1, 1, 1, -1]);
    expect([sin(1e7), cos(1e7)]).toEqual([Number.NaN, Number.NaN]);
  });
});

it('agrees with the machine to a few ulps everywhere', () => {
  let worst = 0;
  for (let i = 0; i < 20_000; i++) {
    const x = (i - 10_000) / 997;
    for (const name of ['exp', 'expm1', 'tanh', 'sin', 'cos', 'log'] as const) {
      const value = Math[name](x);
      if (!Number.isFinite(value)) continue;
      worst = Math.max(worst, Math.abs(math[name](x) - value) / ulpOf(Math.max(Math.abs(value), 1e-3)));
    }
  }
  expect(worst).toBeLessThanOrEqual(3);
});
