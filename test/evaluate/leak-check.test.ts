/** Each detector on honest work, and on a deliberate liar. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import { PLAIN } from '../../src/core/agent.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { smaCrossPolicy } from '../../src/evaluate/baselines/sma-cross.ts';
import { findLeak, findPolicyLeak, rewriteFuture, testDelay } from '../../src/evaluate/leak-check.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import { scaleTable } from '../../src/features/observation.ts';
import { fitScaler, scalerToJson } from '../../src/features/scaler.ts';
import { featureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { randomWalk } from './markets.ts';

const BARS = 700;
const CUTS = [250, 400, 601];
const rows = { from: 220, to: BARS };
const { series, truth } = synthesize({ bars: BARS, seed: 3, signal: 0.3 });
const set = featureSet('tradernet21');

/** Decides on the close this many bars ahead. */
function peekPolicy({ close }: CandleSeries, ahead: number): Policy {
  return { name: 'peeks', decide: (row) => PLAIN[close[row + ahead] > close[row] ? BUY : SELL] };
}

describe('rewriting the future', () => {
  it('keeps the past to the bit and changes everything else, into valid candles', () => {
    for (const direction of [1, -1] as const) {
      const changed = rewriteFuture(series, 300, direction);
      expect(Math.sign(changed.close[301] - changed.close[300])).toBe(direction);
      for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) {
        expect(changed[name].slice(0, 301)).toEqual(series[name].slice(0, 301));
        for (let row = 301; row < BARS; row++) expect(changed[name][row]).not.toBe(series[name][row]);
      }
      for (let row = 301; row < BARS; row++) {
        expect(changed.high[row]).toBeGreaterThanOrEqual(Math.max(changed.open[row], changed.close[row]));
        expect(changed.low[row]).toBeLessThanOrEqual(Math.min(changed.open[row], changed.close[row]));
      }
    }
  });
});

describe('a policy', () => {
  it('that looks back is clean, through the whole backtest', () => {
    const honest = (version: CandleSeries) => ({ policy: smaCrossPolicy(version, 5, 20), table: null });
    expect(findPolicyLeak(series, rows, CUTS, honest, DEFAULT_ACCOUNT)).toBeNull();
  });

  it('on features and a scaler of its past is clean', () => {
    const honest = (version: CandleSeries) => {
      const features = computeFeatures(version, set);
      const table = scaleTable(features, fitScaler(features, 0, 200, 'min-max'));
      const last = (table.window - 1) * table.width;
      const policy: Policy = { name: 'x', decide: (_row, obs) => PLAIN[obs.values[last] > 0.5 ? BUY : SELL] };
      return { policy, table };
    };
    expect(findPolicyLeak(series, rows, CUTS, honest, DEFAULT_ACCOUNT)).toBeNull();
  });

  it('that peeks one bar is caught', () => {
    const liar = (version: CandleSeries) => ({ policy: peekPolicy(version, 1), table: null });
    expect(findPolicyLeak(series, rows, CUTS, liar, DEFAULT_ACCOUNT)).toMatchObject({ cut: 250 });
  });

  it('that has seen the whole range of prices is caught', () => {
    const liar = (version: CandleSeries) => {
      const top = version.close.reduce((most, close) => Math.max(most, close));
      const policy: Policy = { name: 'top', decide: (row) => PLAIN[version.close[row] < 0.9 * top ? BUY : SELL] };
      return { policy, table: null };
    };
    expect(findPolicyLeak(series, rows, CUTS, liar, DEFAULT_ACCOUNT)).not.toBeNull();
  });
});

describe('a scaler', () => {
  const fitted = (to: (cut: number) => number) => (version: CandleSeries, cut: number) => {
    const { shift, factor } = scalerToJson(fitScaler(computeFeatures(version, set), 0, to(cut), 'min-max')) as {
      shift: number[];
      factor: number[];
    };
    return [...shift, ...factor];
  };

  it('fitted on the training fold is clean', () => {
    expect(
      findLeak(
        series,
        CUTS,
        fitted((cut) => cut + 1),
      ),
    ).toBeNull();
  });

  it('that saw the test set is caught, were it by a single bar', () => {
    expect(
      findLeak(
        series,
        CUTS,
        fitted(() => BARS),
      ),
    ).not.toBeNull();
    expect(
      findLeak(
        series,
        CUTS,
        fitted((cut) => cut + 2),
      ),
    ).not.toBeNull();
  });
});

describe('one bar of delay', () => {
  const test = (makePolicy: () => Policy, market = series) =>
    testDelay({
      makePolicy,
      series: market,
      table: null,
      account: DEFAULT_ACCOUNT,
      rows: { from: 220, to: market.length },
    });

  it('fades an edge that persists', () => {
    const signal = (): Policy => ({
      name: 'signal',
      decide: (row) => PLAIN[truth.expectedLogReturn[row] > 0 ? BUY : SELL],
    });
    const { sharpes, kept, collapses } = test(signal);
    expect(collapses).toBe(false);
    expect(kept).toBeGreaterThan(0.4);
    expect(sharpes[1]).toBeLessThan(sharpes[0] ?? 0);
    expect(sharpes[2]).toBeLessThan(sharpes[1] ?? 0);
  });

  it('leaves nothing of a peek', () => {
    const walk = randomWalk(BARS, 4);
    expect(test(() => peekPolicy(walk, 1), walk).collapses).toBe(true);
  });

  it('says nothing where there was nothing to lose', () => {
    const walk = randomWalk(BARS, 5);
    expect(test(() => smaCrossPolicy(walk, 5, 20), walk)).toMatchObject({ kept: null, collapses: false });
    expect(test(() => ({ name: 'idle', decide: () => PLAIN[HOLD] })).sharpes).toEqual([null, null, null]);
  });
});
