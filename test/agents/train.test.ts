import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/agents/checkpoint.ts';
import { findLearner, type LearnerName, type Progress, type TrainOptions } from '../../src/agents/index.ts';
import type { Learner } from '../../src/agents/learner.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { CASES, NAMES } from './agent-cases.ts';
import { makeAgent, makeTradingEnv, trainHere } from './made-agents.ts';

const STEPS = 384;

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

/** A validation that is cheap, tells agents apart (how sure it is of BUY over a few windows) and peaks early. */
function leaning(agent: Learner): number {
  const env = makeTradingEnv(1, agent.kind as LearnerName);
  env.reset(9);
  let sum = agent.steps < 200 ? 1000 : 0;
  for (let i = 0; i < 20; i++) {
    const decision = agent.decide({ values: env.obs, mask: env.masks });
    sum += (decision.probabilities ?? decision.qValues!)[1];
    env.step(new Uint8Array([2]));
  }
  return sum;
}

async function run(
  kind: LearnerName,
  options: Partial<TrainOptions> & { config?: object; seed?: number; kernels?: Kernels; stop?: number } = {},
) {
  const env = makeTradingEnv(CASES[kind].environments, kind);
  const config = { ...CASES[kind].small, ...options.config };
  const agent = makeAgent(kind, options.kernels ?? kernels, env, { config, seed: options.seed ?? 1 });
  const files = (options.files as MemoryFileSystem) ?? new MemoryFileSystem();
  // A signal that is raised once the run has come to the step `stop`.
  const stop = options.stop ?? Number.POSITIVE_INFINITY;
  const signal = {
    get aborted() {
      return agent.steps >= stop;
    },
  } as AbortSignal;
  const every = { validate: leaning, validateEvery: 128, checkpointEvery: 100 };
  const result = await trainHere({ agent, env, steps: STEPS, signal, ...every, ...options, files });
  agent.dispose();
  // Hashes, since a difference between megabytes takes minutes to print.
  const bytes = new Map([...files.snapshot()].map(([name, content]) => [name, sha256(content)]));
  return { result, files, bytes };
}

describe.each(NAMES)('training %s', (kind) => {
  it('gives the same bytes for the same seed, and others for another', async () => {
    const first = await run(kind);
    expect((await run(kind)).bytes).toEqual(first.bytes);
    expect((await run(kind, { seed: 2 })).bytes).not.toEqual(first.bytes);
    const names = [...first.bytes.keys()].map((path) => path.replace('checkpoints/run/', ''));
    const own = names.flatMap((name) => /^best\/(?!checkpoint\.json)(.+)/.exec(name)?.[1] ?? []);
    expect(own).toContain('model.safetensors');
    const [best, last] = ['best', 'last'].map((part) => ['checkpoint.json', ...own].map((name) => `${part}/${name}`));
    expect(names).toEqual([...best, ...last, 'last/training.buffer', 'last/training.json']);
  });

  it('gives the same bytes with two threads, in WebAssembly, and whatever the clock says', async () => {
    const first = await run(kind);
    const two = await createKernels({ threads: 2 });
    expect((await run(kind, { kernels: two })).bytes).toEqual(first.bytes);
    two.dispose();
    // Where multiply-adds are fused, WebAssembly computes what machine code does.
    const wasm = await createKernels({ kind: 'wasm', threads: 2 });
    if (wasm.fused === kernels.fused) expect((await run(kind, { kernels: wasm })).bytes).toEqual(first.bytes);
    wasm.dispose();
    const nowMs = () => performance.now() * 1e6;
    const slow = { nowMs, elapsedMs: nowMs, sleep: async () => {} };
    expect((await run(kind, { clock: slow })).bytes).toEqual(first.bytes);
  });

  it('that was stopped anywhere and resumed gives the bytes of a run that was not', async () => {
    const whole = await run(kind);
    // Before the first step, inside the first rollout, on an update, inside a later one, just before the end.
    for (const stop of [0, 20, 64, 192, 212, 368]) {
      const stopped = await run(kind, { stop });
      const { step } = CASES[kind];
      const steps = step * Math.ceil(stop / step);
      expect(stopped.result).toMatchObject({ status: 'stopped', steps });
      const resumed = await run(kind, { files: stopped.files, resume: true });
      expect(resumed.result).toEqual(whole.result);
      expect(resumed.bytes).toEqual(whole.bytes);
    }
    const again = await run(kind, { files: whole.files.copy(), resume: true });
    expect(again.bytes).toEqual(whole.bytes);
  });

  it('goes on from whatever checkpoint a kill left', async () => {
    const whole = await run(kind);
    // A copy of the disk as it is whenever a checkpoint has been replaced: what a killed process leaves.
    const disks: MemoryFileSystem[] = [];
    const files = new MemoryFileSystem();
    files.onOperation = (operation) => {
      if (operation.startsWith('remove') && operation.endsWith('.old')) disks.push(files.copy());
    };
    await run(kind, { files });
    expect(disks.length).toBeGreaterThan(2);
    for (const disk of disks) {
      if (!disk.exists('checkpoints/run/last')) continue;
      expect((await run(kind, { files: disk, resume: true })).bytes).toEqual(whole.bytes);
    }
  });

  it('keeps the agent with the highest validation as the best', async () => {
    const returns = [-0.3, 0.2, 0.1];
    let n = 0;
    const seen: Progress[] = [];
    const { result, files } = await run(kind, {
      validate: () => returns[n++],
      onProgress: (progress) => seen.push(progress),
    });
    const best = { steps: 256, logReturn: 0.2, standing: null };
    expect(result).toMatchObject({ status: 'finished', steps: STEPS, best });
    expect(result.updates).toBeGreaterThan(1);
    const { trainedSteps } = JSON.parse(new TextDecoder().decode(files.read('checkpoints/run/best/checkpoint.json')));
    expect(trainedSteps).toBe(256);
    expect(seen.map((progress) => progress.validation)).toEqual(returns);
    expect(Object.keys(seen[0].metrics)).toEqual(expect.arrayContaining(['reward', ...CASES[kind].reports]));
    expect(seen[0].stepsPerSecond).toBeGreaterThan(0);
    expect(seen.at(-1)).toMatchObject({ steps: STEPS, leftMs: 0 });
  });

  it('takes the last agent where the validation lets none be the best', async () => {
    const { result, files } = await run(kind, { validate: () => Number.NEGATIVE_INFINITY });
    expect(result).toMatchObject({ status: 'finished', steps: STEPS, best: null });
    const [best, last] = ['best', 'last'].map((name) => files.read(`checkpoints/run/${name}/model.safetensors`));
    expect(best).toEqual(last);
  });

  it('goes on from a checkpoint of before one of its settings, as if it had had the default', async () => {
    const type = findLearner(kind);
    const { files, result, bytes } = await run(kind, { type });
    const path = 'checkpoints/run/last/checkpoint.json';
    const description = JSON.parse(new TextDecoder().decode(files.read(path)));
    const { small, defaults } = CASES[kind];
    const later = Object.keys(defaults).find((name) => !(name in small) && !['network', 'environments'].includes(name));
    if (later === undefined) return;
    delete description.config[later];
    files.write(path, new TextEncoder().encode(JSON.stringify(description)));
    const resumed = await run(kind, { files, resume: true, type });
    expect(resumed.result).toEqual(result);
    expect(resumed.bytes.get('checkpoints/run/last/model.safetensors')).toBe(
      bytes.get('checkpoints/run/last/model.safetensors'),
    );
    await expect(run(kind, { files, resume: true, type, config: { [later]: 0.123 } })).rejects.toThrow();
  });

  it('refuses to resume what was started otherwise, and says with what', async () => {
    const { files } = await run(kind);
    const resume = (options: Parameters<typeof run>[1]) => run(kind, { files: files.copy(), resume: true, ...options });
    await expect(resume({ steps: 1000 })).rejects.toThrow('totalSteps 384, not 1000');
    const [[setting, change]] = Object.entries(CASES[kind].others).filter(([path]) => !/^environments|\./.test(path));
    await expect(resume({ config: change })).rejects.toThrow(new RegExp(`"${setting}":.*not.*"${setting}":`));
    const other = NAMES.find((name) => name !== kind)!;
    await expect(run(other, { files: files.copy(), resume: true })).rejects.toThrow(
      `holds an agent of class ${kind}, not ${other}`,
    );
    await expect(run(kind, { resume: true })).rejects.toThrow('there is no checkpoint');
  });
});
