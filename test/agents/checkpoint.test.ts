import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashColumns, sha256 } from '../../src/agents/checkpoint.ts';
import { findFolder, writeFolderDurably } from '../../src/agents/durable-folder.ts';
import {
  AGENTS,
  type AgentSpec,
  DQNAgent,
  type LearnerName,
  loadAgent,
  openCheckpoint,
  PPOAgent,
} from '../../src/agents/index.ts';
import { InputError } from '../../src/core/errors.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { createKernels, decodeSafetensors, encodeSafetensors, type Kernels } from '../../src/nn/index.ts';
import { atEveryCrash, MemoryFileSystem } from '../memory-file-system.ts';
import { CASES, NAMES } from './agent-cases.ts';
import { makeAgent, makeTradingEnv, trainHere } from './made-agents.ts';

const TINY = { network: { filters: 2, hidden: [4, 3] }, environments: 2 };
const bytes = (text: string) => new TextEncoder().encode(text);

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const tiny = (kind: LearnerName, seed = 1, spec: Partial<AgentSpec> = {}) =>
  makeAgent(kind, kernels, makeTradingEnv(CASES[kind].environments, kind), { config: CASES[kind].small, seed, spec });

/** Every file of a checkpoint, hashes checked. */
function readAll(files: MemoryFileSystem, path: string): string {
  const checkpoint = openCheckpoint(files, path);
  for (const name of Object.keys(checkpoint.description.files)) checkpoint.read(name);
  return sha256(checkpoint.read('model.safetensors'));
}

describe('a checkpoint of schema 1, as version 0.1.0 wrote it', () => {
  it.each(['ppo', 'dqn'])('%s loads and decides as it did then', (kind) => {
    const disk = new NodeFileSystem(fileURLToPath(new URL('../fixtures/agents/schema-1', import.meta.url)));
    const agent = loadAgent(disk, kind, kernels);
    const then = JSON.parse(new TextDecoder().decode(disk.read(`${kind}/decision.json`)));
    const now = agent.decide({ values: Float32Array.from(then.window), mask: Uint8Array.from(then.mask) });
    expect(agent.spec.window).toBe(4);
    expect({ ...now, probabilities: now.probabilities && [...now.probabilities] }).toMatchObject({
      ...{ action: then.action, probabilities: then.probabilities },
    });
    if (then.qValues !== null) expect([...now.qValues!]).toEqual(then.qValues);
  });
});

describe('replacing a folder', () => {
  const contents = (text: string) =>
    new Map([
      ['a', bytes(text)],
      ['inner/b', bytes(`${text}, too`)],
    ]);

  it('leaves the old content or the new, whole, at every crash, and the next write mends what was left', () => {
    const start = new MemoryFileSystem();
    writeFolderDurably(start, 'runs/one/best', contents('old'));
    const outcomes = new Map<string, number>();
    const states = atEveryCrash(
      start.copy(),
      (files) => writeFolderDurably(files, 'runs/one/best', contents('new')),
      (disk, after) => {
        const folder = findFolder(disk, 'runs/one/best');
        expect(folder, after).not.toBeNull();
        const [a, b] = ['a', 'inner/b'].map((name) => new TextDecoder().decode(disk.read(`${folder}/${name}`)));
        expect(['old', 'new'], after).toContain(a);
        expect(b, after).toBe(`${a}, too`);
        outcomes.set(`${a} in ${folder}`, (outcomes.get(`${a} in ${folder}`) ?? 0) + 1);
        writeFolderDurably(disk, 'runs/one/best', contents('newer'));
        expect(new TextDecoder().decode(disk.read('runs/one/best/inner/b'))).toBe('newer, too');
        expect(disk.list('runs/one')).toEqual(['best']);
      },
    );
    expect([...outcomes.keys()].sort()).toEqual([
      'new in runs/one/best',
      'old in runs/one/best',
      'old in runs/one/best.old',
    ]);
    expect(states).toBeGreaterThan(60);
  });

  it('survives a second crash, in the write that mends the first', () => {
    const start = new MemoryFileSystem();
    writeFolderDurably(start, 'best', contents('old'));
    const halfway: MemoryFileSystem[] = [];
    const odd = new Map([['only here', bytes('x')]]);
    atEveryCrash(
      start.copy(),
      (files) => writeFolderDurably(files, 'best', odd),
      (disk) => {
        if (disk.exists('best.tmp') || !disk.exists('best')) halfway.push(disk);
      },
    );
    expect(halfway.length).toBeGreaterThan(5);
    for (const disk of halfway) {
      atEveryCrash(
        disk,
        (files) => writeFolderDurably(files, 'best', contents('new')),
        (twice, after) => {
          const names = twice.list(findFolder(twice, 'best') ?? 'nowhere').join();
          expect(['a,inner', 'only here'], after).toContain(names);
        },
      );
    }
  });

  it('leaves nothing or the whole of a first one', () => {
    atEveryCrash(
      new MemoryFileSystem(),
      (files) => writeFolderDurably(files, 'runs/one/best', contents('new')),
      (disk) => {
        const folder = findFolder(disk, 'runs/one/best');
        if (folder !== null) expect(new TextDecoder().decode(disk.read(`${folder}/inner/b`))).toBe('new, too');
      },
    );
  });

  it('is durable when it returns', () => {
    const files = new MemoryFileSystem();
    writeFolderDurably(files, 'runs/one/best', contents('new'));
    const worst = files.crashStates().next().value as MemoryFileSystem;
    expect(new TextDecoder().decode(worst.read('runs/one/best/a'))).toBe('new');
  });
});

describe('a checkpoint', () => {
  it.each(NAMES)('of %s is the old or the new at every crash of a save', (kind) => {
    const start = new MemoryFileSystem();
    tiny(kind, 1).save(start, 'checkpoints/run/best');
    const next = tiny(kind, 2);
    const known = new Set([readAll(start, 'checkpoints/run/best')]);
    known.add(sha256(next.checkpointFiles().get('model.safetensors')!));
    const seen = new Set<string>();
    const states = atEveryCrash(
      start.copy(),
      (files) => next.save(files, 'checkpoints/run/best'),
      (disk) => seen.add(readAll(disk, 'checkpoints/run/best')),
    );
    expect(seen).toEqual(known);
    expect(states).toBeGreaterThan(40);
  });

  it.each(NAMES)('of %s gives the same agent back, and the same bytes', async (kind) => {
    const files = new MemoryFileSystem();
    const { environments, small } = CASES[kind];
    const env = makeTradingEnv(environments, kind);
    const agent = makeAgent(kind, kernels, env, { config: small });
    await trainHere({ agent, env, steps: 64, files });
    const loaded = loadAgent(files, 'checkpoints/run/best', kernels, { window: 4 });
    expect(loaded.kind).toBe(kind);
    expect(loaded.spec).toEqual(agent.spec);
    for (let i = 0; i < 50; i++) {
      const obs = { values: env.obs.slice(0, env.window * env.features), mask: env.masks.slice(0, 3) };
      expect(loaded.decide(obs)).toEqual(agent.decide(obs));
      expect(loaded.getAction(obs)).toBe(loaded.decide(obs).action);
      env.step(Uint8Array.from({ length: env.count }, (_, e) => (e === 0 ? i % 3 : 1)));
    }
    loaded.save(files, 'copy');
    expect(files.read('copy/model.safetensors')).toEqual(files.read('checkpoints/run/best/model.safetensors'));
  });

  it.each(NAMES)('of %s names and shapes its tensors as a module of the specification does', (kind) => {
    const spec = { window: 12, columns: Array.from({ length: 21 }, (_, i) => `c${i}`) };
    const defaults = CASES[kind].defaults as { network?: object };
    const config = defaults.network === undefined ? {} : { network: {} };
    const agent = makeAgent(kind, kernels, makeTradingEnv(1, kind), { spec, config });
    const state = decodeSafetensors(agent.checkpointFiles().get('model.safetensors')!);
    agent.dispose();
    expect(Object.fromEntries([...state].map(([name, tensor]) => [name, tensor.shape]))).toEqual(CASES[kind].tensors);
  });

  it('says nothing of time, place or speed', async () => {
    const files = new MemoryFileSystem();
    const env = makeTradingEnv(2);
    await trainHere({
      agent: makeAgent('ppo', kernels, env, { config: TINY }),
      env,
      steps: 8,
      files,
      folder: 'somewhere',
    });
    const text = new TextDecoder().decode(files.read('somewhere/last/checkpoint.json'));
    const training = new TextDecoder().decode(files.read('somewhere/last/training.json'));
    expect(text + training).not.toMatch(/somewhere|duration|elapsed|\bdate|host|20\d\d-/i);
    expect(Object.keys(JSON.parse(text))).toEqual([
      ...['schemaVersion', 'agent', 'actions', 'featureSet', 'columns', 'accountColumns', 'signature', 'window'],
      ...[
        'timeframeMs',
        'scaler',
        'reward',
        'rewardScale',
        'trainingRange',
        'account',
        'origin',
        'columnsHash',
        'trainedSteps',
        'config',
        'files',
      ],
    ]);
  });
});

describe('loading refuses', () => {
  /** Saves an agent, lets `damage` loose on its folder, and returns what loading says. */
  function refusal(
    damage: (files: MemoryFileSystem) => void,
    load = loadAgent as (...args: never[]) => unknown,
  ): string {
    const files = new MemoryFileSystem();
    tiny('dqn').save(files, 'run/best');
    damage(files);
    try {
      load(...([files, 'run/best', kernels] as never[]));
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).not.toContain('\n');
      return (error as Error).message;
    }
    return 'loaded';
  }
  const path = 'run/best/checkpoint.json';
  const edit = (change: (json: Record<string, unknown>) => void) => (files: MemoryFileSystem) => {
    const json = JSON.parse(new TextDecoder().decode(files.read(path)));
    change(json);
    files.write(path, bytes(JSON.stringify(json)));
  };

  it('what is missing, cut or changed', () => {
    expect(refusal(() => {})).toBe('loaded');
    expect(refusal((files) => files.remove('run/best'))).toContain('run/best: there is no checkpoint');
    expect(refusal((files) => files.remove(path))).toContain('there is no checkpoint');
    expect(refusal((files) => files.truncate(path, 100))).toContain('not valid JSON');
    expect(refusal((files) => files.remove('run/best/model.safetensors'))).toContain('missing from the checkpoint');
    expect(refusal((files) => files.truncate('run/best/model.safetensors', 100))).toContain('damaged: its SHA-256 is');
    expect(refusal(edit((json) => delete json.config))).toContain('config');
    expect(refusal(edit((json) => Object.assign(json, { surprise: 1 })))).toContain('surprise');
  });

  it('another schema, action order, class, setting or column, with both', () => {
    expect(refusal(edit((json) => Object.assign(json, { schemaVersion: 3 })))).toContain(
      'schema version 3, this program reads 1 and 2',
    );
    expect(refusal(edit((json) => Object.assign(json, { actions: ['BUY', 'SELL', 'HOLD'] })))).toContain(
      'its actions are ["BUY","SELL","HOLD"], this program\'s are ["SELL","BUY","HOLD"]',
    );
    expect(refusal(() => {}, PPOAgent.load as never)).toContain('holds an agent of class dqn, not ppo');
    expect(
      refusal(
        edit((json) => {
          json.agent = 'a3c';
        }),
      ),
    ).toContain(`holds an agent of class a3c; this program has ${AGENTS.map(({ name }) => name).join(', ')}: use`);
    expect(refusal(() => {}, DQNAgent.load as never)).toBe('loaded');
    expect(refusal(edit((json) => Object.assign(json.config as object, { gamma: 3 })))).toContain('config.gamma');
    expect(refusal(edit((json) => Object.assign(json, { columns: ['other'] })))).toContain('columnsHash');
    const expecting = (expected: Partial<AgentSpec>) =>
      refusal(() => {}, ((files: MemoryFileSystem, at: string) => loadAgent(files, at, kernels, expected)) as never);
    expect(expecting({ columns: ['rsi', 'cci'] })).toContain(
      'columns ["column0","column1","column2"], but is used with ["rsi","cci"]',
    );
    expect(expecting({ window: 12 })).toContain('window 4, but is used with 12');
    expect(expecting({ scaler: { method: 'other' } })).toContain(
      'scaler {"method":"made"}, but is used with {"method":"other"}',
    );
    expect(expecting({ window: 4 })).toBe('loaded');
  });

  it('tensors of another shape or name, even where the hashes are right', () => {
    const replaceModel =
      (change: (state: ReturnType<typeof decodeSafetensors>) => void) => (files: MemoryFileSystem) => {
        const state = decodeSafetensors(files.read('run/best/model.safetensors'));
        change(state);
        const model = encodeSafetensors(state);
        files.write('run/best/model.safetensors', model);
        edit((json) => Object.assign(json.files as object, { 'model.safetensors': sha256(model) }))(files);
      };
    const wrong = { shape: [4, 3], data: new Float32Array(12) };
    expect(refusal(replaceModel((state) => state.set('q.head.weight', wrong)))).toMatch(
      /model.safetensors: q: .*head.weight has shape \(4, 3\) where the network has \(3, 8\)/,
    );
    expect(refusal(replaceModel((state) => state.delete('q.head.bias')))).toContain(
      'head.bias of shape (3) is missing',
    );
    expect(refusal(replaceModel((state) => state.set('q.extra', wrong)))).toContain('unknown tensor extra');
    expect(refusal(replaceModel((state) => state.set('actor.head.weight', wrong)))).toContain(
      'actor.head.weight belongs to none of q',
    );
  });
});

it('the hash of the columns tells names, order and kind apart', () => {
  const spec = tiny('dqn').spec;
  const hashes = [
    spec,
    { ...spec, columns: [...spec.columns].reverse() },
    { ...spec, columns: [...spec.columns, spec.accountColumns[0]], accountColumns: spec.accountColumns.slice(1) },
    { ...spec, signature: 'other options' },
  ].map(hashColumns);
  expect(new Set(hashes).size).toBe(4);
});
