import type { Candle, CandleSeries } from '../core/candle.ts';

/**
 * A series as CSV: exact doubles, times in milliseconds, empty cells for what isn't known. Importing it gives the same
 * series, filled marks included (trends are a source of their own and are exported for reading only, as is `parts`:
 * the number of shorter bars in each).
 */
export function* formatCandleCsv(series: CandleSeries, parts: Int32Array | null = null): Generator<string> {
  const { trades, trends, filled } = series;
  const marks = filled.includes(1);
  const header = ['timestamp', 'open', 'high', 'low', 'close', 'volume'];
  if (trades !== null) header.push('trades');
  if (trends !== null) header.push('trends');
  if (marks) header.push('filled');
  if (parts !== null) header.push('parts');
  yield `${header.join(',')}\n`;
  const show = (value: number) => (Number.isNaN(value) ? '' : String(value));
  for (let i = 0; i < series.length; i++) {
    const cells = [series.timeMs, series.open, series.high, series.low, series.close, series.volume].map((column) =>
      show(column[i]),
    );
    if (trades !== null) cells.push(show(trades[i]));
    if (trends !== null) cells.push(show(trends[i]));
    if (marks) cells.push(String(filled[i]));
    if (parts !== null) cells.push(String(parts[i]));
    yield `${cells.join(',')}\n`;
  }
}

/** Candles as the rows of a file, in the order in which they are given. */
export function* formatCandleRows(candles: Iterable<Candle>, trades: boolean): Generator<string> {
  yield `timestamp,open,high,low,close,volume${trades ? ',trades' : ''}\n`;
  for (const { timeMs, open, high, low, close, volume, ...rest } of candles)
    yield `${timeMs},${open},${high},${low},${close},${volume}${trades ? `,${rest.trades}` : ''}\n`;
}
