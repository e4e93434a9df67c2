import { describe, expect, it } from 'vitest';
import { describeRegimes } from '../../src/evaluate/regimes.ts';

const DAY = 86_400_000;

describe('regimes', () => {
  // 30 weeks of days: week w moves by w - 15 tenths of a percent each day, wildly in every third week.
  const wild = (week: number) => week % 3 === 2;
  const held = Float64Array.from({ length: 210 }, (_, day) => {
    const week = Math.floor(day / 7);
    const swing = wild(week) ? 0.03 : week % 3 === 1 ? 0.01 : 0.001;
    return (week - 15) / 1000 + (day % 7 === 6 ? 0 : day % 2 === 0 ? swing : -swing);
  });

  it('are thirds of the weeks by return and by volatility, each bar once in each', () => {
    const regimes = describeRegimes(held, held, DAY);
    expect(regimes.map(({ name, bars }) => [name, bars])).toEqual(
      ['falling', 'sideways', 'rising', 'calm', 'normal', 'stormy'].map((name) => [name, 70]),
    );
    for (const { held: market, made } of regimes) expect(made).toBe(market);
    const [falling, sideways, rising, , , stormy] = regimes;
    expect(falling.held).toBeLessThan(sideways.held);
    expect(sideways.held).toBeLessThan(rising.held);
    const expected = Array.from(held).reduce((e, r, day) => (wild(Math.floor(day / 7)) ? e * (1 + r) : e), 1) - 1;
    expect(stormy.held).toBeCloseTo(expected, 12);
  });

  it('say what a policy did that is in the market in rising weeks only', () => {
    const clever = held.map((r, day) => (Math.floor(day / 7) >= 20 ? r : 0));
    const [falling, sideways, rising] = describeRegimes(clever, held, DAY);
    expect([falling.made, falling.sharpe, sideways.made]).toEqual([0, null, 0]);
    expect(rising.made).toBeCloseTo(rising.held, 12);
    expect(rising.sharpe).toBeGreaterThan(0);
  });

  it('are none on a handful of bars', () => {
    expect(describeRegimes(held.subarray(0, 20), held.subarray(0, 20), DAY)).toEqual([]);
  });
});
