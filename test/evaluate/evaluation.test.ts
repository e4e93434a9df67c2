import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import type { Agent } from '../../src/core/agent.ts';
import { PLAIN } from '../../src/core/agent.ts';
import { ablate } from '../../src/evaluate/ablation.ts';
import { renderAblation } from '../../src/evaluate/ablation-text.ts';
import { BASELINES } from '../../src/evaluate/baselines/index.ts';
import { evaluate, evaluateBaseline, evaluatePolicy } from '../../src/evaluate/evaluation.ts';
import { formatNumber, formatTime, formatTimeframe } from '../../src/evaluate/format.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import { renderTable } from '../../src/evaluate/summary-text.ts';
import { formatTable } from '../../src/evaluate/table-text.ts';
import { createShield } from '../../src/shield/shield.ts';
import { HOUR, randomWalk, seriesOf, tableOf } from './markets.ts';

const BARS = 1600;
const series = randomWalk(BARS, 11);
const table = tableOf(BARS, (row) => Math.sin(row / 3), { window: 4, accountFeatures: true });
const split = { train: { from: 0, to: 500 }, test: { from: 600, to: BARS } };
const common = { series, table, split, account: DEFAULT_ACCOUNT, shield: null, seed: 5 };

/** Buys when the newest value of the only column is high, sells when it is low. */
const agent: Agent = {
  kind: 'ppo',
  getAction: (obs) => agent.decide(obs).action,
  decide: (obs) => {
    const newest = obs.values[3 * 5];
    const action = newest > 0.9 ? BUY : newest < -0.9 ? SELL : HOLD;
    return { action, probabilities: [0.1, 0.2, 0.7], qValues: null };
  },
};

describe('an evaluation', () => {
  const evaluation = evaluate({ ...common, agent, provenance: { dataHash: 'abc', kernels: { name: 'wasm' } } });

  it('is plain JSON, the same each time', () => {
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
    expect(evaluate({ ...common, agent, provenance: { dataHash: 'abc', kernels: { name: 'wasm' } } })).toEqual(
      evaluation,
    );
  });

  it('holds the subject, every baseline, the verdict and the returns', () => {
    expect(evaluation.subject).toMatchObject({ name: 'ppo', label: 'PPO' });
    expect(evaluation.baselines.map(({ name }) => name)).toEqual(BASELINES.map(({ name }) => name));
    expect(evaluation.skipped).toEqual([]);
    expect(evaluation.bars).toBe(1000);
    expect(evaluation.returns).toHaveLength(999);
    expect(evaluation.fromMs).toBe(600 * HOUR);
    const growth = evaluation.returns.reduce((product, value) => product * (1 + value), 1);
    expect(growth - 1).toBeCloseTo(evaluation.subject.metrics.cumulativeReturn ?? Number.NaN, 9);
    expect(evaluation.randomRank).toBeGreaterThanOrEqual(0);
    expect(evaluation.subject.drawdown.troughMs).toBeGreaterThan(evaluation.subject.drawdown.peakMs);
  });

  it('ranks the subject among random policies', () => {
    const { close } = series;
    const rank = (right: boolean) => {
      const policy: Policy = {
        name: 'seer',
        decide: (row) => PLAIN[close[row + 1] > close[row] === right ? BUY : SELL],
      };
      return evaluatePolicy({ ...common, policy, label: 'Seer', doc: 'knows' }).randomRank;
    };
    expect(rank(true)).toBe(1);
    expect(rank(false)).toBe(0);
  });

  it('leaves out what it can’t compute, and says so', () => {
    const bare = evaluatePolicy({
      ...common,
      table: null,
      split: { train: null, test: split.test },
      policy: { name: 'idle', decide: () => PLAIN[HOLD] },
      label: 'Idle',
      doc: 'does nothing',
    });
    expect(bare.skipped).toEqual(['logistic']);
    expect(bare.randomRank).toBeNull();
    expect(bare.judgement.verdict).toMatch(/no evidence|worse/);
  });

  it('evaluates a baseline by its name, and refuses those that need an agent', () => {
    const own = evaluateBaseline({ ...common, name: 'buy-and-hold' });
    const beside = evaluation.baselines.find(({ name }) => name === 'buy-and-hold');
    expect(own.subject.metrics).toEqual(beside?.metrics);
    expect(own.baselines.map(({ name }) => name)).not.toContain('buy-and-hold');
    expect(() => evaluateBaseline({ ...common, name: 'random' })).toThrow(/needs an agent/);
  });

  it('prints the verdict first and every metric with its unit', () => {
    const text = renderTable(evaluation);
    expect(text.split('\n')[0]).toBe(`Verdict: ${evaluation.judgement.verdict}`);
    expect(text).toMatch(/Maximum drawdown +\d+\.\d\d %/);
    expect(text).toMatch(/Buy and hold/);
    expect(text).toContain('fee 0.10 %, slippage 0.05 %, each side');
    expect(text).toMatch(/Deflated Sharpe ratio {3}[\d.]+ after 1 trial on this fold/);
    for (const line of text.split('\n')) expect(line).toBe(line.trimEnd());
  });

  it('shows the shield at work', () => {
    const guarded = evaluate({ ...common, agent, shield: createShield({ profile: 'cautious' }) });
    expect(guarded.subject.overridden).toBeGreaterThan(0);
    expect(guarded.subject.verdicts['repeat-limit'].deny).toBeGreaterThan(0);
    expect(renderTable(guarded)).toMatch(/repeat-limit +\d+/);
  });
});

describe('counterfactual ledgers', () => {
  const shield = createShield({ profile: 'cautious' });
  const rules = shield.rules.map(({ rule }) => rule.name);
  const ablation = ablate({
    makePolicy: () => ({ name: 'ppo', decide: (_row, obs) => agent.decide(obs) }),
    series,
    table,
    account: DEFAULT_ACCOUNT,
    rows: split.test,
    rules,
    makeShield: (without) => createShield({ profile: 'cautious', without: without === null ? [] : [without] }),
  });

  it('are one each: whole, none, without each rule, holding, flat', () => {
    expect(ablation.rows.map(({ without }) => without)).toEqual([null, null, ...rules, null, null]);
    expect(ablation.ledgers).toHaveLength(rules.length + 4);
    expect(ablation.rows[0]).toMatchObject({ drawdownAvoided: 0, returnPaid: 0 });
    expect(ablation.ledgers[1].verdicts).toEqual({});
    for (const row of ablation.rows.slice(2, 2 + rules.length))
      expect(ablation.ledgers[ablation.rows.indexOf(row)].verdicts[row.without ?? '']).toBeUndefined();
  });

  it('a rule that never acted changes nothing', () => {
    const idle = ablation.rows.filter(({ acted }) => acted === 0);
    expect(idle.length).toBeGreaterThan(0);
    for (const row of idle.filter(
      ({ without }) => !['stop-loss', 'take-profit', 'trailing-stop'].includes(without ?? ''),
    ))
      expect(row).toMatchObject({ drawdownAvoided: 0, returnPaid: 0 });
    expect(ablation.rows.some(({ acted, returnPaid }) => acted !== null && acted > 0 && returnPaid !== 0)).toBe(true);
  });

  it('count the fills at a rule’s protective levels as its acts', () => {
    const close = Float64Array.from({ length: 400 }, (_, row) => 100 * (1 + 0.15 * Math.sin(row / 9)));
    const falls = seriesOf(close, close, 0.001);
    const make = (without: string | null) =>
      createShield({
        profile: 'spec',
        without: ['smurf', 'repeat-limit', ...(without === null ? [] : [without])].filter(
          (name, i, all) => all.indexOf(name) === i,
        ),
        overrides: { 'stop-loss': {}, 'take-profit': {} },
      });
    const { rows, ledgers } = ablate({
      makePolicy: () => ({ name: 'buy', decide: () => PLAIN[BUY] }),
      series: falls,
      table: null,
      account: DEFAULT_ACCOUNT,
      rows: { from: 0, to: 400 },
      rules: ['stop-loss', 'take-profit', 'repeat-limit'],
      makeShield: make,
    });
    const exits = (reason: string) => ledgers[0].fills.filter((fill) => fill.reason === reason).length;
    const acted = (rule: string) => rows.find(({ without }) => without === rule)?.acted;
    expect(exits('stop')).toBeGreaterThan(2);
    expect(acted('stop-loss')).toBe(exits('stop'));
    expect(acted('take-profit')).toBe(exits('target'));
    expect(acted('repeat-limit')).toBe(0);
    expect(ledgers[2].fills.some(({ reason }) => reason === 'stop')).toBe(false);
  });

  it('are printed as simulated', () => {
    expect(renderAblation(ablation).split('\n')[0]).toMatch(/counterfactual \(simulated\) +return +Sharpe/);
  });
});

describe('text', () => {
  it('aligns columns', () => {
    expect(
      formatTable(
        ['a', { title: 'number' }, { title: 'left', align: 'left' }],
        [
          ['long', '1', 'x'],
          ['b', '22', ''],
        ],
      ),
    ).toBe(['a     number  left', '----  ------  ----', 'long       1  x', 'b         22'].join('\n'));
  });

  it('formats numbers and times without a locale', () => {
    expect(formatNumber(-1234567.891, 2)).toBe('-1,234,567.89');
    expect(formatNumber(-0.001, 2)).toBe('0.00');
    expect(formatTime(1_709_647_200_000, HOUR)).toBe('2024-03-05 14:00');
    expect(formatTime(1_709_647_200_000, 24 * HOUR)).toBe('2024-03-05');
    expect([60_000, 900_000, HOUR, 24 * HOUR].map(formatTimeframe)).toEqual(['1m', '15m', '1h', '1d']);
  });
});
