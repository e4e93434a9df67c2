import { PPOAgent, ppoConfigSchema } from '../../src/agents/index.ts';
import type { SymbolSetup } from '../../src/bot/options.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { RealTimeFeatureEng } from '../../src/features/realtime.ts';
import { fitScaler, scalerToJson } from '../../src/features/scaler.ts';
import { featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { createKernels } from '../../src/nn/index.ts';
import { createShield } from '../../src/shield/index.ts';
import { marketOf } from './bot-world.ts';

/** A real network at its real size on the machine's quickest kernels; what it says doesn't matter. */
export async function openFullSizeAgent(timeframeMs: number) {
  const kernels = await createKernels({ kind: 'auto', threads: 1 });
  const set = featureSet('tradernet19');
  const { series } = synthesize({ bars: 2_000, seed: 1, timeframeMs, volatility: 0.05 });
  const scaler = fitScaler(computeFeatures(series, set), 0, 2_000, 'standardise');
  const createFeatures = () => new RealTimeFeatureEng(set, scaler, timeframeMs);
  const one = createFeatures();
  const { startingEquity: _, ...account } = DEFAULT_ACCOUNT;
  const agent = new PPOAgent({
    kernels,
    seed: 1,
    config: ppoConfigSchema.parse({}),
    spec: {
      featureSet: set.name,
      columns: set.columns,
      accountColumns: one.columns.slice(set.columns.length),
      signature: one.signature,
      window: one.window,
      timeframeMs,
      scaler: scalerToJson(scaler),
      trainingRange: null,
      origin: null,
      reward: 'market-order',
      rewardScale: 100,
      account: { ...account },
    },
  });
  return {
    agent,
    kernels,
    createSymbols: (bases: readonly string[]): SymbolSetup[] =>
      bases.map((base) => ({
        symbol: marketOf(base).symbol,
        account: { ...DEFAULT_ACCOUNT, quantityStep: 0.00001 },
        market: marketOf(base),
        features: createFeatures(),
        agent,
        shield: createShield({ profile: 'balanced', overrides: { 'out-of-range': false, 'volatility-spike': false } }),
      })),
    dispose() {
      agent.dispose();
      kernels.dispose();
    },
  };
}
