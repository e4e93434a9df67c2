/** Figures as people read them; the same in the terminal and in the report, whatever the machine's locale. */
import type { MetricUnit } from './metrics/index.ts';

const DAY_MS = 86_400_000;
/** What has no value. */
export const NOTHING = '–';

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

export function formatNumber(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
  const sign = value < 0 && Number(value.toFixed(decimals)) !== 0 ? '-' : '';
  return `${sign}${group(whole)}${fraction === undefined ? '' : `.${fraction}`}`;
}

export function formatShare(value: number): string {
  return `${formatNumber(100 * value, 2)} %`;
}

const FORMATS: Readonly<Record<MetricUnit, (value: number) => string>> = {
  share: formatShare,
  ratio: (value) => formatNumber(value, 2),
  log: (value) => formatNumber(value, 4),
  quote: (value) => formatNumber(value, 2),
  count: (value) => formatNumber(value, 0),
  bars: (value) => formatNumber(value, 1),
  bits: (value) => formatNumber(value, 3),
  'per year': (value) => `${formatNumber(value, 1)} x`,
};

export function formatMetric(value: number | null, unit: MetricUnit): string {
  return value === null ? NOTHING : FORMATS[unit](value);
}

/** 2024-03-05 14:00 (UTC); without the time of day for bars of a day or more. */
export function formatTime(timeMs: number, timeframeMs: number): string {
  const text = new Date(timeMs).toISOString();
  return timeframeMs >= DAY_MS ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

const UNITS = [
  [DAY_MS, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const;

/** 1h, 15m, 1d. */
export function formatTimeframe(timeframeMs: number): string {
  const [unit, letter] = UNITS.find(([size]) => timeframeMs % size === 0) ?? [1, 'ms'];
  return `${timeframeMs / unit}${letter}`;
}
