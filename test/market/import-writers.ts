/**
 * Candle files in every guise, written from a market that the test knows: what a reader gets must be that market. The
 * writers share nothing with the importer.
 */
import type { Rng } from '../../src/core/rng.ts';

const HOUR_MS = 3_600_000;

/** One bar of the truth, as whole numbers of the smallest step: prices / scale, volume / 1000. */
export interface TrueBar {
  readonly timeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly quote: number;
  readonly trades: number;
}

export interface Truth {
  readonly bars: readonly TrueBar[];
  readonly timeframeMs: number;
  readonly decimals: number;
}

/** A market as exchanges have them: opens at or near the close before, quote volume at a price within the bar. */
export function makeTruth(
  rng: Rng,
  options: {
    readonly bars: number;
    readonly timeframeMs: number;
    readonly startMs: number;
    readonly price: number;
    readonly decimals: number;
    /** Chance that an open isn't the close before. */
    readonly gap?: number;
    /** Chance of a bar in which nothing traded. */
    readonly quiet?: number;
  },
): Truth {
  const { bars: count, timeframeMs, startMs, decimals } = options;
  const step = Number(`1e-${decimals}`);
  let ticks = Math.round(options.price / step);
  const move = Math.max(3, Math.round(ticks * 0.01));
  const price = (n: number) => Number((n * step).toFixed(decimals));
  const bars: TrueBar[] = [];
  for (let i = 0; i < count; i++) {
    if (rng.uniform() < (options.gap ?? 0)) ticks = Math.max(1, ticks + rng.integer(3) - 1);
    const open = ticks;
    const quiet = rng.uniform() < (options.quiet ?? 0);
    if (!quiet) ticks = Math.max(move + 2, ticks + rng.integer(2 * move + 1) - move);
    const high = Math.max(open, ticks) + (quiet ? 0 : rng.integer(move));
    const low = Math.max(1, Math.min(open, ticks) - (quiet ? 0 : rng.integer(move)));
    const volume = quiet ? 0 : Math.round(1 + rng.uniform() * 1e5) / 1000;
    const share = rng.uniform();
    bars.push({
      timeMs: startMs + i * timeframeMs,
      ...{ open: price(open), high: price(high), low: price(low), close: price(ticks), volume },
      quote: volume * (price(low) + share * (price(high) - price(low))),
      trades: quiet ? 0 : 1 + Math.floor(volume * (2 + rng.uniform())) + rng.integer(5),
    });
  }
  return { bars, timeframeMs, decimals };
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Ways to write a time; `days` are those that suit bars of a day and more alone. */
export const TIMES: Record<string, (ms: number) => string> = {
  milliseconds: String,
  seconds: (ms) => String(ms / 1000),
  'seconds with .0': (ms) => `${ms / 1000}.0`,
  microseconds: (ms) => `${ms}000`,
  nanoseconds: (ms) => `${ms}000000`,
  ISO: (ms) => new Date(ms).toISOString(),
  'ISO without fraction': (ms) => new Date(ms).toISOString().slice(0, 19),
  'with a space': (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' '),
  pandas: (ms) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}+00:00`,
  'an offset': (ms) => `${new Date(ms + 2 * HOUR_MS).toISOString().slice(0, 19)}+02:00`,
  slashes: (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ').replaceAll('-', '/'),
  MetaTrader: (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ').replaceAll('-', '.'),
  yyyymmddhhmm: (ms) => new Date(ms).toISOString().slice(0, 16).replaceAll(/[-T:]/g, ''),
  yyyymmddhhmmss: (ms) => new Date(ms).toISOString().slice(0, 19).replaceAll(/[-T:]/g, ''),
  'compact ISO': (ms) => `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`,
  '12-hour': (ms) => {
    const hour = new Date(ms).getUTCHours();
    return `${new Date(ms).toISOString().slice(0, 10)} ${pad(hour % 12 === 0 ? 12 : hour % 12)}:${pad(new Date(ms).getUTCMinutes())}:00 ${hour < 12 ? 'AM' : 'PM'}`;
  },
  'day first': (ms) => {
    const date = new Date(ms);
    return `${pad(date.getUTCDate())}/${pad(date.getUTCMonth() + 1)}/${date.getUTCFullYear()} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  },
  'month first': (ms) => {
    const date = new Date(ms);
    return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()} ${date.getUTCHours()}:${pad(date.getUTCMinutes())}`;
  },
  'days of a spreadsheet': (ms) => (ms / 86_400_000 + 25_569).toFixed(8),
  'month by name': (ms) => {
    const date = new Date(ms);
    return `${MONTHS[date.getUTCMonth()]} ${pad(date.getUTCDate())} ${date.getUTCFullYear()} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  },
};
export const DAYS: Record<string, (ms: number) => string> = {
  date: (ms) => new Date(ms).toISOString().slice(0, 10),
  yyyymmdd: (ms) => new Date(ms).toISOString().slice(0, 10).replaceAll('-', ''),
  'Jun 10, 2020': (ms) => {
    const date = new Date(ms);
    return `${MONTHS[date.getUTCMonth()]} ${pad(date.getUTCDate())}, ${date.getUTCFullYear()}`;
  },
  '10-Jun-2020': (ms) => {
    const date = new Date(ms);
    return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
  },
  '10.06.2020': (ms) => {
    const date = new Date(ms);
    return `${pad(date.getUTCDate())}.${pad(date.getUTCMonth() + 1)}.${date.getUTCFullYear()}`;
  },
};

/** A number with all its decimals, in a country's way. */
export function writeNumber(
  value: number,
  decimals: number,
  style: 'point' | 'comma' | 'US' | 'German' | 'French',
): string {
  const fixed = value.toFixed(decimals);
  if (style === 'point') return fixed;
  if (style === 'comma') return fixed.replace('.', ',');
  const [whole, fraction] = fixed.split('.');
  const [group, mark] = { US: [',', '.'], German: ['.', ','], French: ['\u202f', ','] }[style];
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, group);
  return fraction === undefined ? grouped : `${grouped}${mark}${fraction}`;
}

/** Cells to a text; those that hold the delimiter are quoted. */
export function writeTable(rows: readonly (readonly string[])[], delimiter = ','): string {
  const quote = (cell: string) =>
    cell.includes(delimiter) || cell.includes('"') ? `"${cell.replaceAll('"', '""')}"` : cell;
  return `${rows.map((row) => row.map(quote).join(delimiter)).join('\n')}\n`;
}
