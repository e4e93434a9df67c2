import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { checkSeries } from '../../src/market/check.ts';
import { hashSeries } from '../../src/market/store.ts';
import { REGIMES, synthesize } from '../../src/market/synthetic.ts';
import { RUNS_ALL, SLOW } from '../effort.ts';

/**
 * Stylised facts, judged by batch means: 50 batches, each longer than the volatility's memory, so the standard error
 * holds in spite of clustering. Seeds are fixed; 4 standard errors leave room for the other seeds too.
 */
function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function batchMean(values: ArrayLike<number>): { mean: number; error: number } {
  const size = Math.floor(values.length / 50);
  const all = Float64Array.from(values);
  const batches = Array.from({ length: 50 }, (_, b) => mean(all.subarray(b * size, (b + 1) * size)));
  const centre = mean(batches);
  return { mean: centre, error: Math.sqrt(mean(batches.map((x) => (x - centre) ** 2)) / 49) };
}

function logReturns(close: Float64Array): Float64Array {
  const returns = new Float64Array(close.length - 1);
  for (let i = 1; i < close.length; i++) returns[i - 1] = Math.log(close[i] / close[i - 1]);
  return returns;
}

/** Correlation with its batch error. */
function correlate(a: ArrayLike<number>, b: ArrayLike<number>): { mean: number; error: number } {
  const standardise = (values: ArrayLike<number>) => {
    const centre = mean(values);
    const deviation = Math.sqrt(mean(Array.from(values, (x) => (x - centre) ** 2)));
    return Float64Array.from(values, (x) => (x - centre) / deviation);
  };
  const [x, y] = [standardise(a), standardise(b)];
  return batchMean(x.map((value, i) => value * y[i]));
}

const BARS = 100_000;
const plain = synthesize({ bars: BARS, seed: 1 });
const martingale = synthesize({ bars: BARS, seed: 1, martingale: true });
const signal = synthesize({ bars: BARS, seed: 1, signal: 0.3 });

describe('looks like a market', () => {
  const returns = logReturns(martingale.series.close);
  const sizes = returns.map(Math.abs);

  it.each([
    ['plain', plain],
    ['martingale', martingale],
    ['signal', signal],
  ])('%s: possible bars on the grid, one price a gapless path, trade counts', (_, { series }) => {
    const report = checkSeries(series);
    expect(report.errors).toEqual([]);
    expect(report.gaps).toEqual([]);
    expect(series.open.slice(1)).toEqual(series.close.slice(0, -1));
    expect(series.trades!.every((count) => Number.isInteger(count) && count > 0)).toBe(true);
  });

  it('has the deviation that was asked for', () => {
    const squares = batchMean(returns.map((x) => x * x));
    expect(Math.abs(squares.mean - 0.008 ** 2)).toBeLessThan(4 * squares.error);
    const wide = logReturns(synthesize({ bars: 20_000, seed: 2, volatility: 0.02, martingale: true }).series.close);
    expect(Math.sqrt(mean(wide.map((x) => x * x)))).toBeGreaterThan(0.015);
  });

  it('has fat tails: moves beyond 4 deviations are at least 20 times as frequent as a normal law has them', () => {
    const deviation = Math.sqrt(mean(returns.map((x) => x * x)));
    const share = mean(sizes.map((x) => (x > 4 * deviation ? 1 : 0)));
    expect(share).toBeGreaterThan(20 * 6.33e-5);
  });

  it('jumps: moves beyond 6 times the bar own volatility occur, which normal noise has once in 5e8', () => {
    const { sigma } = martingale.truth;
    const jumps = sizes.filter((size, i) => size > 6 * sigma[i + 1]).length;
    // Probability 0.0015 a bar, of which about 31 % exceed 6 deviations of the noise.
    expect(jumps).toBeGreaterThan(20);
    expect(jumps).toBeLessThan(90);
  });

  it('clusters volatility over a day and more, while returns stay uncorrelated', () => {
    for (const lag of [1, 6, 24, 72]) {
      const { mean: rho, error } = correlate(sizes.slice(lag), sizes.slice(0, -lag));
      expect(rho).toBeGreaterThan(4 * error);
      expect(rho).toBeGreaterThan(0.05);
    }
    const { mean: rho, error } = correlate(returns.slice(1), returns.slice(0, -1));
    expect(Math.abs(rho)).toBeLessThan(4 * error);
  });

  it('follows the time of day', () => {
    const { series } = martingale;
    const byHour = Array.from({ length: 24 }, (_, hour) =>
      mean(sizes.filter((_size, i) => new Date(series.timeMs[i + 1]).getUTCHours() === hour)),
    );
    const [quiet, busy] = [byHour.indexOf(Math.min(...byHour)), byHour.indexOf(Math.max(...byHour))];
    expect([4, 5, 6]).toContain(quiet);
    expect([13, 14, 15, 16]).toContain(busy);
    expect(byHour[busy] / byHour[quiet]).toBeGreaterThan(1.5);
  });

  it('ties volume and trade counts to volatility and to the size of the move', () => {
    const { series, truth } = martingale;
    const volume = series.volume.map(Math.log).subarray(1);
    expect(correlate(volume, sizes).mean).toBeGreaterThan(0.3);
    expect(correlate(volume, truth.sigma.map(Math.log).subarray(1)).mean).toBeGreaterThan(0.3);
    expect(correlate(volume, series.trades!.map(Math.log).subarray(1)).mean).toBeGreaterThan(0.5);
  });

  it('has regimes in the plain market, each as long and as volatile as stated', () => {
    const { regime, sigma } = plain.truth;
    const cycle = REGIMES.reduce((sum, one) => sum + one.bars, 0);
    const levels = REGIMES.map((one, index) => {
      const { mean: share, error } = batchMean(Array.from(regime, (r) => (r === index ? 1 : 0)));
      expect(Math.abs(share - one.bars / cycle)).toBeLessThan(4 * error);
      return mean(sigma.filter((_, i) => regime[i] === index));
    });
    expect(levels).toEqual([...levels].sort((a, b) => a - b));
    expect(martingale.truth.regime.every((r) => r === 0)).toBe(true);
  });
});

describe('is reproducible', () => {
  it('the same seed gives the same bytes, another seed others', () => {
    const again = synthesize({ bars: 500, seed: 9 }).series;
    expect(hashSeries(synthesize({ bars: 500, seed: 9 }).series)).toBe(hashSeries(again));
    expect(hashSeries(synthesize({ bars: 500, seed: 10 }).series)).not.toBe(hashSeries(again));
  });

  it('more bars leave the first ones as they are, trends included', () => {
    const short = synthesize({ bars: 3000, seed: 4 }).series;
    const long = synthesize({ bars: 5000, seed: 4 }).series;
    for (const key of ['close', 'high', 'volume', 'trades', 'trends'] as const)
      expect(long[key]!.slice(0, 3000)).toEqual(short[key]!);
  });

  it('publishes weekly trends late, as whole numbers from 0 to 100, from the first bar on', () => {
    const { series, trends } = plain;
    expect(series.trends!.every((value) => Number.isInteger(value) && value >= 0 && value <= 100)).toBe(true);
    expect(new Set(series.trends!).size).toBeGreaterThan(30);
    const day = 86_400_000;
    for (let i = 1; i < series.length; i++) {
      if (series.trends![i] === series.trends![i - 1]) continue;
      const closeMs = series.timeMs[i] + series.timeframeMs;
      expect(trends.some((one) => one.timeMs + 8 * day === closeMs && one.value === series.trends![i])).toBe(true);
    }
  });

  it('refuses what it can not do', () => {
    expect(() => synthesize({ bars: 0, seed: 1 })).toThrow(InputError);
    expect(() => synthesize({ bars: 10, seed: 1, signal: 0.9 })).toThrow(InputError);
    expect(() => synthesize({ bars: 10, seed: 1, signal: 0.1, martingale: true })).toThrow(InputError);
    expect(() => synthesize({ bars: 10, seed: 1, volatility: 0 })).toThrow(InputError);
  });
});

describe('martingale', () => {
  // 1.2 million bars: enough to tell a log drift of -sigma^2/2 from one of 0.
  const runs = Array.from({ length: 12 }, (_, seed) =>
    synthesize({ bars: BARS, seed: 100 + seed, martingale: true, trends: false }),
  );
  const simple: number[] = [];
  const driftless: number[] = [];
  for (const { series, truth } of runs) {
    const returns = logReturns(series.close);
    returns.forEach((r, i) => {
      simple.push(Math.expm1(r));
      driftless.push(Math.expm1(r - truth.expectedLogReturn[i]));
    });
  }

  it('the mean simple return is 0; with no log drift it would not be', () => {
    const fair = batchMean(simple);
    expect(Math.abs(fair.mean)).toBeLessThan(3 * fair.error);
    const unfair = batchMean(driftless);
    expect(unfair.mean).toBeGreaterThan(3 * unfair.error);
  });

  it.skipIf(!RUNS_ALL)(
    'jumps are compensated: at ten times the volatility a missing compensation would show',
    SLOW,
    () => {
      const values: number[] = [];
      for (let seed = 0; seed < 400; seed++) {
        const wild = synthesize({ bars: 3000, seed, martingale: true, trends: false, volatility: 0.1 });
        for (const r of logReturns(wild.series.close)) values.push(Math.expm1(r));
      }
      const { mean: value, error } = batchMean(values);
      expect(Math.abs(value)).toBeLessThan(3 * error);
      // What 0.0015 jumps a bar of 6 deviations would add without their drift of -v/2.
      expect(0.0015 * Math.expm1(18 * 0.085 ** 2)).toBeGreaterThan(1.5 * error);
    },
  );

  it('the log drift is exactly -sigma^2/2 of the next bar', () => {
    const { truth } = runs[0];
    for (let i = 1; i < BARS; i++) expect(truth.expectedLogReturn[i - 1]).toBeCloseTo(-0.5 * truth.sigma[i] ** 2, 15);
  });

  it('stays fair in calm and in wild bars, after rises and after falls', () => {
    const { series, truth } = martingale;
    const returns = logReturns(series.close);
    const middle = Float64Array.from(truth.sigma).sort()[BARS / 2];
    const groups: ((i: number) => boolean)[] = [
      (i) => truth.sigma[i + 1] < middle,
      (i) => truth.sigma[i + 1] >= middle,
      (i) => i > 0 && returns[i - 1] > 0,
      (i) => i > 0 && returns[i - 1] < 0,
    ];
    for (const belongs of groups) {
      const { mean: value, error } = batchMean(Array.from(returns, (r, i) => (belongs(i) ? Math.expm1(r) : 0)));
      expect(Math.abs(value)).toBeLessThan(3 * error);
    }
  });

  it('the expected final price is the first, over 500 paths', () => {
    const finals = Array.from({ length: 500 }, (_, seed) => {
      const { series } = synthesize({ bars: 200, seed, martingale: true, trends: false, startPrice: 100 });
      return series.close[199] / 100;
    });
    const { mean: value, error } = batchMean(finals);
    expect(Math.abs(value - 1)).toBeLessThan(3 * error);
  });
});

describe('planted signal', () => {
  it.each([0.1, 0.3, 0.6, -0.3])('correlates by %f with the next log return', (correlation) => {
    const { series, truth } = synthesize({ bars: BARS, seed: 3, signal: correlation, trends: false });
    const { mean: rho, error } = correlate(truth.signal.subarray(0, BARS - 1), logReturns(series.close));
    expect(Math.abs(rho - correlation)).toBeLessThan(4 * error);
    expect(error).toBeLessThan(0.02);
  });

  it('leaves the deviation of returns as asked', () => {
    const squares = batchMean(logReturns(signal.series.close).map((x) => x * x));
    expect(Math.abs(squares.mean - 0.008 ** 2)).toBeLessThan(4 * squares.error);
  });

  it('truth is the conditional expectation: what is left is 0 on average and uncorrelated with it', () => {
    const expected = signal.truth.expectedLogReturn.subarray(0, BARS - 1);
    const rest = logReturns(signal.series.close).map((r, i) => r - expected[i]);
    for (const values of [rest, rest.map((r, i) => r * expected[i])]) {
      const { mean: value, error } = batchMean(values);
      expect(Math.abs(value)).toBeLessThan(4 * error);
    }
  });

  it('can be seen in the columns of an agent: trades against volume over a window', () => {
    const { series, truth } = signal;
    const table = computeFeatures(series, featureSet('tradernet21'));
    const [trades, volume] = ['trades_log_returns', 'volume_log_returns'].map((name) => table.columns.indexOf(name));
    const at = (i: number) => table.data[i * 21 + trades] - table.data[i * 21 + volume];
    const estimates: number[] = [];
    for (let i = 40; i < 20_000; i++) {
      let level = 0;
      for (let k = 1; k < 12; k++) level += at(i - k);
      estimates.push(at(i) + 0.05 * level);
    }
    expect(correlate(estimates, truth.signal.subarray(40, 20_000)).mean).toBeGreaterThan(0.8);
  });

  it('is gone where labels are shuffled, and nothing else of the market changes', () => {
    const control = synthesize({ bars: BARS, seed: 1, signal: 0.3, shuffled: true });
    const returns = logReturns(control.series.close);
    const { mean: rho, error } = correlate(control.truth.signal.subarray(0, BARS - 1), returns);
    expect(Math.abs(rho)).toBeLessThan(4 * error);
    expect(control.series.trades!.length).toBe(BARS);
    expect(correlate(control.truth.expectedLogReturn.subarray(0, BARS - 1), returns).mean).toBeGreaterThan(0.25);
  });
});
