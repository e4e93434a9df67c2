import { describe, expect, it } from 'vitest';
import { edgeVerdict } from '../../src/bot/promotion/edge-verdict.ts';
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
    ...{ evaluations: [], takerFees: new Map(), maxDrawdown: 0.2, requiredPaperDays: 7 },
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

describe('the verdict on a checkpoint', () => {
  const check = (...evaluations: (readonly [symbol: string, verdict: string, feeRate: number | null])[]) =>
    edgeVerdict.check({
      mode: 'spot',
      venue: 'binance',
      symbols: ['BTC/USDT', 'ETH/USDT'],
      paper: [],
      timeframeMs: HOUR_MS,
      evaluations: evaluations.map(([symbol, verdict, feeRate]) => ({ symbol, verdict, feeRate })),
      takerFees: new Map([['BTC/USDT', 0.001]]),
      ...{ maxDrawdown: 0.2, requiredPaperDays: 7 },
    });
  const eth = ['ETH/USDT', 'edge', 0.0005] as const;

  it('is asked for on each symbol', () => {
    expect(check(['BTC/USDT', 'edge', 0.001 - 1e-15], eth)).toBeNull();
    expect(check(['BTC/USDT', 'edge', 0.001])).toContain('ETH/USDT was never evaluated');
    expect(check(['BTC/USDT', 'no evidence of an edge', 0.001], eth)).toContain(
      "BTC/USDT: its verdict is 'no evidence",
    );
  });

  it("is no proof at fees below the venue's", () => {
    expect(check(['BTC/USDT', 'edge', 0], eth)).toContain('the venue takes 0.001');
    expect(check(['BTC/USDT', 'edge', null], eth)).toContain('the venue takes 0.001');
    expect(check(['BTC/USDT', 'edge', 0.002], eth)).toBeNull();
  });
});
