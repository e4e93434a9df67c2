/** Any market in any guise: what comes out is the market bit by bit, or a refusal whose advice leads there. */
import { describe, expect, it } from 'vitest';
import type { CandleSeries } from '../../src/core/candle.ts';
import { InputError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import type { ImportOptions } from '../../src/market/import/candles.ts';
import { readCandleCsv } from '../../src/market/import/series.ts';
import { adviceIn } from './import-advice.ts';
import { DAYS, makeTruth, TIMES, type TrueBar, type Truth, writeNumber, writeTable } from './import-writers.ts';

const NAMES: Record<string, readonly string[]> = {
  time: ['timestamp', 'date', 'Open time', 'unix', 'time', 'Date'],
  open: ['open', 'Open', 'o', 'Open Price'],
  high: ['high', 'High', 'h', 'HIGH'],
  low: ['low', 'Low', 'l'],
  close: ['close', 'Close', 'c', 'Close Price', 'Price'],
  volume: ['volume', 'Volume', 'Volume BTC', 'vol', 'baseVolume'],
  quote: ['quote_volume', 'Volume USDT', 'turnover', 'Quote asset volume'],
  trades: ['trades', 'tradecount', 'Number of trades', 'count'],
  end: ['Close time'],
  mean: ['vwap'],
  ignore: ['ignore'],
  symbol: ['symbol'],
};

/** Orders of columns: most exchanges', KuCoin's, Coinbase's, Binance's, Gate.io's, Kraken's and odder ones. */
const ORDERS = [
  'time open high low close volume',
  'time open high low close volume trades',
  'time open high low close volume quote',
  'time open close high low volume quote',
  'time low high open close volume',
  'time open high low close volume end quote trades ignore',
  'time open high low close volume end',
  'time quote close high low open volume',
  'time open high low close mean volume trades',
  'time close high low open volume',
  'symbol time open high low close volume quote',
].map((order) => order.split(' '));

interface Guise {
  readonly truth: Truth;
  readonly order: readonly string[];
  readonly text: string;
  readonly label: string;
}

function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.integer(list.length)];
}

function makeGuise(seed: number): Guise {
  const rng = new Rng(seed, 3);
  const timeframeMs = pick(rng, [60e3, 900e3, 3600e3, 14_400e3, 86_400e3, 604_800e3]);
  const decimals = pick(rng, [0, 1, 2, 2, 3, 4, 8]);
  const scale = Number(`1e${decimals}`);
  const price = pick(
    rng,
    [0.02, 0.6, 5, 45, 300, 1500, 30_000, 65_000].filter((one) => one * scale >= 200 && one * scale <= 1e9),
  );
  // Weeks begin on Mondays.
  const startMs =
    timeframeMs === 604_800e3 ? Date.UTC(2021, 0, 4) : Date.UTC(2021, rng.integer(12), 1 + rng.integer(25));
  const truth = makeTruth(rng, {
    ...{ bars: 30 + rng.integer(150), timeframeMs, startMs, price, decimals },
    ...{ gap: pick(rng, [0, 0, 0.1, 0.5]), quiet: pick(rng, [0, 0, 0.1, 0.4]) },
  });
  const times = { ...TIMES, ...(timeframeMs >= 86_400e3 ? DAYS : {}) };
  const timeName = pick(rng, Object.keys(times));
  const style = pick(rng, ['point', 'point', 'point', 'comma', 'US', 'German', 'French'] as const);
  const delimiter = pick(rng, [',', ',', ';', '\t', '|']);
  const order = pick(rng, ORDERS);
  const [header, newestFirst, trailing, mark] = [0.6, 0.3, 0.15, 0.2].map((chance) => rng.uniform() < chance);
  const volumeDecimals = pick(rng, [3, 8]);
  const write = (name: string, bar: TrueBar): string => {
    if (name === 'time') return times[timeName](bar.timeMs);
    if (name === 'end') return String(bar.timeMs + timeframeMs - 1);
    if (name === 'ignore') return '0';
    if (name === 'symbol') return 'BTCUSDT';
    if (name === 'trades') return String(bar.trades);
    if (name === 'volume') return writeNumber(bar.volume, volumeDecimals, style);
    if (name === 'quote') return writeNumber(bar.quote, 4, style);
    if (name === 'mean')
      return writeNumber(Math.min(bar.high, Math.max(bar.low, (bar.high + bar.low) / 2)), decimals, style);
    return writeNumber(bar[name as 'open'], decimals, style);
  };
  const rows = truth.bars.map((bar) => order.map((name) => write(name, bar)));
  if (newestFirst) rows.reverse();
  if (header) rows.unshift(order.map((name) => pick(rng, NAMES[name])));
  if (trailing) for (const row of rows) row.push('');
  const label = `seed ${seed}: ${order.join(' ')}, ${timeName}, ${style}, '${delimiter}', ${header ? 'header' : 'no header'}`;
  return { truth, order, text: (mark ? '\ufeff' : '') + writeTable(rows, delimiter), label };
}

function differenceFrom({ truth, order }: Guise, series: CandleSeries): string | null {
  if (series.length !== truth.bars.length) return `${series.length} bars of ${truth.bars.length}`;
  if (series.timeframeMs !== truth.timeframeMs) return `bars of ${series.timeframeMs} ms`;
  for (const [i, bar] of truth.bars.entries()) {
    for (const key of ['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const)
      if (series[key][i] !== bar[key]) return `${key} ${series[key][i]} for ${bar[key]}`;
    if (series.trades !== null && (!order.includes('trades') || series.trades[i] !== bar.trades))
      return `trades ${series.trades[i]} for ${bar.trades}`;
  }
  return null;
}

describe('a market in any guise', () => {
  const options = { name: 'file.csv', venue: 'test', symbol: 'X', nowMs: Date.UTC(2026, 0, 1) };
  const seeds = process.env.TRADERNET_TEST_ALL === '1' ? 1500 : 150;

  it(`is read as it is, or refused with advice that leads there (${seeds} files)`, () => {
    const refused: string[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const guise = makeGuise(seed);
      const bytes = new TextEncoder().encode(guise.text);
      const read = (advice: Partial<ImportOptions>) => readCandleCsv(bytes, { ...options, ...advice });
      try {
        const { series, problems } = read({});
        expect(problems, guise.label).toEqual([]);
        expect(differenceFrom(guise, series), guise.label).toBeNull();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        refused.push(error.message);
        const single = adviceIn(error.message);
        // Two questions need two flags.
        const ways = [...single, ...single.flatMap((one) => single.map((two) => ({ ...one, ...two })))];
        expect(ways.length, `${guise.label}: ${error.message}`).toBeGreaterThan(0);
        const right = ways.filter((advice) => {
          try {
            return differenceFrom(guise, read(advice).series) === null;
          } catch {
            return false;
          }
        });
        expect(right.length, `${guise.label}: ${error.message}`).toBeGreaterThan(0);
      }
    }
    // Whoever refuses everything is never wrong.
    expect(refused.length).toBeLessThan(0.05 * seeds);
  }, 120_000);
});
