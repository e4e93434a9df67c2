/**
 * Environment steps per second of whole trainings: environment, inference, storing, sampling and updates, through the
 * same `train` that the command line calls. 35,000 hourly bars, windows of 12 x 21, the spec's networks, two threads.
 * A fresh process a round, the cases in alternating order, the wall clock after a warm-up. Then the peak memory of a
 * training whose replay buffer holds a million transitions, its checkpoint included. Writes bench/results/train.json.
 * `npm run bench:train -- beside FOLDER` trains PPO by its defaults instead, here and in another checkout in turns:
 * bench/results/train-defaults.json.
 *
 * Beside it Stable-Baselines3 2.9 on PyTorch 2.13, the same networks, on a machine of this kind: 735, 2,390, 279, 890.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
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
const ROUNDS = 5;
const THREADS = 2;
const PLAIN = { double: false, batchSize: 64, learningStarts: 500 };
const CASES = [
  {
    name: 'PPO, 1 environment, 2,048 steps, minibatch 64, 10 epochs',
    kind: 'ppo',
    config: { environments: 1, rolloutSteps: 2048, minibatchSize: 64, epochs: 10 },
    ...{ from: 2048, to: 6 * 2048, every: 2048, target: 7000, peer: 735 },
  },
  {
    name: 'PPO, 8 environments, 256 steps, minibatch 256, 10 epochs',
    kind: 'ppo',
    config: { environments: 8, rolloutSteps: 256, minibatchSize: 256, epochs: 10 },
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
/** Of whichever version: no setting is named but the length, and the clock runs from the first report past `from` on. */
const DEFAULTS = { name: 'PPO, the defaults', kind: 'ppo', from: 40_000, to: 120_000 } as const;
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

const clock = {
  nowMs: () => performance.now(),
  elapsedMs: () => performance.now(),
  sleep: () => new Promise<void>((done) => setImmediate(done)),
};

/** Trains once by the code and the defaults of `checkout`, in this process. */
async function measureDefaults(checkout: string) {
  const { kind, from, to } = DEFAULTS;
  const path = pathToFileURL(resolve(checkout, 'src/index.ts')).href;
  const tradernet: typeof import('../src/index.ts') = await import(path);
  const kernels = await tradernet.createKernels({ threads: THREADS });
  const { series } = synthesize({ bars: BARS, seed: 1 });
  const training = { agent: kind, steps: to, validateEvery: to, checkpointEvery: to };
  const config = tradernet.experimentSchema.parse({ training });
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-bench-'));
  const reports: { readonly steps: number; readonly ms: number }[] = [];
  const onProgress = ({ steps }: { steps: number }) => reports.push({ steps, ms: performance.now() });
  const runContext = { files: new tradernet.NodeFileSystem(folder), clock, kernels, codeVersion: 'bench' };
  await tradernet.trainRun({ series: [series], config, onProgress }, runContext);
  rmSync(folder, { recursive: true });
  const { name, isa, threads } = kernels;
  kernels.dispose();
  const first = reports.find(({ steps }) => steps >= from)!;
  // The last report is behind a validation.
  const last = reports[reports.length - 2];
  const stepsPerSecond = (1000 * (last.steps - first.steps)) / (last.ms - first.ms);
  return { stepsPerSecond, peakMB: process.resourceUsage().maxRSS / 1024, kernels: { name, isa, threads } };
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

const commitOf = (folder: string): string =>
  execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: folder }).trim();

const own = resolve(import.meta.dirname, '..');
const [one, other] = process.argv.slice(2);
if (one !== undefined && one !== 'beside') {
  const measured =
    one === DEFAULTS.kind ? measureDefaults(other) : measure(one === 'memory' ? MEMORY : CASES[Number(one)]);
  console.log(JSON.stringify(await measured));
} else {
  const run = (...which: string[]): Awaited<ReturnType<typeof measure>> =>
    JSON.parse(execFileSync(process.execPath, [import.meta.filename, ...which], { encoding: 'utf8' }));
  const ppo = (folder: string) => ({ ...DEFAULTS, commit: commitOf(folder), which: [DEFAULTS.kind, folder] });
  const cases =
    other === undefined
      ? CASES.map(({ name, target, peer }, i) => ({ name, target, peer, which: [`${i}`] }))
      : [own, resolve(other)].map(ppo);
  const rounds: number[][] = cases.map(() => []);
  const load: number[] = [];
  for (let r = 0; r < ROUNDS; r++) {
    const order = cases.map((_, i) => (r % 2 === 0 ? i : cases.length - 1 - i));
    for (const i of order) rounds[i].push(Math.round(run(...cases[i].which).stepsPerSecond));
    load.push(Math.round(10 * loadavg()[0]) / 10);
  }
  const results = cases.map(({ which: _, ...entry }, i) => ({
    ...{ ...entry, stepsPerSecond: median(rounds[i]) },
    ...{ lowest: Math.min(...rounds[i]), highest: Math.max(...rounds[i]), rounds: rounds[i] },
  }));
  const { peakMB, kernels } = run(...(other === undefined ? ['memory'] : cases[0].which));
  const memory = { name: 'a million transitions', peakMB: Math.round(peakMB), limitMB: MEMORY_LIMIT_MB };
  // The load says whether other work had the cores: two threads that wait for a third party are slower than one.
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, kernels, load };
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const content = { machine, commit: commitOf(own), results, ...(other === undefined ? { memory } : {}) };
  const file = other === undefined ? 'train.json' : 'train-defaults.json';
  writeFileSync(new URL(file, folder), `${JSON.stringify(content, null, 2)}\n`);
  for (const result of results) {
    const { name, stepsPerSecond, lowest, highest } = result;
    const beside =
      'peer' in result
        ? `target ${result.target}, ${(stepsPerSecond / result.peer).toFixed(1)} x the peer`
        : `of ${result.commit}`;
    console.log(`${name}: ${stepsPerSecond} steps/s (${lowest} to ${highest}), ${beside}`);
  }
  if (other === undefined) console.log(`${memory.name}: ${memory.peakMB} MB at the peak, limit ${memory.limitMB}`);
}
