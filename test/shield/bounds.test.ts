/** What a threshold may be, and what a saved state may hold: the edges of every schema. */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/shield/index.ts';

const find = (name: string) => RULES.find((rule) => rule.name === name)!;

/** Threshold: the values at the edges that pass, and those just beyond that don't. */
const THRESHOLDS: Record<string, { good: readonly unknown[]; bad: readonly unknown[] }> = {
  'repeat-limit.n': { good: [1, 100], bad: [0, 1.5, 101] },
  'consensus.n': { good: [1, 100], bad: [0, 1.5, 101] },
  'consensus.publishedWarmup': { good: [0, 1], bad: [-1, 0.5, 2] },
  'confidence.maxEntropy': { good: [0, 0.5, 1], bad: [-0.01, 1.01] },
  'confidence.minQGap': { good: [0, 1e9], bad: [-0.01] },
  'max-drawdown.reduceAt': { good: [0.001, 0.999], bad: [0, 1] },
  'max-drawdown.haltAt': { good: [0.001, 0.999], bad: [0, 1] },
  'max-drawdown.restBars': { good: [1, 1e6], bad: [0, 1.5] },
  'daily-loss.maxLoss': { good: [0.001, 0.999], bad: [0, 1] },
  'loss-streak.losses': { good: [1, 1e6], bad: [0, 1.5] },
  'loss-streak.coolDownBars': { good: [1, 1e6], bad: [0, 1.5] },
  'stop-loss.distance': { good: [0.001, 0.999], bad: [0, 1] },
  'take-profit.distance': { good: [0.001, 0.999], bad: [0, 1] },
  'trailing-stop.distance': { good: [0.001, 0.999], bad: [0, 1] },
  'max-position.maxShare': { good: [0, 1], bad: [-0.01, 1.01] },
  'max-notional.maxMultiple': { good: [0, 1e6], bad: [-0.01] },
  'max-leverage.maxLeverage': { good: [0, 1e6], bad: [-0.01] },
  'order-rate.perHour': { good: [1, 10_000], bad: [0, 1.5, 10_001] },
  'order-rate.perDay': { good: [1, 10_000], bad: [0, 1.5, 10_001] },
  'volatility-spike.maxRatio': { good: [0.001, 1e6], bad: [0] },
  'volatility-spike.fastBars': { good: [1, 1e6], bad: [0, 1.5] },
  'volatility-spike.slowBars': { good: [2, 1e6], bad: [1, 2.5] },
  'stale-data.maxAgeBars': { good: [0, 1e6], bad: [-0.01] },
  'gappy-data.maxGapBars': { good: [0, 1e6], bad: [-1, 0.5] },
  'spread.maxSpread': { good: [0, 1], bad: [-0.01] },
  'slippage.maxSlippage': { good: [0, 1], bad: [-0.01] },
  'slippage.coolDownBars': { good: [1, 1e6], bad: [0, 1.5] },
  'out-of-range.maxClippedShare': { good: [0, 1], bad: [-0.01, 1.01] },
  'out-of-range.maxDistance': { good: [0.001, 1e6], bad: [0] },
  'trading-hours.hours': { good: [[], [0, 23]], bad: [[-1], [24], [1.5], 9] },
  'trading-hours.days': { good: [[], [0, 6]], bad: [[-1], [7], [1.5], 1] },
};

describe('thresholds', () => {
  test.each(Object.entries(THRESHOLDS))('%s', (path, { good, bad }) => {
    const [name, threshold] = path.split('.');
    const { config, standard } = find(name);
    const passes = (value: unknown) => config.safeParse({ ...standard, [threshold]: value }).success;
    expect(good.map(passes)).toEqual(good.map(() => true));
    expect([...bad, Number.NaN, 'x', null].map(passes)).toEqual([...bad, 0, 0, 0].map(() => false));
  });
  test('every one is there, and no rule takes another', () => {
    const all = RULES.flatMap((rule) => Object.keys(rule.config.shape).map((name) => `${rule.name}.${name}`));
    expect(Object.keys(THRESHOLDS)).toEqual(all);
    for (const { config, standard } of RULES) expect(config.safeParse({ ...standard, more: 1 }).success).toBe(false);
  });
});

/** Rule: states that may be restored, and damaged ones. */
const STATES: Record<string, { good: readonly unknown[]; bad: readonly unknown[] }> = {
  'repeat-limit': { good: [[], [0, 1, 2]], bad: [[3], [-1], [0.5], {}] },
  consensus: {
    good: [{ queue: [0, 2], seen: 0 }],
    bad: [
      { queue: [3], seen: 0 },
      { queue: [-1], seen: 0 },
      { queue: [], seen: -1 },
      { queue: [] },
      { queue: [], seen: 0, more: 1 },
    ],
  },
  'max-drawdown': {
    good: [{ peak: null, reference: 1, rested: 0 }],
    bad: [
      { peak: 1, reference: 1, rested: -1 },
      { peak: 1, rested: 0 },
      { peak: 'x', reference: 1, rested: 0 },
    ],
  },
  'daily-loss': {
    good: [{ day: null, start: 0, last: 0 }],
    bad: [
      { day: 0.5, start: 0, last: 0 },
      { day: 1, start: 0 },
    ],
  },
  'loss-streak': {
    good: [{ closed: 0, streak: 0, lostMs: null }],
    bad: [
      { closed: -1, streak: 0, lostMs: 1 },
      { closed: 0, streak: -1, lostMs: 1 },
      { closed: 0, streak: 0 },
    ],
  },
  'trailing-stop': {
    good: [
      { side: -1, best: 1 },
      { side: 1, best: null },
    ],
    bad: [{ side: 2, best: 1 }, { side: -2, best: 1 }, { side: 0.5, best: 1 }, { side: 0 }],
  },
  'order-rate': { good: [[], [1, 2]], bad: [['x'], {}] },
  'volatility-spike': {
    good: [{ close: null, fast: 0, slow: 0, seen: 0 }],
    bad: [
      { close: 1, fast: 0, slow: 0, seen: -1 },
      { close: 1, fast: 0, slow: null, seen: 0 },
      { close: 1, fast: 0, slow: 0 },
    ],
  },
  slippage: {
    good: [{ position: 0, slippage: null, seenMs: 0 }],
    bad: [
      { position: 0, slippage: 0 },
      { position: null, slippage: 0, seenMs: 0 },
    ],
  },
};

const FIRST: Record<string, unknown> = {
  'repeat-limit': [],
  consensus: { queue: [], seen: 0 },
  'max-drawdown': { peak: null, reference: null, rested: 0 },
  'daily-loss': { day: null, start: 0, last: 0 },
  'loss-streak': { closed: 0, streak: 0, lostMs: null },
  'trailing-stop': { side: 0, best: null },
  'order-rate': [],
  'volatility-spike': { close: null, fast: 0, slow: 0, seen: 0 },
  slippage: { position: 0, slippage: null, seenMs: 0 },
};

describe('states', () => {
  test('are empty at first', () => {
    for (const rule of RULES) expect(rule.initial(rule.standard)).toEqual(FIRST[rule.name] ?? null);
  });
  test.each(RULES.map(({ name }) => name))('%s', (name) => {
    const { good, bad } = STATES[name] ?? { good: [null], bad: [0, {}] };
    const { state } = find(name);
    expect(good.map((value) => state.safeParse(value).success)).toEqual(good.map(() => true));
    expect(bad.map((value) => state.safeParse(value).success)).toEqual(bad.map(() => false));
  });
});
