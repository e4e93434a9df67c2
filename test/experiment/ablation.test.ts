import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOLD } from '../../src/core/action.ts';
import type { Agent } from '../../src/core/agent.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { agentPolicy } from '../../src/evaluate/policy.ts';
import { ablateRun } from '../../src/experiment/ablation.ts';
import { ablateMarket } from '../../src/experiment/counterfactuals.ts';
import { type Checkpoint, evaluateRun, prepareEvaluation } from '../../src/experiment/evaluate-run.ts';
import type { RunContext } from '../../src/experiment/run-context.ts';
import { shieldFor } from '../../src/experiment/shield.ts';
import { smurfConfig, trainSupervisor } from '../../src/experiment/supervise.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { RunRegistry } from '../../src/runs/registry.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
let runContext: RunContext;
let checkpoint: Checkpoint;
const series = [tinyMarket()];
// Without costs even a short training trades often.
const config = tinyConfig({ account: { feeRate: 0, slippageRate: 0 } });

beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
  runContext = tinyRunContext(kernels);
  checkpoint = openTiny((await trainRun({ series, config, validate: null }, runContext)).run.name, runContext);
});
afterAll(() => kernels.dispose());

describe('counterfactual ledgers of a run', () => {
  it('are those of the agent itself, though it is asked once for each state', () => {
    const { config: settings, prepared } = prepareEvaluation({ checkpoint, series, config });
    const [market] = prepared.markets;
    // Trades by every column of the newest row, the account's among them.
    const { width } = market.table;
    const decide: Agent['decide'] = ({ values, mask }) => {
      const sum = values.slice(-width).reduce((total, value) => total + Math.abs(value), 0);
      const action = ([1, 2, 0] as const)[Math.floor(1e3 * sum) % 3];
      return { action: mask[action] === 1 ? action : HOLD, probabilities: null, qValues: null };
    };
    const { kind, spec } = checkpoint.agent;
    const fickle = { ...checkpoint.agent, kind, spec, decide };
    const { rows, ledgers } = ablateMarket(fickle, market, settings, 'test');
    expect(ledgers[1].trades.length).toBeGreaterThan(20);
    const alone = (without: readonly string[] | null) =>
      backtest({
        policy: agentPolicy(fickle),
        series: market.series,
        table: market.table,
        account: settings.account,
        shield: without && shieldFor(settings, fickle, { without }),
        rows: market.split.test,
      });
    rows.forEach(({ without, decisions }, i) => {
      if (i < 2 || without !== null) {
        const ledger = alone(i === 1 ? null : without === null ? [] : [without]);
        expect(ledgers[i].equity).toEqual(ledger.equity);
        expect(decisions).toBe(ledger.decided.reduce((sum, one) => sum + one));
      }
    });
    let asked = 0;
    const count: Agent['decide'] = (obs) => {
      asked++;
      return checkpoint.agent.decide(obs);
    };
    ablateMarket({ ...fickle, decide: count }, market, settings, 'test');
    // Less than a third of what every ledger would ask for by itself.
    expect(asked).toBeLessThan((rows.length * rows[0].decisions) / 3);
  });

  it('say how often the N-consecutive rule of profile spec changes the position', () => {
    const [{ ablation, note }] = ablateRun({ checkpoint, series, config, profiles: ['spec'] }, runContext);
    expect(note).toContain('--supervisor');
    const row = ablation.rows.find(({ without }) => without === 'repeat-limit');
    expect(row?.acted).toBeGreaterThan(0);
    expect(row?.positionsChanged).toBeGreaterThan(0);
    expect(row?.positionsChanged).toBeLessThan(1);
    // It is the only rule here, so without it there is no layer.
    expect({ ...row, label: '', without: null, acted: null }).toEqual({ ...ablation.rows[1], label: '' });
    expect(ablation.rows[0].positionsChanged).toBe(0);
    expect(ablation.rows[0].overridden).toBe(row?.acted);
  });

  it('count the profile as one trial, whoever looked', () => {
    const [evaluation] = evaluateRun({ checkpoint, series, config, counterfactuals: false }, runContext);
    expect(evaluation.counterfactuals).toBeNull();
    const registry = new RunRegistry(runContext.files);
    const run = registry.open(checkpoint.name);
    const find = (name: string) => run.results().find((one) => one.name === name)?.record;
    ablateRun({ checkpoint, series, config, profiles: ['cautious', 'balanced'] }, runContext);
    const [own, ablated] = [find('test-TINY-cautious'), find('ablation-test-TINY-cautious')];
    expect(ablated).toMatchObject({ trial: own?.trial, foldKey: own?.foldKey, sharpePerBar: own?.sharpePerBar });
    const hashes = new Set(registry.trials(own?.foldKey ?? '').map(({ configHash }) => configHash));
    // cautious, balanced, and spec of the test before.
    expect(hashes.size).toBe(3);
  });

  it('refuse a profile without rules, and a shield that can’t be made, which is no trial', () => {
    const { run } = checkpoint;
    const before = run?.results().length;
    const broken = { ...config, shield: { ...config.shield, profile: 'spec' as const, rules: { smurf: {} } } };
    for (const look of [
      () => evaluateRun({ checkpoint, series, config: broken }, runContext),
      () => ablateRun({ checkpoint, series, config: broken, profiles: ['cautious'] }, runContext),
    ])
      expect(look).toThrow('needs a supervisor');
    expect(run?.results().length).toBe(before);
    expect(() => ablateRun({ checkpoint, series, config, profiles: ['none'] }, runContext)).toThrow('profile none');
  });

  it('go through profile spec with the supervisor in the shield or in the agent, which is the same', async () => {
    const trained = await trainSupervisor(
      { series, config: smurfConfig(config), primary: checkpoint, force: true },
      runContext,
    );
    const supervisor = openTiny(trained.run.name, runContext);
    const [inShield] = ablateRun({ checkpoint, series, config, supervisor, profiles: ['spec'] }, runContext);
    const integrated = openTiny(`${trained.run.name}/integrated`, runContext);
    const [inAgent] = ablateRun({ checkpoint: integrated, series, config, profiles: ['spec'] }, runContext);
    expect(inShield.note + inAgent.note).toBe('');
    expect(inAgent.ablation.ledgers[0].equity).toEqual(inShield.ablation.ledgers[0].equity);
    expect(inShield.ablation.rows.map(({ without }) => without)).toContain('smurf');
    expect(inAgent.ablation.rows.map(({ without }) => without)).not.toContain('smurf');
  });
});
