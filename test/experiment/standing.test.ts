/** What the validation says of an agent, where it stands, and that a closed gate keeps it still. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeStanding, mayTrade, openCheckpoint, type Standing } from '../../src/agents/index.ts';
import { BUY, HOLD } from '../../src/core/action.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { prepareMarkets } from '../../src/experiment/prepare.ts';
import { CHECKPOINTS } from '../../src/experiment/run-context.ts';
import { standingOf } from '../../src/experiment/standing.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { validateAgent } from '../../src/experiment/validation.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const config = tinyConfig({ shield: { profile: 'none' } });

/** The market of a test with its close moved by `drift` a bar. */
function withDrift(drift: number): CandleSeries {
  const series = tinyMarket();
  for (const name of ['open', 'high', 'low', 'close'] as const)
    series[name].forEach((price, i) => {
      series[name][i] = price * Math.exp(drift * (i + (name === 'close' ? 1 : 0)));
    });
  return series;
}

const always = (action: 1 | 2) => {
  const decision = { action, probabilities: null, qValues: null };
  return {
    kind: 'always',
    getAction: () => action,
    decide: ({ mask }: { mask: Uint8Array }) => (mask[action] === 1 ? decision : { ...decision, action: HOLD as 2 }),
  };
};

describe('the candidates', () => {
  it('are the agent, doing nothing and holding: each wins where it earns most', () => {
    const judge = (drift: number, action: 1 | 2, updates = 5) => {
      const prepared = prepareMarkets([withDrift(drift)], config);
      return validateAgent(always(action), prepared, config, updates).standing;
    };
    const still = judge(-0.01, HOLD);
    expect(still.best).toBe('flat');
    expect(still.candidates).toMatchObject({ agent: 0, flat: 0 });
    expect(still.gate).toMatchObject({ t: 0, open: false });
    // Holding costs an entry and an exit: drift x bars less about 2 x 0.0015.
    const { split } = prepareMarkets([withDrift(0.01)], config).markets[0];
    const bars = split.validation.to - split.validation.from;
    const held = judge(0.01, HOLD);
    expect(held.best).toBe('buy-and-hold');
    expect(Math.abs(held.candidates['buy-and-hold'] - 0.01 * bars)).toBeLessThan(0.01 * 6 + 1);
    const bought = judge(-0.01, BUY);
    expect(bought.best).toBe('flat');
    expect(bought.candidates.agent).toBeLessThan(-1);
    expect(judge(0.01, BUY).gate.open).toBe(true);
    expect(judge(0.01, BUY, 0).gate.open).toBe(false);
  });

  it('are chosen by the oldest third of the fold, and the gate is judged on the rest', () => {
    const series = tinyMarket();
    const { split } = prepareMarkets([series], config).markets[0];
    const { from, to } = split.validation;
    const cut = from + Math.floor((to - from - 1) / 3);
    /** Holding earns `drift` a bar before the cut or after it. */
    const judge = (early: number, late: number) => {
      const made = tinyMarket();
      const level = (row: number) => Math.exp(early * Math.min(row, cut) + late * Math.max(0, row - cut));
      for (const name of ['open', 'high', 'low', 'close'] as const)
        made[name].forEach((_, row) => {
          made[name][row] = 100 * level(name === 'close' ? row + 1 : row);
        });
      return validateAgent(always(BUY), prepareMarkets([made], config), config, 5);
    };
    const rises = judge(0.01, 0);
    expect(rises.logReturn).toBeGreaterThan(0.005 * (cut - from));
    expect(rises.standing.gate).toMatchObject({ open: false, sums: Math.floor((to - 1 - cut) / 24) });
    // Gains of before the cut are no proof; those behind it are no choice.
    const later = judge(0, 0.01);
    // The bar at the cut may be on either side.
    expect(later.logReturn).toBeLessThan(0.015);
    expect(later.standing.gate.open).toBe(true);
    expect(later.standing.candidates.agent).toBeGreaterThan(0.005 * (to - cut));
  });

  it('are said in plain words', () => {
    const standing: Standing = {
      updates: 0,
      candidates: { agent: -0.74, flat: 0, 'buy-and-hold': 0.05 },
      best: 'buy-and-hold',
      gate: { t: -3.1, bars: 24, sums: 150, needed: 2, open: false },
    };
    expect(describeStanding(standing)).toEqual([
      'NOT TRAINED: no gradient step was made; give it more steps',
      'HOLDING was better than the agent on the validation fold (log return after costs: agent -74.00 %, doing nothing 0.00 %, holding 5.00 %)',
      'gate closed, the agent does nothing until a person says otherwise: t of its validation return is -3.10 over 150 sums of 24 bars, 2 is needed',
    ]);
    expect(mayTrade(standing)).toBe(false);
    expect(mayTrade({ ...standing, gate: { ...standing.gate, open: true } })).toBe(false);
    expect(mayTrade({ ...standing, best: 'agent', gate: { ...standing.gate, open: true } })).toBe(true);
  });
});

describe('a run', () => {
  it('keeps it in the best checkpoint and in the registry', async () => {
    const runContext = tinyRunContext(kernels);
    const { run, best, updates } = await trainRun({ series: [tinyMarket()], config }, runContext);
    const { standing } = openCheckpoint(runContext.files, `${CHECKPOINTS}/${run.name}/best`).description;
    expect(standing).toEqual(best?.standing);
    expect(standing).toEqual(standingOf(run));
    // A rollout of 4 x 64 steps an update.
    expect(updates).toBe(4);
  });

  it('that made no gradient step has an agent that is not called trained', async () => {
    const runContext = tinyRunContext(kernels);
    const short = { ...config, training: { ...config.training, steps: 100 } };
    const { run, updates } = await trainRun({ series: [tinyMarket()], config: short }, runContext);
    expect(updates).toBe(0);
    expect(standingOf(run)).toMatchObject({ updates: 0, gate: { open: false } });
  });

  it('rests in an evaluation while its gate is closed, until a person says otherwise; both are trials', async () => {
    const runContext = tinyRunContext(kernels);
    const series = [tinyMarket()];
    const { run } = await trainRun({ series, config }, runContext);
    const checkpoint = openTiny(run.name, runContext);
    const closed = {
      ...checkpoint,
      standing: { ...checkpoint.standing!, gate: { ...checkpoint.standing!.gate, open: false } },
    };
    const [still] = evaluateRun({ checkpoint: closed, series, config }, runContext);
    expect(still.subject.metrics).toMatchObject({ trades: 0, logReturn: 0, turnover: 0 });
    expect(still.subject.label).toBe('PPO, gate closed');
    expect(still.provenance.validation).toMatch(/gate closed, t /);
    const [forced] = evaluateRun({ checkpoint: closed, series, config, force: true }, runContext);
    const [open] = evaluateRun({ checkpoint: { ...checkpoint, standing: null }, series, config }, runContext);
    expect(forced.subject.metrics).toEqual(open.subject.metrics);
    expect(forced.subject.metrics.trades).toBeGreaterThan(0);
    expect(new Set(run.results().map(({ record }) => record.trial)).size).toBe(3);
  });
});
