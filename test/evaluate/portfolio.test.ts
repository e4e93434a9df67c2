/** Several symbols at once: their sum is a sum, the limit halts them together, and a bot on paper does the same. */
import { describe, expect, it } from 'vitest';
import { readEntries } from '../../src/bot/read-entries.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY } from '../../src/core/action.ts';
import { PLAIN } from '../../src/core/agent.ts';
import type { Candle, CandleSeries } from '../../src/core/candle.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { measure } from '../../src/evaluate/metrics/index.ts';
import { agentPolicy, type Policy } from '../../src/evaluate/policy.ts';
import { backtestPortfolio, holdPortfolio } from '../../src/evaluate/portfolio.ts';
import { scaleTable } from '../../src/features/observation.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { allocateSeries } from '../../src/market/series.ts';
import { createShield } from '../../src/shield/index.ts';
import { createWorld, restlessAgent, testFeatures, WARM_UP } from '../bot/bot-world.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { randomWalk, seriesOf } from './markets.ts';

const account = { ...DEFAULT_ACCOUNT, startingEquity: 5000, quantityStep: 0.00001 };
const buys = (): Policy => ({ name: 'buys', decide: () => PLAIN[BUY] });
const market = (series: CandleSeries, policy = buys()) => ({
  ...{ series, policy, table: null, account, shield: null, rows: { from: 0, to: series.length } },
});

describe('a portfolio', () => {
  const series = [1, 2].map((seed) => ({ ...randomWalk(300, seed), symbol: `S${seed}` }));

  it('without a limit is its symbols, each by itself', () => {
    const markets = series.map((one) => market(one));
    const { whole, symbols, halted } = backtestPortfolio(markets, 0);
    const alone = series.map((one) => backtest(market(one)));
    expect(symbols).toEqual(alone);
    expect(halted).toBeNull();
    for (let i = 0; i < 300; i++) expect(whole.equity[i]).toBeCloseTo(alone[0].equity[i] + alone[1].equity[i], 8);
    expect(whole.feesPaid).toBeCloseTo(alone[0].feesPaid + alone[1].feesPaid, 10);
    expect(measure(holdPortfolio(markets).whole).beta).toBeCloseTo(1, 1);
  });

  it('halts all of them at the close at which the sum has lost its share, and sells at the next open', () => {
    // One falls by 1 % a bar, the other stands still: the sum has lost a tenth when the first has lost a fifth.
    const still = Array.from({ length: 60 }, () => 100);
    const falling = Array.from({ length: 60 }, (_, i) => 100 * 0.99 ** i);
    const free = { ...account, feeRate: 0, slippageRate: 0, maxUnits: 1 };
    const markets = [still, falling].map((close, i) => {
      const open = close.map((_, row) => close[Math.max(0, row - 1)]);
      return { ...market({ ...seriesOf(open, close), symbol: `S${i}` }), account: free };
    });
    const { whole, symbols, halted } = backtestPortfolio(markets, 0.1);
    // Bought at the open of bar 1, at 100: after bar n it is worth 5000 x 0.99^n.
    const row = Math.ceil(Math.log(0.8) / Math.log(0.99));
    expect(halted?.timeMs).toBe(markets[0].series.timeMs[row]);
    expect(whole.haltedRow).toBe(row);
    for (const { fills } of symbols)
      expect(fills.map((fill) => [fill.row, Math.sign(fill.quantity)])).toEqual([
        [1, 1],
        [row + 1, -1],
      ]);
    expect(symbols[1].equity[59]).toBeCloseTo(5000 * 0.99 ** row, 1);
    const depth = measure(whole).maxDrawdown ?? 0;
    expect(depth).toBeGreaterThan(0.1);
    expect(depth).toBeLessThan(0.105);
  });

  it('goes by time, whatever bars a symbol lacks', () => {
    const [first, second] = series;
    const late = { ...market(second), rows: { from: 100, to: 250 } };
    const { whole, symbols } = backtestPortfolio([market(first), late], 0);
    expect(whole.bars).toBe(300);
    expect(whole.equity[50]).toBeCloseTo(symbols[0].equity[50] + 5000, 8);
    expect(whole.equity[200]).toBeCloseTo(symbols[0].equity[200] + symbols[1].equity[100], 8);
    expect(whole.equity[299]).toBeCloseTo(symbols[0].equity[299] + symbols[1].equity[149], 8);
  });

  it('refuses a symbol twice', () => {
    expect(() => backtestPortfolio([market(series[0]), market(series[0])], 0)).toThrow('stands here twice');
  });
});

function seriesFrom(symbol: string, candles: readonly Candle[]): CandleSeries {
  const series = allocateSeries({ venue: 'simulated', symbol, timeframeMs: 3_600_000 }, candles.length, {
    trades: true,
    trends: false,
  });
  for (const name of ['timeMs', 'open', 'high', 'low', 'close', 'volume', 'trades'] as const)
    candles.forEach((candle, i) => {
      (series[name] as Float64Array)[i] = candle[name];
    });
  return series;
}

it.each([0.02, 0.03, 0.05])(
  'a bot on paper with a limit of %d halts at the same bar with the same money',
  async (maxDrawdown) => {
    const profile = 'balanced';
    const overrides = { 'stale-data': false } as const;
    const world = createWorld({
      ...{
        kind: 'paper',
        seed: 5,
        bars: WARM_UP + 100,
        timeframeMs: 3_600_000,
        bases: ['BTC', 'ETH'],
        profile,
        overrides,
      },
      account: { startingEquity: 5000 },
      bot: { maxDataAgeMs: 3_600_000, maxDrawdown },
    });
    const files = new MemoryFileSystem();
    const clock = world.createClock(world.firstMs);
    const { failure } = await world.live(files, clock, world.endMs + 1_800_000, world.createVenue(clock));
    expect(failure).toBeNull();
    const entries = readEntries(readRecords(files.read('bots/test/journal.log')).records, 'test');
    const decisions = entries.filter((entry) => entry.type === 'decision');
    const halts = entries.filter((entry) => entry.type === 'halt');
    const markets = [...world.candles].map(([symbol, candles]) => {
      const series = seriesFrom(symbol, candles);
      const own = decisions.filter((entry) => entry.symbol === symbol);
      const from = series.timeMs.indexOf(own[0].record.candle[0]);
      const table = scaleTable(computeFeatures(series, testFeatures.featureSet), testFeatures.scaler, { window: 4 });
      const rows = { from, to: series.length };
      const shield = createShield({ profile, overrides });
      return { own, from, options: { series, table, account, shield, rows, policy: agentPolicy(restlessAgent) } };
    });
    const { symbols, halted } = backtestPortfolio(
      markets.map(({ options }) => options),
      maxDrawdown,
    );
    if (maxDrawdown < 0.04) expect(halted).not.toBeNull();
    expect(halts).toHaveLength(halted === null ? 0 : 1);
    markets.forEach(({ own, from, options }, m) => {
      const haltRow = halted === null ? Number.POSITIVE_INFINITY : options.series.timeMs.indexOf(halted.timeMs) - from;
      own.slice(0, -1).forEach(({ record }, i) => {
        // The bot decides symbol by symbol: the first of a bar is sold by the halt itself, not by its decision.
        if (i !== haltRow)
          expect([record.equity, Number(record.position)], `${options.series.symbol} bar ${i}`).toEqual([
            symbols[m].equity[i],
            symbols[m].position[i],
          ]);
      });
    });
    if (halted !== null) {
      const after = decisions.filter(({ record }) => record.candle[0] > halted.timeMs + 3_600_000);
      expect(after.length).toBeGreaterThan(0);
      for (const { record } of after) expect(Number(record.units)).toBe(0);
    }
  },
);
