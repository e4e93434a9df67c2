/** Each world against its own law: what the law says of the next bar has to hold of the bars that were made. */
import { describe, expect, it } from 'vitest';
import { checkSeries } from '../../src/market/check.ts';
import { hashSeries } from '../../src/market/store.ts';
import { findWorld, WORLDS } from '../../src/market/worlds/index.ts';
import { normalGrowth } from '../../src/market/worlds/world.ts';

const BARS = 60_000;
const SHARES = [0.25, 1];

/** Mean and its standard error by 60 batch means, which hold in spite of memory. */
function batchMean(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const size = Math.floor(values.length / 60);
  const means = Array.from({ length: 60 }, (_, b) => {
    let sum = 0;
    for (let i = b * size; i < (b + 1) * size; i++) sum += values[i];
    return sum / size;
  });
  const mean = means.reduce((sum, x) => sum + x, 0) / 60;
  return { mean, error: Math.sqrt(means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 60 / 59) };
}

function expectZero(values: readonly number[], what: string): void {
  const { mean, error } = batchMean(values);
  expect(Math.abs(mean), `${what}: ${mean}, standard error ${error}`).toBeLessThan(4 * error + 1e-12);
}

describe.each(WORLDS.map((world) => [world.name, world] as const))('%s', (_, world) => {
  const { series, law, states } = world.make(7, BARS);
  const { states: count, transition } = law;

  it('makes possible bars, the same for the same seed and others for another', () => {
    expect(checkSeries(series).errors).toEqual([]);
    expect(series.length).toBe(BARS);
    expect(hashSeries(world.make(7, 500).series)).toBe(hashSeries(world.make(7, 500).series));
    expect(hashSeries(world.make(8, 500).series)).not.toBe(hashSeries(world.make(7, 500).series));
    for (let i = 1; i < 500; i++) expect(series.open[i]).toBeCloseTo(series.close[i - 1], 8);
  });

  it("has a law whose probabilities are ones, and whose states are the series'", () => {
    for (let z = 0; z < count; z++) {
      let sum = 0;
      for (let to = 0; to < count; to++) {
        expect(transition[z * count + to]).toBeGreaterThanOrEqual(0);
        sum += transition[z * count + to];
      }
      expect(sum).toBeCloseTo(1, 9);
    }
    expect(states.every((z) => z >= 0 && z < count)).toBe(true);
    expect(states.length).toBe(BARS);
  });

  it('grows as its law says: on average, and more where the law says more', () => {
    for (const share of SHARES) {
      const expected = Float64Array.from({ length: count }, (_, z) => law.growth(z, share));
      const surprises: number[] = [];
      const weighted: number[] = [];
      for (let i = 0; i + 1 < BARS; i++) {
        const grown = Math.log(1 + share * (series.close[i + 1] / series.close[i] - 1));
        surprises.push(grown - expected[states[i]]);
        weighted.push((grown - expected[states[i]]) * expected[states[i]]);
      }
      expectZero(surprises, `growth at ${share}`);
      expectZero(weighted, `growth at ${share}, weighted by what the law expects`);
    }
  });

  it('goes from state to state as its law says', () => {
    const expected = Float64Array.from({ length: count }, (_, z) => {
      let sum = 0;
      for (let to = 0; to < count; to++) sum += transition[z * count + to] * to;
      return sum;
    });
    expectZero(
      Array.from({ length: BARS - 1 }, (_, i) => states[i + 1] - expected[states[i]]),
      'next state',
    );
  });
});

describe('the parts', () => {
  it('E[ln(1 + f (e^R - 1))]: R itself where everything is held, and a known series where little is', () => {
    expect(normalGrowth(0.003, 0.02, 1)).toBeCloseTo(0.003, 12);
    expect(normalGrowth(0.003, 0.02, 0)).toBe(0);
    // To second order f E[e^R - 1] - f^2 E[(e^R - 1)^2] / 2, both of the lognormal.
    const [m, s, f] = [0.001, 0.005, 0.1];
    const first = Math.exp(m + s ** 2 / 2) - 1;
    const second = Math.exp(2 * m + 2 * s ** 2) - 2 * Math.exp(m + s ** 2 / 2) + 1;
    expect(normalGrowth(m, s, f)).toBeCloseTo(f * first - (f * f * second) / 2, 9);
  });

  it('an unknown world is refused with the list of those there are', () => {
    expect(() => findWorld('nowhere')).toThrow(/unknown world 'nowhere'; choose one of fair, /);
  });
});
