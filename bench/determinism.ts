/**
 * One checkpoint for every machine: trains each agent for 20,000 steps, under the preset tradernet-cr, on every fused
 * implementation that runs here (AVX-512, AVX2, WebAssembly with relaxed SIMD) with 1, 2 and 4 threads, and compares the
 * checkpoints' bytes. Plain SIMD runs too: it may differ, and says so. The tensors alone (weights, optimiser, target)
 * are compared with those of an earlier version, which stand under `before` in bench/results/determinism.json. Writes
 * that file; exit code 1 where bytes differ.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentSpec, findLearner, LEARNERS, type LearnerName, train } from '../src/agents/index.ts';
import { DEFAULT_ACCOUNT } from '../src/core/account.ts';
import type { Json } from '../src/core/json.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { rewardNamed } from '../src/env/rewards/index.ts';
import { TradingEnv } from '../src/env/trading-env.ts';
import { PRESETS } from '../src/experiment/presets.ts';
import { scaleTable } from '../src/features/observation.ts';
import { fitScaler } from '../src/features/scaler.ts';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { synthesize } from '../src/market/synthetic.ts';
import type { Kernels } from '../src/nn/index.ts';
import { createNativeKernels } from '../src/nn/native.ts';
import { createWasmKernels } from '../src/nn/wasm.ts';

const STEPS = Number(process.argv[2] ?? 20_000);
const BARS = 10_000;

const implementations: { name: string; fused: boolean; create(): Kernels | null | Promise<Kernels> }[] = [];
for (const isa of ['avx512', 'avx2'] as const) {
  for (const threads of [1, 2, 4]) {
    implementations.push({
      name: `${isa}, ${threads} threads`,
      fused: true,
      create: () => createNativeKernels(threads, isa),
    });
  }
}
for (const isa of ['relaxed-simd', 'simd128'] as const) {
  for (const threads of [1, 2, 4]) {
    const create = () => createWasmKernels(threads, isa);
    implementations.push({ name: `wasm ${isa}, ${threads} threads`, fused: isa === 'relaxed-simd', create });
  }
}

/** SHA-256 over the names and bytes of the files of a checkpoint. */
function hashFolder(folder: string, counts: (name: string) => boolean = () => true): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
    const path = join(folder, name);
    if (statSync(path).isFile() && counts(name)) hash.update(name).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function trainOn(kernels: Kernels, kind: LearnerName): Promise<{ whole: string; tensors: string }> {
  const { series } = synthesize({ bars: BARS, seed: 1 });
  const features = computeFeatures(series, featureSet('tradernet21'));
  const table = scaleTable(features, fitScaler(features, 0, BARS, 'standardise'), {
    extraColumns: findLearner(kind).accountColumns,
  });
  const spec: AgentSpec = {
    featureSet: 'tradernet21',
    columns: table.columns.slice(0, table.marketWidth),
    accountColumns: table.columns.slice(table.marketWidth),
    signature: table.signature,
    window: table.window,
    timeframeMs: series.timeframeMs,
    scaler: null,
    reward: 'market-order',
    rewardScale: 100,
    trainingRange: null,
    origin: null,
    account: { ...DEFAULT_ACCOUNT } as unknown as Json,
  };
  const { create, settings } = findLearner(kind);
  const preset: Readonly<Record<string, object>> = PRESETS['tradernet-cr'].settings;
  const agent = create({ kernels, spec, config: settings.parse(preset[kind] ?? {}), seed: 1 });
  const env = new TradingEnv({
    markets: [{ series, table, from: 0, to: BARS }],
    count: agent.environments,
    account: DEFAULT_ACCOUNT,
    reward: rewardNamed('market-order'),
    rewardScale: 100,
    starts: 'random',
    maxEpisodeSteps: 720,
  });
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-determinism-'));
  const clock = {
    nowMs: () => performance.now(),
    elapsedMs: () => performance.now(),
    sleep: () => new Promise<void>((done) => setImmediate(done)),
  };
  await train({
    ...{ agent, env, seed: 1, steps: STEPS, clock, folder: 'run', files: new NodeFileSystem(folder) },
    ...{ validate: null, validateEvery: STEPS, checkpointEvery: STEPS, progressEvery: STEPS },
    onProgress() {},
  });
  const last = join(folder, 'run/last');
  const tensors = hashFolder(last, (name) => name.endsWith('.safetensors'));
  const whole = hashFolder(last);
  rmSync(folder, { recursive: true });
  return { whole, tensors };
}

const RESULTS = new URL('./results/determinism.json', import.meta.url);

/** The tensors of an earlier version after as many steps, by agent. */
interface Before {
  readonly commit: string;
  readonly steps: number;
  readonly tensors: Readonly<Record<string, string>>;
}
const before: Before | null = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')).before ?? null) : null;

const hashes: Record<string, Record<string, string>> = {};
const tensors: Record<string, string> = {};
let same = true;
for (const { name: kind } of LEARNERS) {
  hashes[kind] = {};
  let first: string | null = null;
  for (const { name, fused, create } of implementations) {
    const kernels = await create();
    if (!kernels) {
      console.log(`${kind} ${name}: not available here`);
      continue;
    }
    const trained = await trainOn(kernels, kind);
    kernels.dispose();
    hashes[kind][name] = trained.whole;
    first ??= trained.whole;
    tensors[kind] ??= trained.tensors;
    const equal = trained.whole === first;
    same &&= equal || !fused;
    console.log(`${kind} ${name}: ${trained.whole}${equal ? '' : fused ? ' DIFFERS' : ' (not fused: may differ)'}`);
  }
  const earlier = before?.steps === STEPS ? before.tensors[kind] : undefined;
  if (earlier === undefined) continue;
  same &&= earlier === tensors[kind];
  console.log(`${kind} tensors: ${tensors[kind]}, at ${before?.commit} ${earlier === tensors[kind] ? 'too' : earlier}`);
}
const result = { machine: cpus()[0]?.model, node: process.version, steps: STEPS, same, before, tensors, hashes };
mkdirSync(new URL('./', RESULTS), { recursive: true });
writeFileSync(RESULTS, `${JSON.stringify(result, null, 1)}\n`);
process.exitCode = same ? 0 : 1;
