import type { AgentSpec } from '../agents/checkpoint.ts';
import { findLearner } from '../agents/index.ts';
import { DEFAULT_ACCOUNT } from '../core/account.ts';
import { ACTION_COUNT, HOLD } from '../core/action.ts';
import { rewardNamed } from '../env/rewards/index.ts';
import { TradingEnv } from '../env/trading-env.ts';
import { scalerToJson } from '../features/scaler.ts';
import type { Kernels } from '../nn/index.ts';
import { BARS, complaints, makeMarket } from './world.ts';

/** Trained twice for a little while: the same bytes, legal actions, a decision that doesn't depend on who asked before. */
export function checkAgent(name: string, kernels: Kernels): string[] {
  return complaints((complain) => {
    const learner = findLearner(name);
    const { series, table, scaler } = makeMarket(learner.accountColumns);
    const spec: AgentSpec = {
      ...{ featureSet: 'tradernet19', columns: table.columns.slice(0, table.marketWidth), signature: table.signature },
      ...{ accountColumns: table.columns.slice(table.marketWidth), window: table.window, trainingRange: null },
      ...{ timeframeMs: series.timeframeMs, scaler: scalerToJson(scaler), account: { ...DEFAULT_ACCOUNT } },
      ...{ reward: 'market-order', rewardScale: 100 },
    };
    const train = () => {
      const config = learner.settings.parse({});
      const agent = learner.create({ kernels, spec, config, seed: 1 });
      const env = new TradingEnv({
        ...{ markets: [{ series, table, from: 100, to: BARS }], count: agent.environments, account: DEFAULT_ACCOUNT },
        ...{ reward: rewardNamed('market-order'), rewardScale: 100, starts: 'random', maxEpisodeSteps: 50 },
      });
      agent.examine?.(env);
      env.reset(1);
      agent.attach(env, 100_000, 'contract');
      for (let steps = 0; steps < 2; steps++) {
        while (!agent.ready()) agent.collect();
        agent.trainStep();
      }
      return agent;
    };
    const [first, second] = [train(), train()];
    const [one, other] = [first.checkpointFiles(), second.checkpointFiles()];
    for (const [file, bytes] of one)
      if (!Buffer.from(bytes).equals(Buffer.from(other.get(file) ?? [])))
        complain(`its ${file} has other bytes the second time`);
    const window = table.data.slice(500 * table.width, (500 + table.window) * table.width);
    for (let bits = 0; bits < 1 << (ACTION_COUNT - 1); bits++) {
      const mask = Uint8Array.of(bits & 1, bits >> 1, 1);
      const { action } = first.decide({ values: window, mask });
      if (mask[action] !== 1) complain(`chooses action ${action}, and the mask is ${mask.join(', ')}`);
      if (second.decide({ values: window, mask }).action !== action) complain('decides otherwise the second time');
    }
    if (first.decide({ values: window, mask: Uint8Array.of(0, 0, 1) }).action !== HOLD)
      complain('acts where only HOLD is legal');
    for (const agent of [first, second]) agent.dispose();
  });
}
