/**
 * Times the workloads of one implementation in a process of its own and prints JSON: microseconds a call, and the
 * multiply-add peak of this machine. Inputs come from typed arrays and results go to typed arrays or an int, everything
 * included. Usage: node bench/kernel-workloads.ts KIND THREADS [MILLISECONDS a workload [WORKLOAD [mean]]]
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Rng } from '../src/core/rng.ts';
import {
  ActorNetwork,
  createKernels,
  DQNUpdater,
  type KernelKind,
  type Kernels,
  PPOUpdater,
  QNetwork,
  RolloutInference,
  ValueNetwork,
} from '../src/nn/index.ts';

const WINDOW = 12 * 21;

const [, , kind, threads, ms = '400', only, statistic] = process.argv;

/** Median (or mean) microseconds of `call`, over at least 5 samples and about `ms` milliseconds, after a warm-up. */
function time(call: () => void, ms: number, calls = 1): number {
  const samples: number[] = [];
  const warm = performance.now() + ms / 4;
  do call();
  while (performance.now() < warm);
  const end = performance.now() + ms;
  while (samples.length < 5 || performance.now() < end) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    samples.push(((performance.now() - start) * 1000) / calls);
  }
  if (statistic === 'mean') return samples.reduce((a, b) => a + b, 0) / samples.length;
  return samples.sort((a, b) => a - b)[samples.length >> 1];
}

const normals = (length: number, rng: Rng) => Float32Array.from({ length }, () => rng.normal());

function workloads(kernels: Kernels, ms: number): Record<string, number> {
  const rng = new Rng(1);
  const network = <T extends { initialize(rng: Rng): void }>(made: T): T => {
    made.initialize(rng);
    return made;
  };
  const [q, target] = [network(new QNetwork(kernels)), network(new QNetwork(kernels))];
  const [actor, critic] = [network(new ActorNetwork(kernels)), network(new ValueNetwork(kernels))];
  const result: Record<string, number> = {};
  const wanted = (name: string) => only === undefined || only === name;

  const window = normals(WINDOW, rng);
  if (wanted('INF-1')) result['INF-1'] = time(() => q.bestAction(window), ms, kernels.name === 'reference' ? 1 : 100);

  const rollout = new RolloutInference(kernels, actor, critic, 16);
  const windows = normals(16 * WINDOW, rng);
  const infer16 = () => {
    rollout.obs.set(windows);
    rollout.run(null);
  };
  if (wanted('INF-16')) result['INF-16'] = time(infer16, ms, kernels.name === 'reference' ? 1 : 10);

  for (const batch of kernels.name === 'reference' ? [64] : [64, 256, 1024]) {
    if (!wanted(`PPO-${batch}`)) continue;
    const ppo = new PPOUpdater(kernels, actor, critic, { batch, normalizeAdvantages: false });
    const obs = normals(batch * WINDOW, rng);
    const actions = Uint8Array.from({ length: batch }, () => rng.integer(3));
    const old = normals(batch, rng).map((x) => -1.1 + 0.3 * x);
    const [advantages, returns] = [normals(batch, rng), normals(batch, rng)];
    result[`PPO-${batch}`] = time(() => {
      ppo.obs.set(obs);
      ppo.actions.set(actions);
      ppo.oldLogProbs.set(old);
      ppo.advantages.set(advantages);
      ppo.returns.set(returns);
      ppo.update(batch, 3e-4);
    }, ms);
    ppo.dispose();
  }
  for (const batch of kernels.name === 'reference' ? [] : [64, 256]) {
    if (!wanted(`DQN-${batch}`)) continue;
    const dqn = new DQNUpdater(kernels, q, target, { batch, double: false });
    const [obs, nextObs] = [normals(batch * WINDOW, rng), normals(batch * WINDOW, rng)];
    const actions = Uint8Array.from({ length: batch }, () => rng.integer(3));
    const rewards = normals(batch, rng);
    const terminated = Uint8Array.from({ length: batch }, () => (rng.uniform() < 0.1 ? 1 : 0));
    result[`DQN-${batch}`] = time(() => {
      dqn.obs.set(obs);
      dqn.nextObs.set(nextObs);
      dqn.actions.set(actions);
      dqn.rewards.set(rewards);
      dqn.terminated.set(terminated);
      dqn.update(batch, 1e-4);
    }, ms);
    dqn.dispose();
  }
  return result;
}

/** GFLOP/s of multiply-adds in registers on each of `threads` cores at once, added up. */
async function peak(kind: KernelKind, threads: number, ms: number): Promise<number> {
  const run = () =>
    new Promise<number>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { kind, ms } });
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  return (await Promise.all(Array.from({ length: threads }, run))).reduce((a, b) => a + b, 0);
}

if (isMainThread) {
  const kernels = await createKernels({ kind: kind as KernelKind, threads: Number(threads) });
  const micros = workloads(kernels, Number(ms));
  const { name, isa, fused } = kernels;
  kernels.dispose();
  const gflops = kind === 'reference' || only ? 0 : await peak(kind as KernelKind, Number(threads), Number(ms));
  console.log(JSON.stringify({ name, isa, fused, threads: kernels.threads, micros, peakGflops: gflops }));
} else {
  const kernels = await createKernels({ kind: workerData.kind, threads: 1 });
  let best = 0;
  const end = performance.now() + workerData.ms;
  while (performance.now() < end) {
    const start = performance.now();
    best = Math.max(best, kernels.peak(1_000_000) / (performance.now() - start) / 1e6);
  }
  kernels.dispose();
  parentPort?.postMessage(best);
}
