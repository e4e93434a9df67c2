import { describe, expect, it } from 'vitest';
import { paperDays } from '../../src/bot/promotion/paper-days.ts';

const HOUR_MS = 3_600_000;
const hours = (from: number, count: number) => Array.from({ length: count }, (_, i) => (from + i) * HOUR_MS);
const missing = (...journals: (readonly number[])[]) =>
  paperDays.check({
    mode: 'spot',
    venue: 'binance',
    symbols: ['BTC/USDT'],
    paper: journals.map((bars) => ({ fresh: new Map([['BTC/USDT', bars]]), differences: 0 })),
    timeframeMs: HOUR_MS,
    verdicts: [],
    maxDrawdown: 0.2,
    requiredPaperDays: 7,
  });

describe('days on paper', () => {
  it('are those of the bars that were decided in time', () => {
    expect(missing(hours(0, 7 * 24))).toBeNull();
    expect(missing(hours(0, 4 * 24), hours(1000, 3 * 24))).toBeNull();
    expect(missing()).toContain('0.0 verified days');
  });

  it("don't come from two starts a week apart", () => {
    expect(missing([...hours(0, 1), ...hours(7 * 24, 1)])).toContain('0.1 verified days');
  });

  it("don't come from seven bots side by side", () => {
    expect(missing(...Array.from({ length: 7 }, () => hours(0, 24)))).toContain('1.0 verified days');
  });
});
