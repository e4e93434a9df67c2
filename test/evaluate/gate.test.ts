import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { GATE, gateStatistic } from '../../src/evaluate/gate.ts';

/** Equity whose log moves are given. */
function curveOf(moves: readonly number[]): Float64Array {
  const curve = new Float64Array(moves.length + 1).fill(10_000);
  moves.forEach((move, i) => {
    curve[i + 1] = curve[i] * Math.exp(move);
  });
  return curve;
}

describe('the gate', () => {
  it('is the one-sample t of the sums of 24 bars', () => {
    // Sums of 0.01, 0.03, 0.02 and 0.02: mean 0.02, deviation sqrt(0.0002 / 3), n = 4.
    const days = [0.01, 0.03, 0.02, 0.02].flatMap((sum) => Array.from({ length: 24 }, () => sum / 24));
    const { t, sums } = gateStatistic([curveOf(days)]);
    expect(sums).toBe(4);
    expect(t).toBeCloseTo(0.02 / (Math.sqrt(0.0002 / 3) / 2), 8);
    // What is left after the last whole day changes nothing.
    expect(gateStatistic([curveOf([...days, 0.5, 0.5])]).t).toBeCloseTo(t, 8);
    // How a day's moves lie within it doesn't, either.
    const shuffled = [0.01, 0.03, 0.02, 0.02].flatMap((sum) => [sum, ...Array.from({ length: 23 }, () => 0)]);
    expect(gateStatistic([curveOf(shuffled)]).t).toBeCloseTo(t, 8);
    // Two markets are as many days as both have.
    expect(gateStatistic([curveOf(days.slice(0, 48)), curveOf(days.slice(48))]).t).toBeCloseTo(t, 8);
  });

  it('is 0 for whoever does nothing, and for a fold without two days', () => {
    expect(gateStatistic([curveOf(new Array(200).fill(0))])).toEqual({ t: 0, sums: 8 });
    expect(gateStatistic([curveOf(new Array(30).fill(0.01))])).toEqual({ t: 0, sums: 1 });
  });

  it('opens for one lucky martingale in 44', () => {
    const rng = new Rng(5);
    const rounds = 2000;
    let opened = 0;
    for (let k = 0; k < rounds; k++) {
      const { t } = gateStatistic([curveOf(Array.from({ length: 24 * 150 }, () => 0.006 * rng.normal()))]);
      if (t >= GATE.needed) opened++;
    }
    // P(t > 2) = 2.37 % at 149 degrees of freedom; four standard errors of 2,000 draws are 1.4 %.
    expect(Math.abs(opened / rounds - 0.0237)).toBeLessThan(0.014);
  });
});
