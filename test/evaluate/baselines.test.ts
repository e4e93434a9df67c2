import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { Rng } from '../../src/core/rng.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { BASELINES, type BaselineContext, backtestBaseline, findBaseline } from '../../src/evaluate/baselines/index.ts';
import { randomPolicy } from '../../src/evaluate/baselines/random.ts';
import { findLeak } from '../../src/evaluate/leak-check.ts';
import { measure } from '../../src/evaluate/metrics/index.ts';
import type { BaselineCase } from './baseline-cases/baseline-case.ts';
import { randomWalk, seriesOf, tableOf } from './markets.ts';

const BARS = 1500;

function contextOf(seed: number, extra: Partial<BaselineContext> = {}): BaselineContext {
  const series = randomWalk(BARS, seed);
  const account = DEFAULT_ACCOUNT;
  const test = { from: 900, to: BARS };
  const table = tableOf(BARS, (row) => Math.sin(row));
  const policy = randomPolicy('agent', 0.1, 99);
  const reference = backtest({ policy, series, table, account, shield: null, rows: test });
  return { series, table, account, train: { from: 0, to: 800 }, test, reference, seed, ...extra };
}

async function readCase(name: string): Promise<BaselineCase> {
  const found = (await import(`./baseline-cases/${name}.ts`).catch(() => null))?.baselineCase;
  return found ?? expect.unreachable(`test/evaluate/baseline-cases/${name}.ts is missing: see CONTRIBUTING.md`);
}

describe('every baseline', () => {
  it.each(BASELINES.map(({ name }) => name))('%s is deterministic, named, and blind to the future', (name) => {
    const baseline = findBaseline(name);
    const context = contextOf(1);
    const ledger = backtestBaseline(baseline, context);
    expect(ledger.name).toBe(name);
    expect(backtestBaseline(baseline, contextOf(1))).toEqual(ledger);

    // What is matched to the reference may know the whole fold: it is a yardstick, not a strategy.
    if (baseline.needs.includes('reference')) return;
    const cut = 1200;
    const rng = new Rng(5);
    const later = (column: Float64Array) =>
      column.map((value, row) => (row > cut ? value * (0.5 + rng.uniform()) : value));
    const changed = seriesOf(later(context.series.open), later(context.series.close), 0.002);
    const length = cut - 900 + 1;
    expect(backtestBaseline(baseline, { ...context, series: changed }).actions.slice(0, length)).toEqual(
      ledger.actions.slice(0, length),
    );
  });

  it.each(BASELINES.map(({ name }) => name))(
    '%s has numbers from outside or a reason, and does what it says',
    async (name) => {
      const { golden, check } = await readCase(name);
      if ('why' in golden) expect(golden.why.length).toBeGreaterThan(20);
      else {
        expect(existsSync(golden.file)).toBe(true);
        golden.check();
      }
      for (const seed of [1, 2, 3, 6]) {
        const context = contextOf(seed);
        check(backtestBaseline(findBaseline(name), context), context);
      }
    },
  );

  it('says what it lacks', () => {
    const bare = { ...contextOf(1), table: null, train: null, reference: null };
    expect(() => backtestBaseline(findBaseline('logistic'), bare)).toThrow(
      /'logistic' needs features.* and a training/,
    );
    expect(() => backtestBaseline(findBaseline('random'), bare)).toThrow(/needs an agent to match/);
    expect(() => findBaseline('magic')).toThrow(/unknown baseline 'magic'; choose one of buy-and-hold, flat/);
  });
});

describe('holding', () => {
  it('stays out where the agent did', () => {
    const still = contextOf(4);
    const reference = backtestBaseline(findBaseline('flat'), still);
    const matched = backtestBaseline(findBaseline('volatility-matched'), { ...still, reference });
    expect(matched.fills).toHaveLength(0);
  });
});

describe('logistic regression', () => {
  it('earns from a signal in its columns, out of sample, and nothing once the column is shuffled', () => {
    const rng = new Rng(8);
    const signal = Float64Array.from({ length: BARS + 1 }, () => rng.normal());
    const series = randomWalk(BARS, 8, { sigma: 0.005, signal: (row) => 0.006 * signal[row] });
    // Known at the close of a row: what moves the price in the bar after the next open.
    const told = contextOf(8, { series, table: tableOf(BARS, (row) => signal[row + 1]) });
    const shuffled = signal.slice();
    rng.shuffle(shuffled);
    const untold = { ...told, table: tableOf(BARS, (row) => shuffled[row + 1]) };
    const earned = (context: BaselineContext) => measure(backtestBaseline(findBaseline('logistic'), context)).logReturn;
    expect(earned(told)).toBeGreaterThan(0.3);
    expect(earned(untold)).toBeLessThan(0.1);

    // Nothing of the test fold may reach the model: other prices there leave its decisions as they were.
    const everything = (version: CandleSeries, cut: number) => {
      const { policy } = findBaseline('logistic').create({ ...told, series: version });
      const mask = Uint8Array.of(1, 1, 1);
      const ask = (row: number) => policy.decide(row, { values: new Float32Array(), mask }, new Account()).action;
      return Array.from({ length: BARS - cut }, (_, i) => ask(cut + i));
    };
    expect(findLeak(series, [799, 850, 1000], everything)).toBeNull();
    expect(findLeak(series, [400], everything)).not.toBeNull();
  });
});
