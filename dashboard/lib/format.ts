/** Figures as the page shows them: the program's own formatter, with a true minus and narrow spaces. */
import { formatNumber, formatTimeframe, NOTHING } from '../../src/evaluate/format.ts';

export { formatTimeframe, NOTHING };

export function number(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
  return formatNumber(value, decimals).replace('-', '−');
}

/** With its sign; exactly zero has none. */
export function signed(value: number | null | undefined, decimals = 2): string {
  const text = number(value, decimals);
  return value != null && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function share(value: number | null | undefined, decimals = 2): string {
  return value == null || Number.isNaN(value) ? NOTHING : `${number(100 * value, decimals)}\u202f%`;
}

export function signedShare(value: number | null | undefined, decimals = 2): string {
  return value == null || Number.isNaN(value) ? NOTHING : `${signed(100 * value, decimals)}\u202f%`;
}

/** The class of a figure that is good or bad. */
export function tone(value: number | null | undefined): 'gain' | 'loss' | '' {
  return value == null || value === 0 ? '' : value > 0 ? 'gain' : 'loss';
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;

/** 2026-03-15 06:00, UTC; the day alone for bars of a day and longer. */
export function time(ms: number, timeframeMs = 0): string {
  const text = new Date(ms).toISOString();
  return timeframeMs >= DAY_MS ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** For lists: Today 11:42, Yesterday 22:08, 25 Nov 20:12, 2024-11-25. UTC. */
export function when(ms: number, nowMs: number): string {
  const date = new Date(ms);
  const days = Math.floor(nowMs / DAY_MS) - Math.floor(ms / DAY_MS);
  const clock = date.toISOString().slice(11, 16);
  if (days === 0) return `Today ${clock}`;
  if (days === 1) return `Yesterday ${clock}`;
  if (date.getUTCFullYear() !== new Date(nowMs).getUTCFullYear()) return date.toISOString().slice(0, 10);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${clock}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [DAY_MS, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** 56 min 39 s: two units at most. */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  const at = UNITS.findIndex(([size]) => ms >= size);
  if (at < 0) return '0 s';
  const [size, unit] = UNITS[at];
  const next = UNITS[at + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[0]);
  return `${Math.floor(ms / size)} ${unit}${rest === 0 ? '' : ` ${rest} ${next[1]}`}`;
}
