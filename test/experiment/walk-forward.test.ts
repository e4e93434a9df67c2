import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { overfittingProbability } from '../../src/evaluate/overfitting.ts';
import { summarizeDifferences } from '../../src/evaluate/seeds.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { hashMarkets, prepareMarkets } from '../../src/experiment/prepare.ts';
import { findPreset } from '../../src/experiment/presets.ts';
import { judgeChoice } from '../../src/experiment/profile-choice.ts';
import { smurfConfig, trainSupervisor } from '../../src/experiment/supervise.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import {
  findSupervisor,
  findTraining,
  planParts,
  readScores,
  type Score,
  summarizeProfiles,
} from '../../src/experiment/walk-forward.ts';
import type { FoldsVerdict } from '../../src/experiment/walk-forward-verdict.ts';
import { CandleStore, MARKET_DATABASE } from '../../src/market/store.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import type { Profile } from '../../src/shield/index.ts';
import { SLOW } from '../effort.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const series = [tinyMarket({ bars: 6000 })];
const config = tinyConfig();
const plan = { folds: 3, seeds: 2, testShare: 0.5 };

describe('the parts of a walk-forward', () => {
  it('are folds side by side, each trained on its past alone, as a training cuts them itself', () => {
    const parts = planParts(series, config, plan);
    expect(parts.map(({ fold, seed }) => [fold, seed])).toEqual([
      [0, 1],
      [0, 2],
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
    const splits = parts.map((part) => prepareMarkets(series, part.config).markets[0].split);
    let tested = series[0].length / 2;
    for (const { train, validation, test, embargo } of splits.filter((_, i) => i % 2 === 0)) {
      expect(train.from).toBe(0);
      expect(validation.from - train.to).toBe(embargo);
      expect(test.from - validation.to).toBe(embargo);
      expect(test.from).toBe(tested);
      tested = test.to;
      expect((test.from - validation.from) / test.from).toBeCloseTo(0.15 / 0.85, 2);
    }
    expect(tested).toBe(series[0].length);
  });

  it('roll, where that is asked for: each training is as long as the first', () => {
    const parts = planParts(series, config, { ...plan, seeds: 1, rolling: true });
    const splits = parts.map((part) => prepareMarkets(series, part.config).markets[0].split);
    const anchored = planParts(series, config, { ...plan, seeds: 1 });
    for (const [i, { train, validation, test }] of splits.entries()) {
      expect(test.from - train.from).toBe(splits[0].test.from);
      expect(train.to - train.from).toBeGreaterThan(validation.to - validation.from);
      expect(parts[i].config.split.testFrom).toBe(anchored[i].config.split.testFrom);
    }
    expect(splits[2].train.from).toBe(2000);
  });

  it('cut several symbols at the same times', () => {
    const two = [series[0], tinyMarket({ bars: 5500, seed: 2, symbol: 'SHORT' })];
    const [part] = planParts(two, config, plan);
    const { markets } = prepareMarkets(two, part.config);
    const times = markets.map(({ series: one, split }) => one.timeMs[split.test.from]);
    expect(times[0]).toBe(times[1]);
    expect(new Date(times[0]).toISOString()).toBe(part.config.split.testFrom);
  });
});

describe('what is there already', () => {
  it('is found by settings, seed, symbols and data, finished or not, whatever the shield', async () => {
    const runContext = tinyRunContext(kernels);
    const [part, other] = planParts(series, config, plan);
    const dataHash = hashMarkets(series);
    const find = (one = part, symbols = ['TINY'], hash = dataHash) =>
      findTraining(runContext.files, one, symbols, hash);
    expect(find()).toBeNull();

    const trained = await trainRun(
      {
        series,
        config: { ...part.config, shield: { ...config.shield, profile: 'none' } },
        notes: { symbols: ['TINY'] },
        validate: null,
      },
      runContext,
    );
    expect(find()).toMatchObject({ finished: true, run: { name: trained.run.name } });
    expect(find(other)).toBeNull();
    expect(find(part, ['TINY', 'MORE'])).toBeNull();
    expect(find(part, ['TINY'], 'other data')).toBeNull();
    runContext.files.remove(`${trained.folder}/best`);
    expect(find()).toMatchObject({ finished: false });
    runContext.files.remove(`${trained.folder}/last`);
    expect(find()).toBeNull();
  });

  it('is found in what an earlier version registered, by what its settings were then', async () => {
    const runContext = tinyRunContext(kernels);
    const { files } = runContext;
    const [part] = planParts(series, config, plan);
    const dataHash = hashMarkets(series);
    const { run } = await trainRun(
      { series, config: part.config, notes: { symbols: ['TINY'] }, validate: null },
      runContext,
    );
    const path = `runs/${run.name}/registration.json`;
    const registration = JSON.parse(new TextDecoder().decode(files.read(path)));
    const { settings } = registration.notes;
    // No other agent than its own, the window under its former name, and nothing of what became a setting later.
    const { window, columnScale: _, clip: __, ...features } = settings.features;
    const { dqn: ___, preset: ____, ...rest } = settings;
    registration.notes.settings = { ...rest, features: { ...features, timeframe: window } };
    files.write(path, new TextEncoder().encode(JSON.stringify(registration)));
    const preset = findPreset('tradernet-cr').settings.features as object;
    const then = { ...part, config: { ...part.config, features: { ...part.config.features, ...preset } } };
    expect(findTraining(files, then, ['TINY'], dataHash)?.run.name).toBe(run.name);
    expect(findTraining(files, part, ['TINY'], dataHash)).toBeNull();
  });

  it('has a score once its shield was evaluated on its fold, and not that of another shield', async () => {
    const runContext = tinyRunContext(kernels);
    const [part] = planParts(series, config, plan);
    const { run } = await trainRun({ series, config: part.config, notes: { symbols: ['TINY'] } }, runContext);
    const shield = { ...config.shield, profile: 'balanced' as const };
    expect(readScores(run, part, shield, ['TINY'])).toBeNull();
    const checkpoint = openTiny(run.name, runContext);
    const [{ subject }] = evaluateRun({ checkpoint, series, config: { ...part.config, shield } }, runContext);
    const [score] = readScores(run, part, shield, ['TINY']) ?? [];
    expect(score).toMatchObject({ fold: 0, seed: 1, symbol: 'TINY', profile: 'balanced', run: run.name });
    expect(score.maxDrawdown).toBe(subject.metrics.maxDrawdown);
    expect(readScores(run, part, { ...shield, rules: { spread: false } }, ['TINY'])).toBeNull();
    expect(readScores(run, part, shield, ['TINY', 'MORE'])).toBeNull();
  });
});

describe('the supervisor of a run', () => {
  it('is found by its primary, with what became of it, and makes other trials', async () => {
    const runContext = tinyRunContext(kernels);
    const { files } = runContext;
    // Without costs even a short training trades often.
    const [part] = planParts(series, tinyConfig({ account: { feeRate: 0, slippageRate: 0 } }), plan);
    const { run } = await trainRun({ series, config: part.config, validate: null }, runContext);
    expect(findSupervisor(files, run)).toBeNull();
    const train = (feeRate: number) => {
      const account = { ...config.account, feeRate };
      const options = { series, config: smurfConfig({ ...part.config, account }), force: false };
      return trainSupervisor({ ...options, primary: openTiny(run.name, runContext) }, runContext);
    };
    // Nothing is worth this fee.
    await expect(train(0.08)).rejects.toThrow('refused');
    const refused = findSupervisor(files, run);
    expect(refused?.status).toBe('refused');
    files.remove(`runs/${refused?.run.name}/results`);
    expect(findSupervisor(files, run)?.status).toBe('unfinished');

    const shield = { ...config.shield, profile: 'spec' as const };
    const checkpoint = openTiny(run.name, runContext);
    const supervisor = openTiny(refused?.run.name ?? '', runContext);
    const evaluate = (rules: typeof shield.rules, more: { supervisor?: typeof supervisor }) =>
      evaluateRun(
        { checkpoint, series, config: { ...part.config, shield: { ...shield, rules } }, ...more },
        runContext,
      );
    evaluate({ smurf: false }, {});
    evaluate({}, { supervisor });
    // Neither took the other's place.
    const [alone] = readScores(run, part, { ...shield, rules: { smurf: false } }, ['TINY']) ?? [];
    const [supervised] = readScores(run, part, shield, ['TINY'], supervisor.weights) ?? [];
    expect(supervised.trades).toBe(0);
    expect(alone.trades).toBeGreaterThan(0);
  });
});

const RECORD = { trial: 't', recipe: null, foldKey: 'v:S:3600000:0-1', held: [], spans: [], figures: {} };

describe('the summary', () => {
  const score = (profile: Profile, fold: number, seed: number, maxDrawdown: number): Score => ({
    ...{ profile, fold, seed, maxDrawdown },
    ...{ agent: 'ppo', symbol: 'S', run: 'r', cumulativeReturn: fold / 10, sharpe: seed, trades: 3, returns: [] },
    record: RECORD,
  });
  const options = { resamples: 500, seed: 1 };

  it('compares the same runs with and without a shield', () => {
    const rng = new Rng(1);
    const scores = [0, 1, 2, 3].flatMap((fold) =>
      [1, 2, 3].flatMap((seed) => {
        const bare = 0.3 + 0.1 * rng.uniform();
        return [score('none', fold, seed, bare), score('cautious', fold, seed, bare - 0.1 - fold / 100)];
      }),
    );
    const [none, cautious] = summarizeProfiles(scores, ['none', 'cautious'], options);
    expect(none).toMatchObject({ profile: 'none', scores: 12, minusNone: null, lowerDrawdown: null, meanTrades: 3 });
    expect(cautious.lowerDrawdown).toBe(1);
    expect(cautious.measures.cumulativeReturn.mean).toBeCloseTo(0.15, 12);
    expect(cautious.measures.sharpe.interquartile.estimate).toBeCloseTo(2, 12);
    const difference = cautious.minusNone?.maxDrawdown;
    expect(difference?.estimate).toBeCloseTo(-0.115, 12);
    // Between the folds' own -0.10 and -0.13, since all seeds of a fold agree.
    expect(difference?.lower).toBeGreaterThan(-0.13);
    expect(difference?.upper).toBeLessThan(-0.1);
    expect(cautious.minusNone?.cumulativeReturn).toMatchObject({ estimate: 0, lower: 0, upper: 0 });
  });

  it('doubts as much as the folds differ, however many seeds agree', () => {
    const rng = new Rng(2);
    const folds = Array.from({ length: 30 }, () => {
      const effect = rng.normal();
      return Array.from({ length: 20 }, () => effect + 0.01 * rng.normal());
    });
    const { lower, upper } = summarizeDifferences(folds, { resamples: 2000, confidence: 0.95, rng });
    const means = folds.map((fold) => fold.reduce((sum, x) => sum + x, 0) / fold.length);
    const mean = means.reduce((sum, x) => sum + x, 0) / 30;
    const error = Math.sqrt(means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 30 / 30);
    expect((upper - lower) / (2 * 1.96 * error)).toBeGreaterThan(0.85);
    expect((upper - lower) / (2 * 1.96 * error)).toBeLessThan(1.15);
    expect(() => summarizeDifferences([], { resamples: 10, confidence: 0.95, rng })).toThrow('every fold');
  });
});

describe('the choice among profiles', () => {
  const rng = new Rng(3);
  const noise = (bars: number, mean: number) => Array.from({ length: bars }, () => mean + 0.01 * rng.normal());
  const cell = (profile: Profile, fold: number, seed: number, returns: number[]): Score => ({
    ...{ agent: 'ppo', profile, fold, seed, returns, symbol: 'S', run: 'r', record: RECORD },
    ...{ cumulativeReturn: 0, sharpe: 0, maxDrawdown: 0, trades: 0 },
  });

  it('is worth something where one is better on every fold, and nothing where the seeds only differ in luck', () => {
    const scores = (edge: number) =>
      [0, 1].flatMap((fold) =>
        [1, 2].flatMap((seed) => [
          cell('none', fold, seed, noise(400, 0)),
          cell('cautious', fold, seed, noise(400, edge)),
          cell('balanced', fold, seed, noise(400, 0)),
        ]),
      );
    expect(judgeChoice(scores(0.01), ['none', 'cautious', 'balanced'])).toBe(0);
    const same = noise(400, 0);
    const alike = (['none', 'cautious'] as const).map((profile) => cell(profile, 0, 1, same));
    expect(judgeChoice(alike, ['none', 'cautious'])).toBe(1);
  });

  it('takes a profile as the mean of its seeds, fold after fold', () => {
    const [a, b, c, d] = [0, 0.001, 0.002, 0].map((mean) => noise(160, mean));
    const mean = a.map((one, bar) => (one + b[bar]) / 2);
    const seeds = [cell('none', 0, 1, a), cell('none', 0, 2, b), cell('none', 1, 1, c)];
    const other = [cell('spec', 0, 1, d), cell('spec', 1, 1, d)];
    const { probability } = overfittingProbability([
      [...mean, ...c],
      [...d, ...d],
    ]);
    expect(judgeChoice([...seeds, ...other], ['none', 'spec'])).toBe(probability);
  });

  it('is not judged by too few bars, or among profiles of which one is missing', () => {
    const few = [cell('none', 0, 1, noise(31, 0)), cell('spec', 0, 1, noise(31, 0))];
    expect(judgeChoice(few, ['none', 'spec'])).toBeNull();
    expect(judgeChoice([cell('none', 0, 1, noise(400, 0))], ['none', 'spec'])).toBeNull();
    expect(judgeChoice([cell('none', 0, 1, noise(400, 0))], ['none'])).toBeNull();
  });
});

describe('tradernet walk-forward', () => {
  const storage = mkdtempSync(join(tmpdir(), 'walk-forward-'));
  afterAll(() => rmSync(storage, { recursive: true }));
  const run = async () => {
    const entry = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const network = 'ppo.network={"filters":4,"hidden":[8,8]}';
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      ...[entry, 'walk-forward', '--symbol', 'TINY', '--folds', '1', '--seeds', '2', '--shield', 'spec', '--ensemble'],
      ...['--steps', '2048', '--set', network, '--storage', storage, '--jobs', '2', '--json'],
    ]);
    return { result: JSON.parse(stdout), said: stderr };
  };

  it('trains and tests what is missing, and nothing twice', SLOW, async () => {
    const store = CandleStore.open(join(storage, MARKET_DATABASE));
    store.importSeries(series[0]);
    store[Symbol.dispose]();
    const first = await run();
    expect(first.said).toContain('2 trainings (0 there already)');
    expect(first.said).toContain('evaluated 6/6');
    expect(first.said).toMatch(/evaluated 5\/6: .*, \d+s left/);
    const { scores, agents } = first.result as {
      scores: Score[];
      agents: { agent: string; verdicts: FoldsVerdict[]; profiles: { profile: string }[]; overfitting: number }[];
    };
    const [{ profiles, verdicts, overfitting }, voting] = agents;
    expect([voting.agent, agents.length]).toEqual(['ppo-ensemble', 2]);
    expect(verdicts.map(({ judgement, foldReturns }) => [judgement.seeds.seen, foldReturns.length])).toEqual([
      [2, 1],
      [2, 1],
    ]);
    expect(voting.verdicts[0].judgement.seeds.seen).toBe(2);
    expect(profiles.map(({ profile }) => profile)).toEqual(['none', 'spec']);
    expect(overfitting).toBeGreaterThanOrEqual(0);
    // Two at once don't take the same name.
    expect(new Set(scores.map((one) => one.run))).toEqual(
      new Set(['ppo-TINY-s1-1', 'ppo-TINY-s2-1', 'ppo-ensemble-TINY-s1-1']),
    );
    const second = await run();
    expect(second.said).toContain('2 trainings (2 there already)');
    expect(second.said).not.toContain('evaluated');
    expect(second.result).toEqual(first.result);
  });
});
