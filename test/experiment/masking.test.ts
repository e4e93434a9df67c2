/** A training that a shield masks: what the agent sees and may do is the same in training, backtest and bot. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCheckpoint } from '../../src/agents/index.ts';
import { DecisionMaker } from '../../src/bot/decision-maker.ts';
import { Account } from '../../src/core/account.ts';
import type { Agent, Observation } from '../../src/core/agent.ts';
import { Rng } from '../../src/core/rng.ts';
import { SHIELD_COLUMNS } from '../../src/core/shield.ts';
import { UNLIMITED } from '../../src/decision/limits.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv } from '../../src/env/trading-env.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { agentPolicy } from '../../src/evaluate/policy.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { fitMarketsRange, prepareMarkets } from '../../src/experiment/prepare.ts';
import { smurfConfig, trainSupervisor } from '../../src/experiment/supervise.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { makeMaskingShield } from '../../src/experiment/training-env.ts';
import { trialConfig } from '../../src/experiment/trial.ts';
import { ACCOUNT_COLUMNS } from '../../src/features/observation.ts';
import { RealTimeFeatureEng } from '../../src/features/realtime.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { createShield } from '../../src/shield/index.ts';
import { CASES, NAMES } from '../agents/agent-cases.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const series = [tinyMarket()];
const masked = (maskByShield: string, agent: string = NAMES[0]) => tinyConfig({ training: { maskByShield, agent } });

describe('the mask of a training', () => {
  const rulesOf = (sections: Record<string, Record<string, unknown>>) => {
    const config = tinyConfig({ training: { maskByShield: 'none' }, ...sections });
    return makeMaskingShield(config, prepareMarkets(series, config))?.().rules.map(({ rule }) => rule.name);
  };

  it("follows the user's own rules", () => {
    expect(rulesOf({})).toEqual([]);
    expect(rulesOf({ shield: { rules: { 'stop-loss': {}, smurf: {} } } })).toEqual(['stop-loss']);
  });

  it('makes another training, and where there is no mask the rules do not', () => {
    const trained = (maskByShield: string | null, rules: Record<string, unknown>) => {
      const config = tinyConfig({ training: { maskByShield }, shield: { rules } });
      return JSON.stringify(trialConfig(config, prepareMarkets(series, config)));
    };
    const rules = { 'stop-loss': false };
    expect(trained('cautious', rules)).not.toBe(trained('cautious', {}));
    expect(trained(null, rules)).toBe(trained(null, {}));
  });
});

describe('what a masked agent sees', () => {
  const config = masked('cautious');
  const prepared = prepareMarkets(series, config);
  const [{ table, split, features }] = prepared.markets;
  const trainingRange = JSON.parse(JSON.stringify(fitMarketsRange(prepared.markets)));
  // Cautious, but sure to halt before the end, and annoyed by every fill.
  const overrides = {
    'max-drawdown': { reduceAt: 0.2, haltAt: 0.06 },
    slippage: { maxSlippage: 0.0004, coolDownBars: 1 },
  };
  const makeShield = () => createShield({ without: ['smurf'], overrides, trainingRange });
  const { from } = split.train;
  const first = Array.from(table.decidable).findIndex((decidable, row) => row >= from && decidable === 1);
  const rows = { from: first, to: first + 1200 };

  /** Draws among the allowed actions, keeping all that it was shown. */
  function drawer() {
    const rng = new Rng(5);
    const seen: { values: Float32Array; mask: number[] }[] = [];
    const choose = ({ values, mask }: Observation) => {
      seen.push({ values: values.slice(), mask: [...mask] });
      const allowed = ([0, 1, 2] as const).filter((action) => mask[action] === 1);
      return allowed[rng.integer(allowed.length)];
    };
    const agent: Agent = {
      kind: 'drawer',
      getAction: choose,
      decide: (obs) => ({ action: choose(obs), probabilities: null, qValues: null }),
    };
    return { agent, seen, choose };
  }

  const tested = drawer();
  const ledger = backtest({
    policy: agentPolicy(tested.agent),
    series: series[0],
    table,
    account: config.account,
    shield: makeShield(),
    rows,
  });

  it('has columns of its own, which say what is allowed, and something is denied', () => {
    expect(table.columns.slice(-3)).toEqual([...SHIELD_COLUMNS]);
    expect(ledger.endedRow).toBeNull();
    expect(ledger.haltedRow).not.toBeNull();
    let denied = 0;
    for (const { values, mask } of tested.seen) {
      const [sell, buy, halted] = [...values.slice(-3)].map((bit) => Math.round(bit / table.extraScale));
      if (mask[1] === 1) expect(buy).toBe(1);
      if (mask[0] === 1) expect(sell).toBe(1);
      if (buy === 0) denied++;
      if (halted === 1) expect(mask).toEqual([0, 0, 1]);
      // At every position of the window.
      for (let t = 0; t < table.window; t++) expect(values[(t + 1) * table.width - 2]).toBe(values.at(-2));
    }
    expect(denied).toBeGreaterThan(50);
    expect(ledger.overridden).toBe(0);
  });

  it('is the same in training, until a halt ends the episode', () => {
    const env = new TradingEnv({
      markets: [{ series: series[0], table, ...rows }],
      count: 1,
      account: config.account,
      reward: rewardNamed('market-order'),
      rewardScale: 1,
      starts: 'sequential',
      maxEpisodeSteps: 0,
      shield: makeShield,
    });
    env.reset(1);
    const { choose, seen } = drawer();
    let steps = 0;
    let logEquity = 0;
    for (let ended = false; !ended; steps++) {
      env.step(Uint8Array.of(choose({ values: env.obs, mask: env.masks })));
      logEquity += env.rewards[0];
      ended = env.terminated[0] === 1 || env.truncated[0] === 1;
      if (!ended) expect(env.accounts[0].equity).toBe(ledger.equity[steps + 1]);
    }
    expect(env.terminated[0]).toBe(1);
    expect(first + steps - 1).toBe(ledger.haltedRow);
    expect(logEquity).toBeCloseTo(Math.log(ledger.equity[steps] / ledger.startingEquity), 9);
    expect(seen).toEqual(tested.seen.slice(0, steps));
    // The state in which it ended is the next one of the backtest.
    const values = table.window * table.width;
    expect(env.finalObs.subarray(0, values)).toEqual(tested.seen[steps].values);
    expect([...env.finalMasks]).toEqual(tested.seen[steps].mask);
  });

  it('is the same in the bot', () => {
    const { set, scaler } = prepared;
    const { window } = config.features;
    const { timeframeMs } = series[0];
    const live = new RealTimeFeatureEng(set, scaler, timeframeMs, {
      ...{ window, extraColumns: [...ACCOUNT_COLUMNS, ...SHIELD_COLUMNS] },
    });
    expect(live.signature).toBe(table.signature);
    const shield = makeShield();
    const { agent, seen } = drawer();
    const account = new Account(config.account);
    const maker = new DecisionMaker({ account, features: live, agent, shield, timeframeMs, limits: UNLIMITED });
    const { open, high, low, close, volume, timeMs, trades } = series[0];
    account.reset(close[first]);
    let order = 0;
    for (let row = 0; row < rows.to - 1; row++) {
      const candle = {
        ...{ timeMs: timeMs[row], open: open[row], high: high[row], low: low[row], close: close[row] },
        ...{ volume: volume[row], trades: trades === null ? null : trades[row], trends: null, filled: false },
      };
      if (row < first) {
        maker.observe(candle as never);
        continue;
      }
      if (row > first)
        account.stepBar(order, timeframeMs, open[row], high[row], low[row], close[row], (facts) =>
          shield.levels(facts),
        );
      const lastSlippage = account.fills === 0 ? Number.NaN : config.account.slippageRate;
      const runtime = { dataAgeMs: 0, unresolved: null, spread: Number.NaN, lastSlippage, halted: null };
      ({ order } = maker.decide(candle as never, runtime));
      expect(account.equity).toBe(ledger.equity[row - first]);
    }
    expect(features.rows).toBeGreaterThan(rows.to);
    expect(seen).toEqual(tested.seen);
  });

  it('says that all is allowed where there is no shield', () => {
    const { agent, seen } = drawer();
    backtest({
      policy: agentPolicy(agent),
      series: series[0],
      table,
      account: config.account,
      shield: null,
      rows: { from: first, to: first + 100 },
    });
    const { extraScale: one } = table;
    for (const { values } of seen) expect([...values.slice(-3)]).toEqual([Math.fround(one), Math.fround(one), 0]);
  });
});

describe('a masked training', () => {
  it.each(NAMES.filter((name) => CASES[name].refusesMask === null))(
    'of %s never asks for what its shield denies, and can be evaluated under any',
    async (kind) => {
      const runContext = tinyRunContext(kernels);
      const config = masked('spec', kind);
      const { run, agent } = await trainRun({ series, config, validate: null }, runContext);
      expect(agent.spec.accountColumns.slice(4)).toEqual([...SHIELD_COLUMNS]);
      const checkpoint = openTiny(run.name, runContext);
      const under = (profile: string) => {
        const rules = profile === 'spec' ? { smurf: false as const } : {};
        const shield = { ...config.shield, profile: profile as 'spec', rules };
        return evaluateRun({ checkpoint, series, config: { ...config, shield } }, runContext)[0];
      };
      const { subject } = under('spec');
      expect(subject.verdicts['repeat-limit'].allow).toBeGreaterThan(0);
      expect(subject.verdicts['repeat-limit'].deny).toBe(0);
      expect(subject.overridden).toBe(0);
      expect(under('none').subject.metrics.trades).toBeGreaterThanOrEqual(0);
      expect(under('cautious').counterfactuals).not.toBeNull();
    },
  );

  it.each(NAMES.filter((name) => CASES[name].refusesMask !== null))('of %s is refused', async (kind) => {
    const config = masked('spec', kind);
    await expect(trainRun({ series, config, validate: null }, tinyRunContext(kernels))).rejects.toThrow(
      CASES[kind].refusesMask!,
    );
  });

  it('goes on after a stop as if there had been none', async () => {
    const runContext = tinyRunContext(kernels);
    const config = masked('cautious');
    const whole = await trainRun({ series, config }, runContext);
    const stop = new AbortController();
    let ticks = 0;
    const nowMs = () => {
      if (++ticks === 150) stop.abort();
      return ticks;
    };
    const halting = { ...runContext, clock: { ...runContext.clock, nowMs }, signal: stop.signal };
    const stopped = await trainRun({ series, config }, halting);
    expect(stopped.status).toBe('stopped');
    const resumed = await trainRun({ series, config, resume: stopped.run.name }, runContext);
    const model = (folder: string) => runContext.files.read(`${folder}/last/model.safetensors`);
    expect(model(resumed.folder)).toEqual(model(whole.folder));
  });

  it('can be supervised', async () => {
    const runContext = tinyRunContext(kernels);
    const config = masked('balanced');
    const { run } = await trainRun({ series, config, validate: null }, runContext);
    const supervised = await trainSupervisor(
      { series, config: smurfConfig(config), primary: openTiny(run.name, runContext), force: true },
      runContext,
    );
    expect(supervised.agent.spec.accountColumns).toEqual([]);
    expect(hasCheckpoint(runContext.files, supervised.integrated ?? '')).toBe(true);
    const checkpoint = openTiny(`${supervised.run.name}/integrated`, runContext);
    expect(evaluateRun({ checkpoint, series, config }, runContext)).toHaveLength(1);
  });

  it('is refused without account columns', async () => {
    const config = tinyConfig({ training: { maskByShield: 'spec' }, features: { accountFeatures: false } });
    await expect(trainRun({ series, config }, tinyRunContext(kernels))).rejects.toThrow(
      'needs features.accountFeatures',
    );
  });

  it('leaves an unmasked one as it was: the same columns, the same signature', () => {
    const { table } = prepareMarkets(series, tinyConfig()).markets[0];
    expect(table.columns.slice(-4)).toEqual([
      'units_held',
      'unrealised_log_return',
      'bars_in_trade',
      'drawdown_from_peak',
    ]);
    expect(table.signature).toMatch(/;account=units_held,unrealised_log_return,bars_in_trade,drawdown_from_peak$/);
  });
});
