import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { canonicalJson, type Registration, RunRegistry } from '../../src/runs/registry.ts';
import { atEveryCrash, MemoryFileSystem } from '../memory-file-system.ts';

const registration = (seed: number, config: Registration['config'] = { agent: 'ppo' }): Registration => ({
  kind: 'train',
  config,
  seed,
  dataHash: 'd'.repeat(64),
  codeVersion: '0.1.0',
  kernels: { name: 'reference' },
  registeredAtMs: 0,
  notes: null,
});

const finished = (sharpePerBar: number, trial: string | null = 'a') => ({
  foldKey: 'btc-test',
  trial,
  sharpePerBar,
  returns: [0.01, -0.02],
  figures: { sharpe: 1 },
});

describe('the registry of runs', () => {
  test('what was registered is read back, under a name that no other run has', () => {
    const registry = new RunRegistry(new MemoryFileSystem());
    const first = registry.register('ppo-BTC', registration(1));
    const second = registry.register('ppo-BTC', registration(2));
    expect([first.name, second.name]).toEqual(['ppo-BTC-1', 'ppo-BTC-2']);
    expect(registry.open('ppo-BTC-2').registration.seed).toBe(2);
    expect(() => registry.open('nothing')).toThrow(InputError);
  });

  test('two processes that register at once get two names', () => {
    const files = new MemoryFileSystem();
    const rename = files.rename.bind(files);
    let isFirst = true;
    // Another process takes the name between the look and the rename.
    files.rename = (from, to) => {
      if (isFirst) {
        isFirst = false;
        new RunRegistry(files).register('ppo-BTC', registration(2));
      }
      if (files.isDirectory(to)) throw new Error(`ENOTEMPTY: ${to}`);
      rename(from, to);
    };
    const second = new RunRegistry(files).register('ppo-BTC', registration(1));
    expect(second.name).toBe('ppo-BTC-2');
    const runs = new RunRegistry(files).list();
    expect(runs.map(({ name, registration: { seed } }) => [name, seed])).toEqual([
      ['ppo-BTC-1', 2],
      ['ppo-BTC-2', 1],
    ]);
  });

  test('the seeds of a configuration are one trial, and an unfinished evaluation counts', () => {
    const registry = new RunRegistry(new MemoryFileSystem());
    registry.register('a', registration(1)).finishEvaluation('test', finished(0.1));
    registry.register('a', registration(2)).finishEvaluation('test', finished(0.3));
    registry.register('a', registration(3)).finishEvaluation('validation', finished(9, null));
    registry.register('b', registration(1, { agent: 'dqn' })).finishEvaluation('test', finished(0.5, 'b'));
    registry.register('c', registration(1, { agent: 'x' })).startEvaluation('test', 'btc-test', 'c');
    const trials = registry
      .trials('btc-test')
      .map(({ configHash, seed, sharpePerBar }) => [configHash, seed, sharpePerBar]);
    expect(trials.map(([, ...rest]) => rest)).toEqual([
      [1, 0.1],
      [2, 0.3],
      [1, 0.5],
      [1, null],
    ]);
    expect(new Set(trials.map(([config]) => config)).size).toBe(3);
    expect(registry.trials('another fold')).toEqual([]);
  });

  test('no trial is forgotten because another one has its name', () => {
    const registry = new RunRegistry(new MemoryFileSystem());
    const run = registry.register('a', registration(1));
    for (const trial of ['fee 0.1 %', 'fee 0', 'fee 0', 'other thresholds']) {
      run.startEvaluation('test', 'btc-test', trial);
      run.finishEvaluation('test', finished(0.1, trial));
    }
    run.startEvaluation('test', 'validation of btc', null);
    run.startEvaluation('test', 'another validation', null);
    expect(registry.trials('btc-test')).toHaveLength(3);
    expect(run.results().find(({ name }) => name === 'test')?.record.foldKey).toBe('another validation');
  });

  test('a fold that shares time with another was seen by its trials, of whatever market', () => {
    const registry = new RunRegistry(new MemoryFileSystem());
    const run = registry.register('a', registration(1));
    const fold = (from: number, to: number, market = 'binance:BTC/USDT:3600000') => `${market}:${from}-${to}`;
    run.finishEvaluation('test', { ...finished(0.1), foldKey: fold(100, 200) });
    const count = (key: string) => registry.trials(key).length;
    expect([fold(100, 200), fold(101, 200), fold(100, 201), fold(200, 300), fold(0, 100)].map(count)).toEqual(
      Array(5).fill(1),
    );
    // Which of them saw the same news is asked where returns are at hand.
    expect(count(fold(100, 200, 'binance:ETH/USDT:3600000'))).toBe(1);
    expect([fold(200 + 3600000, 3700000), fold(0, 99), fold(100, 200)].map(count)).toEqual([0, 1, 1]);
  });

  test('the same configuration has the same hash whatever the order of its keys', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[1,{"c":null,"d":1}]}');
  });

  test('metrics: a torn last line is left out, a resume drops what came after its checkpoint', () => {
    const files = new MemoryFileSystem();
    const run = new RunRegistry(files).register('a', registration(1));
    for (const step of [100, 200, 300]) run.appendMetrics({ step });
    files.append('runs/a-1/metrics.jsonl', new TextEncoder().encode('{"step": 4'));
    expect(run.readMetrics().map((row) => row.step)).toEqual([100, 200, 300]);
    run.truncateMetrics(200);
    run.appendMetrics({ step: 250 });
    expect(run.readMetrics().map((row) => row.step)).toEqual([100, 200, 250]);
  });

  test('a crash at any boundary: a run is whole or absent, a result is old or new, the next start goes on', () => {
    const before = new MemoryFileSystem();
    new RunRegistry(before).register('a', registration(1)).finishEvaluation('test', finished(0.1));
    let registered = false;
    const states = atEveryCrash(
      before,
      (files) => {
        registered = false;
        const run = new RunRegistry(files).register('a', registration(2));
        registered = true;
        run.startEvaluation('test', 'btc-test', 'b');
        run.appendMetrics({ step: 1 });
        run.syncMetrics();
        run.finishEvaluation('test', finished(0.2));
      },
      (disk) => {
        const registry = new RunRegistry(disk);
        const names = registry.list().map((run) => run.name);
        expect(names.slice(0, 1)).toEqual(['a-1']);
        if (registered) expect(names).toEqual(['a-1', 'a-2']);
        for (const run of registry.list()) {
          expect(run.registration.kind).toBe('train');
          for (const { record } of run.results()) expect(['started', 'finished']).toContain(record.status);
          run.readMetrics();
        }
        expect(registry.open('a-1').results()[0].record.sharpePerBar).toBe(0.1);
        const next = registry.register('a', registration(3));
        expect(names).not.toContain(next.name);
      },
    );
    console.log(`registry: ${states} crash states read`);
    expect(states).toBeGreaterThan(30);
  });
});
