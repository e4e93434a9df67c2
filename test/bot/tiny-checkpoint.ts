import { PPOAgent, ppoConfigSchema } from '../../src/agents/index.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import type { FileSystem } from '../../src/core/file-system.ts';
import { RealTimeFeatureEng } from '../../src/features/realtime.ts';
import { fitScaler, scalerToJson } from '../../src/features/scaler.ts';
import { featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { createKernels } from '../../src/nn/index.ts';

/** Saves a checkpoint of an untrained network: what it decides doesn't matter, only that it does so again and again. */
export async function saveTinyCheckpoint(
  files: FileSystem,
  path: string,
  options: { readonly series: CandleSeries; readonly mode?: 'spot' | 'margin'; readonly seed?: number },
): Promise<void> {
  const { series, mode = 'spot', seed = 1 } = options;
  const kernels = await createKernels({ kind: 'wasm', threads: 1 });
  const set = featureSet('tradernet19');
  const scaler = fitScaler(computeFeatures(series, set), 0, series.length, 'standardise');
  const features = new RealTimeFeatureEng(set, scaler, series.timeframeMs);
  const { startingEquity: _, ...account } = DEFAULT_ACCOUNT;
  const agent = new PPOAgent({
    kernels,
    seed,
    config: ppoConfigSchema.parse({}),
    spec: {
      featureSet: set.name,
      columns: set.columns,
      accountColumns: features.columns.slice(set.columns.length),
      signature: features.signature,
      window: features.window,
      timeframeMs: series.timeframeMs,
      scaler: scalerToJson(scaler),
      trainingRange: null,
      origin: null,
      reward: 'market-order',
      rewardScale: 100,
      account: { ...account, mode },
    },
  });
  agent.save(files, path);
  agent.dispose();
  kernels.dispose();
}
