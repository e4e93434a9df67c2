import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import type { Observation } from '../../src/core/agent.ts';
import { PLAIN } from '../../src/core/agent.ts';
import { Rng } from '../../src/core/rng.ts';
import type { DecisionFacts, Shield, ShieldDecision } from '../../src/core/shield.ts';
import { countGapBars } from '../../src/decision/facts.ts';
import { type BacktestOptions, backtest } from '../../src/evaluate/backtest.ts';
import { coinFlipPolicy, randomPolicy } from '../../src/evaluate/baselines/random.ts';
import { delayPolicy, type Policy } from '../../src/evaluate/policy.ts';
import { randomWalk, seriesOf, tableOf } from './markets.ts';

function script(actions: readonly Action[]): Policy {
  return { name: 'script', decide: (row) => PLAIN[actions[row] ?? HOLD] };
}

/** Always the same action; `look` is shown what it is asked with. */
function spy(action: Action, look: (row: number, obs: Observation) => void): Policy {
  return {
    name: 'spy',
    decide: (row, obs) => {
      look(row, obs);
      return PLAIN[action];
    },
  };
}

/** A layer that lets everything pass but what the test says. */
function layer(overrides: Partial<Shield>): Shield {
  return {
    decide: (decision): ShieldDecision => ({
      requested: decision.action,
      final: decision.action,
      state: 'ACTIVE',
      flatten: false,
      verdicts: [],
    }),
    levels: () => ({ stop: Number.NaN, target: Number.NaN }),
    reset: () => {},
    saveState: () => null,
    restoreState: () => {},
    ...overrides,
  };
}

const account = { ...DEFAULT_ACCOUNT, maxUnits: 1 };
const base = { table: null, account, shield: null };

describe('a backtest', () => {
  const series = seriesOf([100, 101, 105, 99, 98], [100, 104, 106, 97, 96]);
  const rows = { from: 0, to: 5 };

  it('fills at the next open, marks at closes and closes at the end, costs included', () => {
    const ledger = backtest({ ...base, policy: script([BUY, HOLD, SELL, BUY]), series, rows });
    // By hand: a unit is the equity at the decision over close (1 + slippage) (1 + fee), trimmed at the fill to cash.
    const quantity = 10_000 / (101 * 1.0005 * 1.001);
    const sold = quantity * 99 * 0.9995 * 0.999;
    const again = sold / (97 * 1.0005 * 1.001);
    const second = again * 98 * 1.0005 * 1.001 > sold ? sold / (98 * 1.0005 * 1.001) : again;
    const left = sold - second * 98 * 1.0005 * 1.001;
    const expected = [10_000, quantity * 104, quantity * 106, sold, left + second * 96 * 0.9995 * 0.999];
    expected.forEach((value, i) => {
      expect(ledger.equity[i]).toBeCloseTo(value, 6);
    });
    expect(ledger.trades.map(({ side, entryRow, exitRow, exit }) => [side, entryRow, exitRow, exit])).toEqual([
      ['long', 1, 3, 'signal'],
      ['long', 4, 4, 'end'],
    ]);
    expect(ledger.trades[0].entryPrice).toBeCloseTo(101 * 1.0005, 10);
    expect(ledger.trades[0].exitPrice).toBeCloseTo(99 * 0.9995, 10);
    expect(ledger.trades[0].profit).toBeCloseTo(sold - 10_000, 6);
    expect([...ledger.actions]).toEqual([BUY, HOLD, SELL, BUY, HOLD]);
    expect([...ledger.decided]).toEqual([1, 1, 1, 1, 0]);
  });

  it('walks only the rows it was given', () => {
    const asked: number[] = [];
    const policy = spy(HOLD, (row) => asked.push(row));
    const ledger = backtest({ ...base, policy, series, rows: { from: 1, to: 4 } });
    expect(asked).toEqual([1, 2]);
    expect(ledger.bars).toBe(3);
    expect([...ledger.close]).toEqual([104, 106, 97]);
  });

  it('holds, and says so, where the window is incomplete', () => {
    const table = tableOf(5, (row) => row);
    table.decidable[2] = 0;
    const windows: number[][] = [];
    const policy = spy(BUY, (_row, obs) => windows.push([...obs.values]));
    const ledger = backtest({ ...base, policy, series, table, rows });
    expect([...ledger.decided]).toEqual([0, 1, 0, 1, 0]);
    expect(ledger.actions[2]).toBe(HOLD);
    expect(windows).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('shows the account in the observation and in the mask', () => {
    const table = tableOf(5, () => 0.5, { window: 1, accountFeatures: true });
    const seen: number[][] = [];
    const policy = spy(BUY, (_row, obs) => seen.push([obs.values[1], obs.values[3], ...obs.mask]));
    backtest({ ...base, policy, series, table, rows });
    expect(seen[0]).toEqual([0, 0, 0, 1, 1]);
    expect(seen[1]).toEqual([1, 1, 1, 0, 1]);
  });

  it('refuses rows that are not there and a table of another series', () => {
    const policy = script([]);
    expect(() => backtest({ ...base, policy, series, rows: { from: 3, to: 9 } })).toThrow(/rows 3 to 9 of TEST/);
    expect(() => backtest({ ...base, policy, series, rows: { from: 3, to: 4 } })).toThrow(/at least 2 bars/);
    expect(() => backtest({ ...base, policy, series, table: tableOf(4, () => 0), rows })).toThrow(/4 rows/);
  });

  it('ends with a liquidation, and stays ended', () => {
    const crash = seriesOf([100, 100, 150, 210, 100, 100], [100, 100, 200, 220, 100, 100]);
    const margin = { ...account, mode: 'margin' as const };
    const policy: Policy = { name: 'short', decide: (_row, obs) => PLAIN[obs.mask[SELL] === 1 ? SELL : HOLD] };
    const ledger = backtest({ ...base, account: margin, policy, series: crash, rows: { from: 0, to: 6 } });
    expect(ledger.endedRow).toBe(2);
    expect(ledger.trades).toHaveLength(1);
    expect(ledger.trades[0]).toMatchObject({ side: 'short', exit: 'liquidation' });
    expect([...ledger.decided]).toEqual([1, 1, 0, 0, 0, 0]);
    expect(ledger.equity[5]).toBe(ledger.equity[2]);
  });
});

describe('a backtest behind a shield', () => {
  const series = seriesOf([100, 100, 100, 95, 90, 90], [100, 100, 96, 94, 90, 90]);
  const rows = { from: 0, to: 6 };
  const always: Policy = { name: 'always', decide: () => PLAIN[BUY] };

  it('records denials, halts and who flattened', () => {
    const shield = layer({
      decide: (decision, facts) => {
        const halted = facts.close < 97;
        return {
          requested: decision.action,
          final: halted ? HOLD : decision.action,
          state: halted ? 'HALTED' : 'ACTIVE',
          flatten: halted && facts.position !== 0,
          verdicts: [
            { rule: 'floor', verdict: halted ? { kind: 'halt', code: 'low', numbers: {} } : { kind: 'allow' } },
          ],
        };
      },
    });
    const ledger = backtest({ ...base, policy: always, series, shield, rows });
    expect(ledger.haltedRow).toBe(2);
    expect(ledger.verdicts.floor).toEqual({ allow: 2, deny: 0, 'reduce-only': 0, halt: 3 });
    expect(ledger.overridden).toBe(3);
    expect(ledger.trades.map(({ entryRow, exitRow, exit }) => [entryRow, exitRow, exit])).toEqual([[1, 3, 'flatten']]);
    expect([...ledger.requested].slice(0, 5)).toEqual([BUY, BUY, BUY, BUY, BUY]);
    expect([...ledger.actions].slice(2, 5)).toEqual([HOLD, HOLD, HOLD]);
  });

  it('honours protective levels from the very bar of the fill', () => {
    const levels: Shield['levels'] = ({ entryPrice }) => ({ stop: entryPrice * 0.97, target: Number.NaN });
    const shield = layer({ levels });
    const ledger = backtest({ ...base, policy: script([BUY]), series, shield, rows });
    const stop = 100 * 1.0005 * 0.97;
    expect(ledger.trades).toHaveLength(1);
    expect(ledger.trades[0]).toMatchObject({ exit: 'stop', exitRow: 2 });
    expect(ledger.trades[0].exitPrice).toBeCloseTo(stop * 0.9995, 9);
  });

  it('asks it on every bar, with the facts of that close and nothing later', () => {
    const facts: DecisionFacts[] = [];
    const shield = layer({
      decide: (decision, seen) => {
        facts.push(seen);
        return { requested: decision.action, final: decision.action, state: 'ACTIVE', flatten: false, verdicts: [] };
      },
    });
    const gappy = { ...series, timeMs: series.timeMs.map((time, row) => (row >= 3 ? time + 2 * 3_600_000 : time)) };
    const windows: number[][] = [];
    const table = tableOf(6, (row) => row + 1);
    table.decidable[3] = 0;
    const policy = spy(BUY, (_row, obs) => windows.push([...obs.values]));
    backtest({
      ...base,
      policy,
      series: gappy,
      table,
      shield: {
        ...shield,
        decide: (decision, seen) => {
          windows.push([...seen.values]);
          return shield.decide(decision, seen);
        },
      },
      rows,
    });
    expect(windows.slice(0, 3)).toEqual([
      [0, 0],
      [1, 2],
      [1, 2],
    ]);
    // Nothing stale where there is no window.
    expect(windows[5]).toEqual([0, 0]);
    expect(facts.map((fact) => fact.close)).toEqual([100, 100, 96, 94, 90]);
    expect(facts.map((fact) => fact.gapBars)).toEqual([0, 0, 0, 2, 0]);
    expect(facts.map((fact) => fact.timeMs - 3_600_000)).toEqual([...gappy.timeMs].slice(0, 5));
    expect(facts[2].units).toBe(1);
    expect(facts[2].lastSlippage).toBe(account.slippageRate);
    expect(facts[0].lastSlippage).toBeNaN();
    expect(facts[2].equity).toBeCloseTo(facts[2].cash + facts[2].position * 96, 9);
    // A whole unit at this close costs the whole equity.
    expect(facts[0].unitQuote).toBeCloseTo(10_000, 6);
  });

  it('counts the bars that are missing in the window', () => {
    const times = Float64Array.of(0, 1, 2, 5, 6, 7, 8);
    expect([0, 1, 2, 3, 4, 5, 6].map((row) => countGapBars(times, row, 1, 3))).toEqual([0, 0, 0, 2, 2, 0, 0]);
    expect([2, 3, 4].map((row) => countGapBars(times, row, 1, 1))).toEqual([0, 2, 0]);
    expect(countGapBars(times, 4, 1, 3, 3)).toBe(0);
  });

  it('starts with a layer that remembers nothing', () => {
    const resets: unknown[] = [];
    backtest({ ...base, policy: always, series, shield: layer({ reset: (options) => resets.push(options) }), rows });
    expect(resets).toEqual([{ person: true }]);
  });
});

describe('properties of a backtest', () => {
  const run = (seed: number, extra: Partial<BacktestOptions> = {}) => {
    const series = randomWalk(400, seed);
    const mode = seed % 2 === 0 ? ('spot' as const) : ('margin' as const);
    return backtest({
      ...base,
      account: { ...DEFAULT_ACCOUNT, mode },
      policy: randomPolicy('random', 0.4, seed),
      series,
      rows: { from: 20, to: 400 },
      ...extra,
    });
  };

  it('the profits of its trades are the change of equity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { trades, equity, startingEquity, fills, endedRow, turnover } = run(seed);
        const profit = trades.reduce((sum, trade) => sum + trade.profit, 0);
        expect(profit).toBeCloseTo(equity[equity.length - 1] - startingEquity, 5);
        expect(endedRow).toBeNull();
        expect(fills.reduce((sum, fill) => sum + fill.quantity, 0)).toBeCloseTo(0, 9);
        expect(fills.reduce((sum, { quantity, price }) => sum + Math.abs(quantity) * price, 0)).toBeCloseTo(
          turnover,
          5,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('is the same twice', () => {
    expect(run(5)).toEqual(run(5));
  });

  it('nothing before a bar changes when what comes after it does', () => {
    for (let seed = 0; seed < 10; seed++) {
      const rng = new Rng(seed);
      const cut = 50 + rng.integer(300);
      const series = randomWalk(400, seed);
      const scale = (column: Float64Array) =>
        column.map((value, row) => (row > cut ? value * (1 + rng.uniform()) : value));
      const close = scale(series.close);
      const open = scale(series.open);
      const changed = seriesOf(open, close, 0.002);
      const before = run(seed);
      const after = run(seed, { series: changed });
      const length = cut - 20 + 1;
      for (const name of ['equity', 'actions', 'position'] as const)
        expect(after[name].slice(0, length)).toEqual(before[name].slice(0, length));
      expect(after.equity.at(-1)).not.toBe(before.equity.at(-1));
    }
  });

  it('a delayed policy does the same, later', () => {
    const ledger = run(8, { policy: delayPolicy(coinFlipPolicy(3), 2) });
    const prompt = run(8, { policy: coinFlipPolicy(3) });
    expect([...ledger.actions.slice(0, 2)]).toEqual([HOLD, HOLD]);
    expect(ledger.actions.slice(2, 379)).toEqual(prompt.actions.slice(0, 377));
  });
});
