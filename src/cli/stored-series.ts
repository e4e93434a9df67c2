/** What the data commands share: the flags that name a stored series, and how they speak of one. */
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { requireMarketName } from '../core/symbol.ts';
import type { SeriesKey } from '../market/series.ts';
import type { StoredSeries } from '../market/store.ts';
import type { Options, OptionsOf } from './command.ts';
import { formatTimeframe, parseTimeframe } from './options.ts';

export const SYMBOL = {
  '--symbol <name>': { doc: 'such as BTC/USDT', parse: (text: string) => requireMarketName(text, '--symbol') },
} satisfies Options;
export const VENUE = {
  '--venue <name>': { doc: 'where the candles came from', parse: (text: string) => requireMarketName(text, '--venue') },
} satisfies Options;
export const TIMEFRAME = {
  '--timeframe <length>': { doc: 'bar length: 15m, 1h, 1d', parse: parseTimeframe },
} satisfies Options;
export const REPLACE = { '--replace': { doc: 'overwrite what is stored' } } satisfies Options;

export function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

export function describeKey(series: SeriesKey): { [key: string]: Json } {
  return { venue: series.venue, symbol: series.symbol, timeframeMs: series.timeframeMs };
}

/** The stored series that the flags name; all of them where there are none. */
export function selectSeries(
  rows: readonly StoredSeries[],
  { symbol, venue, timeframe }: OptionsOf<typeof SYMBOL & typeof VENUE & typeof TIMEFRAME>,
): StoredSeries[] {
  const chosen = rows.filter(
    (row) =>
      (symbol === undefined || row.symbol === symbol) &&
      (venue === undefined || row.venue === venue) &&
      (timeframe === undefined || row.timeframeMs === timeframe),
  );
  if (chosen.length > 0) return chosen;
  const wanted = [symbol, venue, timeframe === undefined ? undefined : formatTimeframe(timeframe)];
  throw new InputError(
    `no series of ${wanted.filter((one) => one !== undefined).join(', ') || 'any kind'} is stored; see 'tradernet data list'`,
  );
}
