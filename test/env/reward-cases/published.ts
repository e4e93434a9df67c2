/** The published system's tables of rewards, as its own code computed them. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { expect } from 'vitest';
import { BUY, HOLD, SELL } from '../../../src/core/action.ts';
import type { CandleSeries } from '../../../src/core/candle.ts';
import type { Reward } from '../../../src/env/rewards/reward.ts';
import { HOUR_MS } from '../made-market.ts';
import type { Episode, RewardCase } from './reward-case.ts';

function readColumns(file: string): Record<string, Float64Array> {
  const text = readFileSync(new URL(`../../fixtures/ta/${file}`, import.meta.url), 'utf8');
  const [names, ...rows] = parse(text) as string[][];
  return Object.fromEntries(names.map((name, c) => [name, Float64Array.from(rows, (row) => Number(row[c]))]));
}

function readSeries(name: string): CandleSeries {
  const { open_time_ms: timeMs, open, high, low, close, volume, trades } = readColumns(`${name}_input.csv`);
  const length = timeMs.length;
  return {
    ...{ venue: 'golden', symbol: name, timeframeMs: HOUR_MS, length, timeMs, open, high, low, close, volume, trades },
    ...{ trends: null, filled: new Uint8Array(length) },
  };
}

/** A fee of 0.7 % in the reference; slippage has no part in it. */
const COSTS = { feeRate: 0.007, slippageRate: 0.5 };

function checkTables(exit: 'market' | 'limit', reward: Reward): void {
  if (reward.kind !== 'table') throw new Error('not a property of the bar');
  for (const name of ['synthetic_a', 'synthetic_b']) {
    const golden = readColumns(`${name}_reward_${exit}.csv`);
    const table = reward.table(readSeries(name), COSTS);
    expect(golden.buy.length).toBe(1469);
    const cost = Math.log((1 - COSTS.feeRate) / (1 + COSTS.feeRate));
    // The reference adds the cost in float32.
    const inFloat32 = (value: number) => Math.fround(Math.fround(value - cost) + Math.fround(cost));
    for (let j = 0; j < golden.buy.length; j++) {
      // Row j decides at the last row of its window of 12.
      const at = (j + 11) * 3;
      const [buy, sell] = [inFloat32(table[at + BUY]), inFloat32(table[at + SELL])];
      expect([buy, sell, Math.min(0, -Math.max(buy, sell))]).toEqual([golden.buy[j], golden.sell[j], golden.hold[j]]);
      expect(table[at + HOLD]).toBeCloseTo(golden.hold[j], 8);
    }
    // The next row's horizon ends with the data: 20 bars after the decision are missing there.
    expect(table[(golden.buy.length + 11) * 3]).toBeNaN();
  }
}

/** The best exit of the next 20 bars, by sorting them. */
function bestExit(exit: 'market' | 'limit', { series, account, rows, actions }: Episode): number[] {
  const { close, high, low } = series;
  return rows.map((row, i) => {
    const rising = (values: Float64Array) => values.slice(row + 1, row + 21).sort();
    const cost = Math.log(1 - account.feeRate) - Math.log(1 + account.feeRate);
    const buy = Math.log(rising(exit === 'market' ? close : high)[19]) - Math.log(close[row]) + cost;
    const sell = Math.log(close[row]) - Math.log(rising(exit === 'market' ? close : low)[0]) + cost;
    return actions[i] === BUY ? buy : actions[i] === SELL ? sell : Math.min(0, -buy, -sell);
  });
}

export const publishedCase = (exit: 'market' | 'limit'): RewardCase => ({
  golden: { file: `test/fixtures/ta/synthetic_a_reward_${exit}.csv`, check: (reward) => checkTables(exit, reward) },
  expected: (episode) => bestExit(exit, episode),
});
