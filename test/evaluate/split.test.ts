import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { purgedFolds } from '../../src/evaluate/purged.ts';
import { embargoRows, rowAt, splitChronologically, walkForward } from '../../src/evaluate/split.ts';

const hours = (rows: number) => Float64Array.from({ length: rows }, (_, i) => i * 3_600_000);

describe('chronological folds', () => {
  it('an embargo covers the window, the longest memory and the reward', () => {
    expect(embargoRows({ window: 12, memory: 33, horizon: 20 })).toBe(45);
    expect(embargoRows({ window: 12, memory: 3, horizon: 20 })).toBe(20);
  });

  it('cuts by shares and by time alike', () => {
    const byShare = splitChronologically(hours(1000), { trainShare: 0.6, validationShare: 0.2 }, 45);
    expect(byShare).toEqual({
      train: { from: 0, to: 555 },
      validation: { from: 600, to: 755 },
      test: { from: 800, to: 1000 },
      embargo: 45,
    });
    const cuts = { validationFromMs: 600 * 3_600_000, testFromMs: 799 * 3_600_000 + 1 };
    expect(splitChronologically(hours(1000), cuts, 45)).toEqual(byShare);
  });

  it('finds rows in a series with gaps', () => {
    const times = Float64Array.of(0, 10, 50, 60);
    expect([-5, 0, 11, 50, 61].map((time) => rowAt(times, time))).toEqual([0, 0, 2, 2, 4]);
  });

  it.each([
    ['too little data', 120, { trainShare: 0.6, validationShare: 0.2 }, /the training fold has 27 bars, 50 are needed/],
    ['no test', 1000, { trainShare: 0.6, validationShare: 0.4 }, /leave nothing to test on/],
    ['cuts reversed', 1000, { validationFromMs: 9, testFromMs: 5 }, /validation begins after the test/],
    ['a cut beyond the end', 1000, { validationFromMs: 600 * 3.6e6, testFromMs: 9e12 }, /the test fold has 0 bars/],
  ] as const)('refuses %s with one line', (_, rows, cuts, message) => {
    expect(() => splitChronologically(hours(rows), cuts, 45)).toThrow(message);
  });
});

describe('walk-forward folds', () => {
  it('tests every late bar once, always after its own training', () => {
    for (const anchored of [true, false]) {
      const folds = walkForward(5000, { folds: 5, testShare: 0.5, validationShare: 0.2, anchored, embargo: 40 });
      expect(folds.map(({ test }) => test)).toEqual(
        [0, 1, 2, 3, 4].map((i) => ({ from: 2500 + i * 500, to: 3000 + i * 500 })),
      );
      for (const { train, validation, test } of folds) {
        expect(train.to + 40).toBe(validation.from);
        expect(validation.to + 40).toBe(test.from);
        expect(train.from).toBe(anchored ? 0 : test.from - 2500);
      }
    }
  });

  it('refuses folds that are too short', () => {
    const options = { folds: 50, testShare: 0.5, validationShare: 0.2, anchored: true, embargo: 40 };
    expect(() => walkForward(1000, options)).toThrow(/fold 1 of 50/);
    expect(() => walkForward(1000, { ...options, folds: 0 })).toThrow(/1 or more folds/);
  });
});

describe('combinatorial purged folds', () => {
  it('never train within the purge before or the embargo after a test', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 900 }),
        fc.integer({ min: 3, max: 8 }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 20 }),
        (rows, groups, testGroups, purge, embargo) => {
          const folds = purgedFolds(rows, { groups, testGroups, purge, embargo });
          const tested = new Int32Array(rows);
          for (const { train, test } of folds) {
            const forbidden = new Uint8Array(rows);
            for (const { from, to } of test) {
              for (let row = Math.max(0, from - purge); row < Math.min(rows, to + embargo); row++) forbidden[row] = 1;
              for (let row = from; row < to; row++) tested[row]++;
            }
            let trained = 0;
            for (const { from, to } of train)
              for (let row = from; row < to; row++, trained++) expect(forbidden[row]).toBe(0);
            expect(trained).toBe(forbidden.filter((flag) => flag === 0).length);
          }
          expect(new Set(tested).size).toBe(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses what leaves nothing to train on', () => {
    expect(() => purgedFolds(100, { groups: 2, testGroups: 1, purge: 60, embargo: 60 })).toThrow(/nothing to train on/);
    expect(() => purgedFolds(100, { groups: 2, testGroups: 2, purge: 0, embargo: 0 })).toThrow(/make no folds/);
  });
});
