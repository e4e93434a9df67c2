/** Trains an agent on given kernels and hashes the checkpoint: what has to be equal on every machine. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentSpec, findLearner, type LearnerName, train } from '../src/agents/index.ts';
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

/** SHA-256 over the names and bytes of the files of a checkpoint. */
function hashFolder(folder: string, counts: (name: string) => boolean = () => true): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
    const path = join(folder, name);
    if (statSync(path).isFile() && counts(name)) hash.update(name).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The agent of the preset tradernet-cr after `steps` steps over `bars` bars. */
export async function hashTraining(
  kernels: Kernels,
  kind: LearnerName,
  steps: number,
  bars: number,
): Promise<{ readonly whole: string; readonly tensors: string }> {
  const { series } = synthesize({ bars: bars, seed: 1 });
  const features = computeFeatures(series, featureSet('tradernet21'));
  const table = scaleTable(features, fitScaler(features, 0, bars, 'standardise'), {
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
    markets: [{ series, table, from: 0, to: bars }],
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
    ...{ agent, env, seed: 1, steps, clock, folder: 'run', files: new NodeFileSystem(folder) },
    ...{ validate: null, validateEvery: steps, checkpointEvery: steps, progressEvery: steps },
    onProgress() {},
  });
  const last = join(folder, 'run/last');
  const tensors = hashFolder(last, (name) => name.endsWith('.safetensors'));
  const whole = hashFolder(last);
  rmSync(folder, { recursive: true });
  return { whole, tensors };
}
