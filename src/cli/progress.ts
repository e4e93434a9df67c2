import { styleText } from 'node:util';

/** `1h02m`, `3m20s`, `12s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds >= 3600)
    return `${Math.floor(seconds / 3600)}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m`;
  if (seconds >= 60) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${seconds}s`;
}

const BLOCKS = 24;

/** `████░░ 34 %  12,000 steps/s  1m20s left`. */
export function progressLine(options: {
  done: number;
  total: number;
  unit: string;
  perSecond: number;
  leftMs: number;
  detail?: string;
}): string {
  const share = options.total === 0 ? 1 : Math.min(1, options.done / options.total);
  const full = Math.round(share * BLOCKS);
  const bar = styleText('green', '█'.repeat(full)) + styleText('dim', '░'.repeat(BLOCKS - full));
  const speed = `${Math.round(options.perSecond).toLocaleString('en-US')} ${options.unit}/s`;
  const left = Number.isFinite(options.leftMs) ? `${formatDuration(options.leftMs)} left` : '';
  return `${bar} ${(100 * share).toFixed(0).padStart(3)} %  ${speed}  ${left}${options.detail ? `  ${options.detail}` : ''}`;
}
