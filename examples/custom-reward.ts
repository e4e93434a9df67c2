/**
 * A reward of one's own: the change of log equity, less a price for being in the market. In the project itself a reward
 * is a file in src/env/rewards/ and a line in its index. Usage: npm run example examples/custom-reward.ts
 */
import * as tn from 'tradernet';

/** @param price of one bar with a position, in log return */
const restful = (price: number): tn.AccountReward => ({
  kind: 'account',
  name: 'restful',
  docs: `the change of log equity, less ${price} for each bar with a position`,
  horizon: 1,
  hindsight: false,
  pathDependent: false,
  memory: 0,
  pay: (account, _action, logChange) => logChange - (account.units === 0 ? 0 : price),
});

const kernels = await tn.createKernels();
const { series } = tn.synthesize({ bars: 3000, seed: 1, trends: false });
const features = tn.computeFeatures(series, tn.featureSet('tradernet19'));
const scaler = tn.fitScaler(features, 0, series.length, 'standardise');
const table = tn.scaleTable(features, scaler);
const market = { series, table, from: 200, to: series.length };

for (const price of [0, 0.01]) {
  const spec = {
    ...{ featureSet: 'tradernet19', columns: table.columns.slice(0, table.marketWidth), signature: table.signature },
    ...{ accountColumns: table.columns.slice(table.marketWidth), window: table.window, trainingRange: null },
    ...{ timeframeMs: series.timeframeMs, scaler: tn.scalerToJson(scaler), account: { ...tn.DEFAULT_ACCOUNT } },
    ...{ reward: 'restful', rewardScale: 100 },
  };
  const config = tn.ppoConfigSchema.parse({ network: { filters: 4, hidden: [16, 16] }, learningRate: 3e-3 });
  const agent = new tn.PPOAgent({ kernels, spec, config, seed: 1 });
  const options = { markets: [market], count: agent.environments, account: tn.DEFAULT_ACCOUNT, rewardScale: 100 };
  const env = new tn.TradingEnv({ ...options, reward: restful(price), starts: 'random', maxEpisodeSteps: 200 });
  env.reset(1);
  agent.attach(env, 20_000);
  let [inMarket, seen] = [0, 0];
  while (agent.steps < 20_000) {
    agent.collect();
    if (agent.ready()) agent.trainStep();
    if (agent.steps < 15_000) continue;
    // The first account column is the units that an environment holds.
    for (let i = 0; i < env.count; i++, seen++) if (env.extras[i * env.extraWidth] !== 0) inMarket++;
  }
  console.log(`price ${price}: in the market ${Math.round((100 * inMarket) / seen)} % of the time`);
  agent.dispose();
}
kernels.dispose();
