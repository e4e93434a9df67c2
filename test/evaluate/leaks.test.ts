/** Planted leaks of each kind, each named by its column; the same columns made honestly pass. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CandleSeries } from '../../src/core/candle.ts';
import { checkFuture } from '../../src/evaluate/leaks/find-leak.ts';
import { measureForesight, partialRankCorrelation } from '../../src/evaluate/leaks/foresight.ts';
import { experimentSchema } from '../../src/experiment/config.ts';
import { featuresSubject, type OwnFeatures, ownSubject, trainingTimes } from '../../src/experiment/leak-subject.ts';
import { prepareMarkets } from '../../src/experiment/prepare.ts';
import { INDICATORS } from '../../src/features/index.ts';
import { featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { publicationMs, type Trend } from '../../src/market/trends.ts';
import { WORLDS } from '../../src/market/worlds/index.ts';
import { runCli, TINY_TRAINING } from '../cli/run-cli.ts';

const HOUR = 3_600_000;
const BARS = 2000;
const { series, trends } = synthesize({ bars: BARS, seed: 4 });

/** From the bars before and up to each. */
const fold = (one: CandleSeries, of: (row: number) => number) =>
  Float64Array.from({ length: one.length }, (_, row) => of(row));
const meanOf = (values: ArrayLike<number>, from: number, to: number) => {
  let sum = 0;
  for (let i = from; i <= to; i++) sum += values[i];
  return sum / (to - from + 1);
};
/** The newest score that is out `earlyMs` before its time. */
const newest = (scores: readonly Trend[], one: CandleSeries, earlyMs: number) =>
  fold(one, (row) => {
    const closeMs = one.timeMs[row] + one.timeframeMs;
    return scores.findLast((trend) => publicationMs(trend) - earlyMs <= closeMs)?.value ?? Number.NaN;
  });
/** Close of the four-hour bar that holds a row: as a join by its open has it, and as it is known. */
const fourHours = (one: CandleSeries, peeks: boolean) =>
  fold(one, (row) => {
    const block = Math.floor(one.timeMs[row] / (4 * HOUR));
    let last = row;
    if (peeks) while (last + 1 < one.length && Math.floor(one.timeMs[last + 1] / (4 * HOUR)) === block) last++;
    else while (last > 0 && Math.floor(one.timeMs[last] / (4 * HOUR)) === block) last--;
    return one.close[last] / one.close[row];
  });
const ratio = (one: CandleSeries) => fold(one, (row) => one.close[row] / one.open[row]);
const moments = (values: ArrayLike<number>, from: number, to: number) => {
  const mean = meanOf(values, from, to - 1);
  let squares = 0;
  for (let i = from; i < to; i++) squares += (values[i] - mean) ** 2;
  return { shift: mean, factor: 1 / Math.sqrt(squares / (to - from)) };
};

const LIARS: Readonly<Record<string, OwnFeatures>> = {
  'a centred average': {
    features: (one) => ({
      honest: ratio(one),
      centred: fold(
        one,
        (row) => meanOf(one.close, Math.max(0, row - 2), Math.min(one.length - 1, row + 2)) / one.close[row],
      ),
    }),
  },
  'the next close': {
    features: (one) => ({
      honest: ratio(one),
      next: fold(one, (row) => one.close[Math.min(row + 1, one.length - 1)] / one.close[row]),
    }),
  },
  'a backfill': {
    features: (one) => {
      // Known every eighth bar; the bars before are filled from it.
      const filled = fold(one, (row) => one.close[Math.min(one.length - 1, row + (8 - (row % 8)))] / one.close[row]);
      return { honest: ratio(one), filled };
    },
  },
  'trends an hour early': { features: (one, scores) => ({ honest: ratio(one), early: newest(scores, one, HOUR) }) },
  'an hour joined from the future': { features: (one) => ({ honest: ratio(one), joined: fourHours(one, true) }) },
  'a gap filled from both sides': {
    features: (one) => ({
      honest: ratio(one),
      bridged: fold(one, (row) => (row + 1 < one.length && one.timeMs[row + 1] - one.timeMs[row] > HOUR ? 1 : 0)),
    }),
  },
  'a share of the highest price': {
    features: (one) => {
      const top = one.close.reduce((most, close) => Math.max(most, close));
      return { honest: ratio(one), ofTop: fold(one, (row) => one.close[row] / top) };
    },
  },
  'a scaler that saw the test': {
    features: (one) => ({ scaled: ratio(one) }),
    scaler: ({ scaled }) => ({ scaled: moments(scaled, 0, scaled.length) }),
  },
  'a scaler that saw one bar more': {
    features: (one) => ({ scaled: ratio(one) }),
    scaler: ({ scaled }, { from, to }) => ({ scaled: moments(scaled, from, to + 1) }),
  },
};
const COLUMN: Readonly<Record<string, string>> = {
  'a centred average': 'centred',
  'the next close': 'next',
  'a backfill': 'filled',
  'trends an hour early': 'early',
  'an hour joined from the future': 'joined',
  'a gap filled from both sides': 'bridged',
  'a share of the highest price': 'ofTop',
  'a scaler that saw the test': 'scaled',
  'a scaler that saw one bar more': 'scaled',
};
const HONEST: OwnFeatures = {
  features: (one, scores) => ({
    trailing: fold(one, (row) => meanOf(one.close, Math.max(0, row - 4), row) / one.close[row]),
    known: fourHours(one, false),
    published: newest(scores, one, 0),
  }),
  scaler: (columns, { from, to }) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, moments(values, Math.max(from, 600), to)]),
    ),
};

const config = experimentSchema.parse({});
const prepared = prepareMarkets([series], config);
const { split } = prepared.markets[0];
const times = trainingTimes(series, split);
const base = featuresSubject(prepared, config, times);
/** The first is the end of the training; the last is the bar before a score is published. */
const published = trends.map(publicationMs).filter((timeMs) => timeMs > series.timeMs[split.test.from + 20]);
const beforeScore = series.timeMs.findIndex((timeMs) => timeMs + 2 * HOUR >= published[0]);
const CUTS = [split.train.to - 1, beforeScore];
const check = (subject: typeof base, cuts = CUTS) => checkFuture({ series, trends, cuts, subject, seed: 1 });

describe('a changed future', () => {
  it('is not seen by the project’s own columns, scaler, window and account', () => {
    const { compared, leaks } = check(base);
    expect(leaks).toEqual([]);
    expect(compared).toBe(16);
  });

  it('is not seen by all indicators together', () => {
    const set = featureSet(
      INDICATORS.filter(({ name }) => name !== 'trends')
        .map(({ name }) => name)
        .join(' + '),
    );
    expect(check({ ...base, features: (one) => computeFeatures(one, set) }).leaks).toEqual([]);
  });

  it('is not seen on days that begin at four, with days missing', () => {
    const daily = synthesize({ bars: BARS, seed: 5, timeframeMs: 24 * HOUR, trends: false }).series;
    const kept = Array.from({ length: BARS }, (_, row) => row).filter((row) => row % 97 !== 5);
    const pick = (values: Float64Array) => Float64Array.from(kept, (row) => values[row]);
    const { timeMs, open, high, low, close, volume, trades } = daily;
    const days: CandleSeries = {
      ...{ ...daily, length: kept.length, timeMs: pick(timeMs).map((time) => time + 4 * HOUR) },
      ...{ open: pick(open), high: pick(high), low: pick(low), close: pick(close), volume: pick(volume) },
      ...{ trades: trades && pick(trades), filled: new Uint8Array(kept.length) },
    };
    const own = prepareMarkets([days], config);
    const subject = featuresSubject(own, config, trainingTimes(days, own.markets[0].split));
    const cuts = [own.markets[0].split.test.from + 40];
    expect(checkFuture({ series: days, trends: [], cuts, subject, seed: 1 }).leaks).toEqual([]);
  });

  it('is not seen by honest columns of one’s own', () => {
    expect(check(ownSubject(HONEST, 'mine', base, times)).leaks).toEqual([]);
  });

  it.each(Object.keys(LIARS))('is seen by %s, and the column and its first bar are named', (name) => {
    const { leaks } = check(ownSubject(LIARS[name], 'mine', base, times));
    expect(leaks.length).toBeGreaterThan(0);
    for (const { column, stage, timeMs, cutMs } of leaks) {
      expect(column).toBe(COLUMN[name]);
      expect(stage).toBe(name.startsWith('a scaler') ? 'scaler' : 'features');
      if (timeMs !== null) expect(timeMs).toBeLessThanOrEqual(cutMs);
    }
  });

  it('is seen where a policy or its account knows it, though no column does', () => {
    const peeks = {
      ...base,
      policy: (one: CandleSeries) => ({
        ...base.policy(one, prepared.markets[0].table),
        decide: (row: number) =>
          ({ action: one.close[row + 1] > one.close[row] ? 1 : 0, probabilities: null, qValues: null }) as const,
      }),
    };
    const [first] = check(peeks).leaks;
    expect(first).toMatchObject({ stage: 'decision' });
    expect(['request', 'position', 'equity']).toContain(first.column);
  });
});

describe('foresight', () => {
  const measured = (one: CandleSeries, columns: ReturnType<OwnFeatures['features']>) => {
    const subject = ownSubject({ features: () => columns }, 'mine', base, times);
    return measureForesight(subject.features(one, { candles: [], trends: [] }), one.close, { from: 0, to: one.length });
  };

  it('suspects a column that came with the data and holds a part of the next bar', () => {
    const noise = synthesize({ bars: BARS, seed: 9 }).series;
    const next = fold(series, (row) => Math.log(series.close[Math.min(row + 1, BARS - 1)] / series.close[row]));
    const half = fold(series, (row) => next[row] + 2 * Math.log(noise.close[row] / noise.open[row]));
    const found = measured(series, { next, half, honest: ratio(series) });
    expect(found.map(({ suspicious }) => suspicious)).toEqual([true, true, false]);
    expect(found[0].prompt).toBeCloseTo(1, 3);
  });

  it.each(WORLDS.map(({ name }) => name))('suspects nothing in the world %s', (name) => {
    const world = WORLDS.find((one) => one.name === name)!.make(3, 6000).series;
    const set = featureSet(world.trades === null ? 'tradernet19' : 'tradernet20');
    const found = measureForesight(computeFeatures(world, set), world.close, { from: 0, to: world.length });
    expect(found.filter(({ suspicious }) => suspicious)).toEqual([]);
  });

  it('is not what bounces between bid and ask', () => {
    // Roll (Journal of Finance 39(4), 1984): closes at bid or ask of a value that walks.
    const bounced = fold(series, (row) => series.close[row] * (1 + (Math.sin(row * row) > 0 ? 0.01 : -0.01)));
    const one = { ...series, close: bounced };
    const last = fold(one, (row) => Math.log(bounced[row] / bounced[Math.max(0, row - 1)]));
    expect(measured(one, { last }).map(({ suspicious }) => suspicious)).toEqual([false]);
  });

  it('is a partial rank correlation', () => {
    const values = (seed: number) => Float64Array.from({ length: 9 }, (_, i) => Math.sin(seed * (i + 1)));
    const [x, y, z] = [1, 2, 3].map(values);
    // 6 sum d^2 / (n (n^2 - 1)), which is Spearman's coefficient where nothing is tied.
    const rank = (list: Float64Array) => Array.from(list, (value) => list.filter((other) => other < value).length);
    const rho = (a: Float64Array, b: Float64Array) =>
      1 - (6 * rank(a).reduce((sum, r, i) => sum + (r - rank(b)[i]) ** 2, 0)) / (9 * 80);
    const expected = (rho(x, y) - rho(x, z) * rho(y, z)) / Math.sqrt((1 - rho(x, z) ** 2) * (1 - rho(y, z) ** 2));
    expect(partialRankCorrelation(x, y, z)).toBeCloseTo(expected, 12);
  });
});

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-leaks-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(async () => {
    await runCli(['data', 'synth', '--symbol', 'SYNTH', '--bars', '2400'], folder);
    const peek =
      'export const features = ({ close, length }) => ({ fine: close, peek: close.map((x, i) => close[Math.min(i + 1, length - 1)] / x) });';
    writeFileSync(join(folder, 'peek.ts'), peek);
    writeFileSync(join(folder, 'short.ts'), 'export const features = () => ({ short: [1, 2] });');
  });

  it('ends with 1 and names the column, with 0 where all is clean, with 2 on what it can’t read', async () => {
    const run = (...args: string[]) =>
      runCli(['leak-check', '--symbol', 'SYNTH', '--cuts', '1', '--json', ...args], folder);
    const [clean, liar, short, gone] = await Promise.all([
      run(),
      run('--features', 'peek.ts'),
      run('--features', 'short.ts'),
      run('--features', 'gone.ts'),
    ]);
    expect(clean.code).toBe(0);
    expect(JSON.parse(clean.stdout)).toMatchObject({ verdict: 'clean', symbols: [{ leaks: [], compared: 8 }] });
    expect(liar.code).toBe(1);
    const { verdict, symbols } = JSON.parse(liar.stdout);
    expect(verdict).toBe('leak');
    expect(symbols[0].leaks[0]).toMatchObject({ column: 'peek', stage: 'features', perturbation: 'rise' });
    expect(symbols[0].foresight[1]).toMatchObject({ column: 'peek', suspicious: true });
    expect([short.code, gone.code]).toEqual([2, 2]);
    expect(short.stderr).toMatch(/column 'short' has 2 numbers for 2400 bars/);
  });

  it('fits a checkpoint’s scaler anew on its training bars, and tells of one that was fitted on others', async () => {
    const train = await runCli(['train', '--symbol', 'SYNTH', '--steps', '128', '--json', ...TINY_TRAINING], folder);
    const { run } = JSON.parse(train.stdout);
    const check = () =>
      runCli(['leak-check', '--checkpoint', run, '--cuts', '1', '--kernels', 'wasm', '--json'], folder);
    const clean = await check();
    expect(JSON.parse(clean.stdout)).toMatchObject({ verdict: 'clean', symbols: [{ scalers: [{ state: 'clean' }] }] });
    const path = join(folder, 'database/storage/checkpoints', run, 'best/checkpoint.json');
    const saved = JSON.parse(readFileSync(path, 'utf8'));
    saved.scaler.shift[3] += 1e-9;
    writeFileSync(path, JSON.stringify(saved));
    const other = await check();
    const column = saved.scaler.columns[3];
    expect(JSON.parse(other.stdout)).toMatchObject({
      verdict: 'leak',
      symbols: [{ scalers: [{ state: 'leak', column }] }],
    });
    expect(other.code).toBe(1);
  });
});
