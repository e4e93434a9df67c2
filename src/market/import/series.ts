import type { CandleSeries } from '../../core/candle.ts';
import { allocateSeries } from '../series.ts';
import { type CandleFile, type ImportOptions, inspectCandles } from './candles.ts';
import { textTable } from './rows.ts';
import { bytesSource } from './source.ts';

/** A file's bars as a series, oldest first. */
export function loadSeries(file: CandleFile): CandleSeries {
  const { venue, symbol, timeframeMs, bars } = file;
  const series = allocateSeries({ venue, symbol, timeframeMs }, bars, { trades: file.trades, trends: false });
  const { timeMs, open, high, low, close, volume, trades, filled } = series;
  let i = 0;
  for (const bar of file.read()) {
    timeMs[i] = bar.timeMs;
    open[i] = bar.open;
    high[i] = bar.high;
    low[i] = bar.low;
    close[i] = bar.close;
    volume[i] = bar.volume;
    if (trades !== null) trades[i] = bar.trades;
    filled[i] = bar.filled ? 1 : 0;
    i++;
  }
  const order = Uint32Array.from({ length: bars }, (_, at) => at).sort((a, b) => timeMs[a] - timeMs[b]);
  for (const column of [timeMs, open, high, low, close, volume, trades, filled]) {
    if (column === null) continue;
    const copy = column.slice();
    order.forEach((from, to) => {
      column[to] = copy[from];
    });
  }
  return series;
}

/**
 * A CSV text of candles, understood as a whole: see `inspectCandles`.
 * @throws InputError where no series can be made of it.
 */
export function readCandleCsv(
  bytes: Uint8Array,
  options: ImportOptions & { readonly name: string },
): CandleFile & { readonly series: CandleSeries } {
  const file = inspectCandles(textTable(bytesSource(bytes, options.name)), options);
  return { ...file, series: loadSeries(file) };
}
