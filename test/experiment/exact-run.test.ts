/** The exact agent from candles to a verdict and into the bot: everywhere it sees the market and its units, no more. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DecisionMaker } from '../../src/bot/decision-maker.ts';
import { Account } from '../../src/core/account.ts';
import type { Agent, Observation } from '../../src/core/agent.ts';
import { candleAt } from '../../src/core/candle.ts';
import { UNLIMITED } from '../../src/decision/limits.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { agentPolicy } from '../../src/evaluate/policy.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { RealTimeFeatureEng } from '../../src/features/realtime.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { createShield } from '../../src/shield/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

/** The same agent, with what it saw and chose. */
function watch(agent: Agent) {
  const seen: { values: Float32Array; action: number }[] = [];
  const decide = (obs: Observation) => {
    const decision = agent.decide(obs);
    seen.push({ values: obs.values.slice(), action: decision.action });
    return decision;
  };
  const watched: Agent = { kind: agent.kind, decide, getAction: (obs) => decide(obs).action };
  return { watched, seen };
}

it.each(['spot', 'margin'])(
  'is trained on two symbols, judged, and decides in the bot as in the backtest (%s)',
  async (mode) => {
    const place = tinyRunContext(kernels);
    const series = [tinyMarket(), tinyMarket({ seed: 2, symbol: 'OTHER' })];
    const config = tinyConfig({
      training: { agent: 'exact', steps: null, validateEvery: null, checkpointEvery: null },
      account: { mode },
      // Without a bias to HOLD, so that so short a training acts.
      exact: { holdBias: 0, network: { filters: 4, hidden: [8, 8] } },
      shield: { profile: 'none' },
    });
    const { run, status, steps, prepared } = await trainRun({ series, config }, place);
    const trained = prepared.markets.reduce((sum, { split }) => sum + split.train.to - split.train.from, 0);
    expect(status).toBe('finished');
    // Both training folds, more than once, whatever a fold's length is.
    expect(steps / trained).toBeGreaterThan(1.2);
    expect(steps / trained).toBeLessThan(4);

    const checkpoint = openTiny(`${run.name}/last`, place);
    const { agent } = checkpoint;
    expect(agent.spec.accountColumns).toEqual(['units_held']);
    const judged = evaluateRun({ checkpoint, series, config, force: true }, place);
    expect(judged.map(({ symbol }) => symbol)).toEqual(['TINY', 'OTHER']);

    const { table, split } = prepared.markets[0];
    const { account } = config;
    const rows = { from: split.test.from, to: split.test.from + 200 };
    const tested = watch(agent);
    const policy = agentPolicy(tested.watched);
    const ledger = backtest({ policy, series: series[0], table, account, shield: null, rows });
    expect(new Set(ledger.actions).size).toBeGreaterThan(1);

    const { timeframeMs } = series[0];
    const { window, accountColumns } = agent.spec;
    const features = new RealTimeFeatureEng(prepared.set, prepared.scaler, timeframeMs, {
      ...{ window, extraColumns: accountColumns },
    });
    expect(features.signature).toBe(agent.spec.signature);
    const live = watch(agent);
    const traded = new Account(account);
    const shield = createShield({ profile: 'none' });
    const maker = new DecisionMaker({
      ...{ account: traded, features, agent: live.watched, shield, timeframeMs, limits: UNLIMITED },
    });
    traded.reset(series[0].close[rows.from]);
    let order = 0;
    for (let row = 0; row < rows.to - 1; row++) {
      const candle = candleAt(series[0], row);
      if (row < rows.from) {
        maker.observe(candle);
        continue;
      }
      if (row > rows.from) traded.stepBar(order, timeframeMs, candle.open, candle.high, candle.low, candle.close);
      const runtime = { dataAgeMs: 0, unresolved: null, spread: Number.NaN, lastSlippage: Number.NaN, halted: null };
      ({ order } = maker.decide(candle, runtime));
      expect(traded.equity).toBe(ledger.equity[row - rows.from]);
    }
    expect(live.seen).toEqual(tested.seen);
  },
);
