/**
 * Environment steps per second of whole trainings: environment, inference, storing, sampling and updates, through the
 * same `train` that the command line calls. 35,000 hourly bars, windows of 12 x 21, the spec's networks, two threads.
 * A fresh process a round, the cases in alternating order, the wall clock after a warm-up. Then the peak memory of a
 * training whose replay buffer holds a million transitions, its checkpoint included. Writes bench/results/train.json.
 *
 * Beside it Stable-Baselines3 2.9 on PyTorch 2.13, the same networks, on a machine of this kind: 735, 2,390, 279, 890.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentSpec, findLearner, train } from '../src/agents/index.ts';
import { DEFAULT_ACCOUNT } from '../src/core/account.ts';
import type { Json } from '../src/core/json.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { rewardNamed } from '../src/env/rewards/index.ts';
import { TradingEnv } from '../src/env/trading-env.ts';
import { ACCOUNT_COLUMNS, scaleTable } from '../src/features/observation.ts';
import { fitScaler } from '../src/features/scaler.ts';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { synthesize } from '../src/market/synthetic.ts';
import { createKernels } from '../src/nn/index.ts';

const BARS = 35_000;
const ROUNDS = 7;
const THREADS = 2;
const PLAIN = { double: false, batchSize: 64, learningStarts: 500 };
const CASES = [
  {
    name: 'PPO, 1 environment, 2,048 steps, minibatch 64, 10 epochs',
    kind: 'ppo',
    config: { environments: 1, rolloutSteps: 2048, minibatchSize: 64 },
    ...{ from: 2048, to: 6 * 2048, every: 2048, target: 7000, peer: 735 },
  },
  {
    name: 'PPO, 8 environments, 256 steps, minibatch 256, 10 epochs',
    kind: 'ppo',
    config: { environments: 8, rolloutSteps: 256, minibatchSize: 256 },
    ...{ from: 2048, to: 8 * 2048, every: 2048, target: 9500, peer: 2390 },
  },
  {
    name: 'DQN, batch 64, a training step every step',
    kind: 'dqn',
    config: { ...PLAIN, trainEvery: 1 },
    ...{ from: 1000, to: 3500, every: 500, target: 1300, peer: 279 },
  },
  {
    name: 'DQN, batch 64, a training step every 4th step',
    kind: 'dqn',
    config: { ...PLAIN, trainEvery: 4 },
    ...{ from: 2000, to: 11_000, every: 1000, target: 4800, peer: 890 },
  },
] as const;
/** More steps than the buffer holds; training steps are few, they don't change what is held. */
const MEMORY = {
  kind: 'dqn',
  config: { bufferSize: 1_000_000, trainEvery: 1000 },
  accountFeatures: true,
  ...{ from: 0, to: 1_100_000, every: 100_000 },
} as const;
const MEMORY_LIMIT_MB = 400;

interface Case {
  readonly kind: 'ppo' | 'dqn';
  readonly config: object;
  readonly accountFeatures?: boolean;
  /** Environment steps between which the clock runs; both are multiples of `every`. */
  readonly from: number;
  readonly to: number;
  readonly every: number;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Trains once, in this process. */
async function measure({ kind, config, accountFeatures = false, from, to, every }: Case) {
  const kernels = await createKernels({ threads: THREADS });
  const { series } = synthesize({ bars: BARS, seed: 1 });
  const features = computeFeatures(series, featureSet('tradernet21'));
  const table = scaleTable(features, fitScaler(features, 0, BARS, 'standardise'), {
    extraColumns: accountFeatures ? ACCOUNT_COLUMNS : [],
  });
  const spec: AgentSpec = {
    featureSet: 'tradernet21',
    columns: table.columns.slice(0, table.marketWidth),
    accountColumns: table.columns.slice(table.marketWidth),
    ...{ signature: table.signature, window: table.window, timeframeMs: series.timeframeMs, scaler: null },
    ...{
      reward: 'market-order',
      rewardScale: 100,
      trainingRange: null,
      origin: null,
      account: { ...DEFAULT_ACCOUNT } as unknown as Json,
    },
  };
  const { create, settings } = findLearner(kind);
  const agent = create({ kernels, spec, config: settings.parse(config), seed: 1 });
  const env = new TradingEnv({
    markets: [{ series, table, from: 0, to: BARS }],
    count: agent.environments,
    account: DEFAULT_ACCOUNT,
    reward: rewardNamed('market-order'),
    rewardScale: 100,
    starts: 'random',
    maxEpisodeSteps: 720,
  });
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-bench-'));
  const clock = {
    nowMs: () => performance.now(),
    elapsedMs: () => performance.now(),
    sleep: () => new Promise<void>((done) => setImmediate(done)),
  };
  let started = performance.now();
  let ended = started;
  await train({
    ...{ agent, env, seed: 1, steps: to + every, clock, folder: 'run', files: new NodeFileSystem(folder) },
    ...{ validate: null, validateEvery: to, checkpointEvery: 10 * to, progressEvery: every },
    onProgress({ steps }) {
      if (steps === from) started = performance.now();
      if (steps === to) ended = performance.now();
    },
  });
  rmSync(folder, { recursive: true });
  const { name, isa, threads } = kernels;
  kernels.dispose();
  return {
    stepsPerSecond: ((to - from) * 1000) / (ended - started),
    peakMB: process.resourceUsage().maxRSS / 1024,
    kernels: { name, isa, threads },
  };
}

const one = process.argv[2];
if (one !== undefined) {
  console.log(JSON.stringify(await measure(one === 'memory' ? MEMORY : CASES[Number(one)])));
} else {
  const run = (which: string): Awaited<ReturnType<typeof measure>> =>
    JSON.parse(execFileSync(process.execPath, [import.meta.filename, which], { encoding: 'utf8' }));
  const rounds: number[][] = CASES.map(() => []);
  const load: number[] = [];
  for (let r = 0; r < ROUNDS; r++) {
    const order = CASES.map((_, i) => (r % 2 === 0 ? i : CASES.length - 1 - i));
    for (const i of order) rounds[i].push(Math.round(run(`${i}`).stepsPerSecond));
    load.push(Math.round(10 * loadavg()[0]) / 10);
  }
  const results = CASES.map(({ name, target, peer }, i) => ({
    ...{ name, target, peer, stepsPerSecond: median(rounds[i]) },
    ...{ lowest: Math.min(...rounds[i]), highest: Math.max(...rounds[i]), rounds: rounds[i] },
  }));
  const { peakMB, kernels } = run('memory');
  const memory = { name: 'a million transitions', peakMB: Math.round(peakMB), limitMB: MEMORY_LIMIT_MB };
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  // The load says whether other work had the cores: two threads that wait for a third party are slower than one.
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, kernels, load };
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('train.json', folder), `${JSON.stringify({ machine, commit, results, memory }, null, 2)}\n`);
  for (const { name, stepsPerSecond, lowest, highest, target, peer } of results) {
    const times = (stepsPerSecond / peer).toFixed(1);
    console.log(`${name}: ${stepsPerSecond} steps/s (${lowest} to ${highest}), target ${target}, ${times} x the peer`);
  }
  console.log(`${memory.name}: ${memory.peakMB} MB at the peak, limit ${memory.limitMB}`);
}
