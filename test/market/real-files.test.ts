/** Real files of three kinds beside the checkout, where they are. */
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { chooseFeatureSet } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { checkSeries } from '../../src/market/check.ts';
import { readCandleCsv } from '../../src/market/import/series.ts';
import { joinTrends } from '../../src/market/trends.ts';
import { readTrendsCsv } from '../../src/market/trends-csv.ts';

const folder = new URL('../../../shared/market-data/', import.meta.url);
const here = existsSync(folder);

function read(name: string, policy: 'refuse' | 'drop' = 'refuse') {
  return readCandleCsv(readFileSync(new URL(name, folder)), {
    name,
    venue: 'real',
    symbol: 'BTC',
    policy,
    nowMs: Date.UTC(2026, 0, 1),
  });
}

describe.skipIf(!here)(here ? 'real files' : 'real files (skipped: no market data beside the checkout)', () => {
  it('five years of hours', () => {
    const { series, problems, gaps } = read('BTCUSDT-binance-1h-2021-2025.csv');
    expect(problems).toEqual([]);
    expect([series.length, gaps.length, gaps.reduce((sum, gap) => sum + gap.bars, 0)]).toEqual([41_577, 7, 14]);
    expect(checkSeries(series)).toMatchObject({ zeroVolume: 2, errors: [] });
    const table = computeFeatures(series, chooseFeatureSet(series).set);
    expect(table.set.name).toBe('tradernet19');
    // Every start and every gap costs a warm-up of 33 bars, or what lies between two gaps.
    const complete = table.complete.reduce((sum, flag) => sum + flag, 0);
    expect(complete).toBe(41_577 - 8 * 33);
    expect(table.data.subarray(33 * 19, 900 * 19).every(Number.isFinite)).toBe(true);
  });

  it.each(['BTCUSDT-binance-1h-2021-2025.csv', 'BTCUSDT-binance-1h-trades-2020-2021.csv'])(
    '%s: every value is what another reader finds',
    (name) => {
      const { series } = read(name);
      const rows = parse(readFileSync(new URL(name, folder)), { from_line: 2 }) as unknown as string[][];
      const keys = ['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const;
      keys.forEach((key, at) => {
        expect(Array.from(series[key]), key).toEqual(rows.map((row) => Number(row[at])));
      });
      if (series.trades !== null) expect(Array.from(series.trades)).toEqual(rows.map((row) => Number(row[6])));
    },
  );

  it('the banner file: every bar that is left is what another reader finds', () => {
    const name = 'raw-Coinbase_BTCUSD_1h.csv';
    const { series } = read(name, 'drop');
    const rows = parse(readFileSync(new URL(name, folder)), { from_line: 3 }) as unknown as string[][];
    const byTime = new Map(
      rows.map((row) => {
        const [, date, hour, half] = /^(\S+) (\d\d)-(AM|PM)$/.exec(row[0])!;
        return [Date.parse(`${date}T00:00:00Z`) + ((Number(hour) % 12) + (half === 'PM' ? 12 : 0)) * 3_600_000, row];
      }),
    );
    for (let i = 0; i < series.length; i++) {
      const bar = [series.open[i], series.high[i], series.low[i], series.close[i], series.volume[i]];
      expect(bar).toEqual(byTime.get(series.timeMs[i])!.slice(2, 7).map(Number));
    }
  });

  it('a year with trade counts', () => {
    const { series, problems, gaps } = read('BTCUSDT-binance-1h-trades-2020-2021.csv');
    expect([series.length, problems.length, gaps.length]).toEqual([8964, 0, 7]);
    expect(chooseFeatureSet(series).set.name).toBe('tradernet20');
  });

  it('a banner, newest first, 12-hour clock, and five hours that repeat others', () => {
    const { series, problems, notes, gaps } = read('raw-Coinbase_BTCUSD_1h.csv', 'drop');
    expect(notes).toContain('the file is newest first');
    expect(problems.map((one) => one.line)).toEqual([
      16900, 16901, 16902, 16903, 16904, 16905, 16906, 16907, 16908, 16909,
    ]);
    expect(series.length).toBe(20_101);
    expect(gaps.map((gap) => gap.bars)).toEqual([10]);
    expect(checkSeries(series)).toMatchObject({ zeroVolume: 28, errors: [] });
  });

  it('trends that change from weeks to days, and end before the candles do', () => {
    const { trends, notes } = readTrendsCsv(readFileSync(new URL('trends/BTC.csv', folder)), 'BTC.csv');
    expect([trends.length, notes.length]).toEqual([489, 1]);
    const { series } = read('BTCUSDT-binance-1h-trades-2020-2021.csv');
    const joined = joinTrends(series, trends);
    expect(joined.trends!.every((value) => value >= 0 && value <= 100)).toBe(true);
    expect(chooseFeatureSet(joined).set.name).toBe('tradernet21');
    const later = joinTrends(read('BTCUSDT-binance-1h-2021-2025.csv').series, trends);
    expect(later.trends!.at(-1)).toBeNaN();
  });
});
