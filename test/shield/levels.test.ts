/** Protective levels: where they lie, on which side, and which of several stands. */
import { describe, expect, test } from 'vitest';
import { createShield, type Overrides } from '../../src/shield/index.ts';
import { isBeyond, joinLevels, levelAt } from '../../src/shield/levels.ts';
import { makeFacts } from './facts.ts';

const NONE = Number.NaN;
const long = { position: 2, entryPrice: 100, bestPrice: 120 };
const short = { position: -2, entryPrice: 100, bestPrice: 80 };
const flat = { position: 0, entryPrice: NONE, bestPrice: NONE };

function levelsOf(overrides: Overrides, position: typeof long) {
  return createShield({ profile: 'none', overrides }).levels(position);
}

describe('a level', () => {
  test('is where a position has gained a share of a price, however small it is', () => {
    expect([0.5, -0.5].map((position) => levelAt(position, 100, 0.25))).toEqual([125, 75]);
    expect(levelAt(0, 100, 0.25)).toBe(NONE);
  });
  test('is reached at its very price, from the side of the position', () => {
    const reached = (position: number) => [99, 100, 101].map((price) => isBeyond(position, price, 100));
    expect(reached(0.5)).toEqual([true, true, false]);
    expect(reached(-0.5)).toEqual([false, true, true]);
    expect(reached(0)).toEqual([false, false, false]);
    expect(isBeyond(1, 100, NONE)).toBe(false);
  });
  test('gives way to a nearer one, whichever comes first', () => {
    const [near, far] = [
      { stop: 95, target: 105 },
      { stop: 90, target: 110 },
    ];
    for (const [a, b] of [
      [near, far],
      [far, near],
    ]) {
      expect(joinLevels(0.5, a, b)).toEqual(near);
      // Of a short position the stop is above.
      const up = (one: typeof near) => ({ stop: one.target, target: one.stop });
      expect(joinLevels(-0.5, up(a), up(b))).toEqual(up(near));
    }
    const none = { stop: NONE, target: NONE };
    expect(joinLevels(1, none, near)).toEqual(near);
    expect(joinLevels(1, near, none)).toEqual(near);
    expect(joinLevels(1, none, none)).toEqual(none);
  });
});

describe('the levels of a shield', () => {
  test.each([
    ['stop-loss', long, 75, NONE],
    ['stop-loss', short, 125, NONE],
    ['take-profit', long, NONE, 125],
    ['take-profit', short, NONE, 75],
    ['trailing-stop', long, 90, NONE],
    ['trailing-stop', short, 100, NONE],
  ])('%s', (name, position, stop, target) => {
    const overrides = { [name]: { distance: 0.25 } };
    expect(levelsOf(overrides, position)).toEqual({ stop, target });
    expect(levelsOf(overrides, flat)).toEqual({ stop: NONE, target: NONE });
  });
  test('the nearest stop and the nearest target stand', () => {
    const near = {
      'stop-loss': { distance: 0.25 },
      'trailing-stop': { distance: 0.125 },
      'take-profit': { distance: 0.5 },
    };
    expect(levelsOf(near, long)).toEqual({ stop: 105, target: 150 });
    expect(levelsOf(near, short)).toEqual({ stop: 90, target: 50 });
    const far = { 'stop-loss': { distance: 0.125 }, 'trailing-stop': { distance: 0.5 } };
    expect(levelsOf(far, long)).toEqual({ stop: 87.5, target: NONE });
    expect(levelsOf(far, short)).toEqual({ stop: 112.5, target: NONE });
  });
  test('come from the rules that have some', () => {
    expect(createShield().levels({ position: 1, entryPrice: 100, bestPrice: 100 })).toEqual({ stop: 95, target: 120 });
  });
  test('a tighter distance is nearer', () => {
    for (const name of ['stop-loss', 'trailing-stop'])
      for (const position of [long, short]) {
        const at = (distance: number) =>
          levelsOf({ [name]: { distance } }, position).stop * Math.sign(position.position);
        expect(at(0.05)).toBeGreaterThan(at(0.06));
      }
  });
  test('nothing is added beyond a stop, and selling out passes', () => {
    const shield = createShield({ profile: 'none', overrides: { 'stop-loss': {} } });
    const below = makeFacts({ units: 1, entryPrice: 100, close: 94 });
    expect(shield.decide({ action: 1, probabilities: null, qValues: null }, below).final).toBe(2);
    expect(shield.decide({ action: 0, probabilities: null, qValues: null }, below).final).toBe(0);
  });
});
