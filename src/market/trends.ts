import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';

/** One Google Trends score: of the period that begins at `timeMs`, Unix ms UTC. */
export interface Trend {
  readonly timeMs: number;
  readonly periodMs: number;
  readonly value: number;
}

const DAY_MS = 86_400_000;
/** A value is carried forward for at most so many periods after its publication; then there is none. */
const CARRIED_PERIODS = 2;

/** When a score may first be used: one full period and a day after its period began. */
export function publicationMs(trend: Trend): number {
  return trend.timeMs + trend.periodMs + DAY_MS;
}

/**
 * Gives each bar the newest score that was published at its close and isn't older than two periods; NaN where there
 * is none. Nothing is interpolated, so no bar knows of a later score. An empty list gives a series without trends.
 */
export function joinTrends(series: CandleSeries, trends: readonly Trend[]): CandleSeries {
  if (trends.length === 0) return { ...series, trends: null };
  const published = [...trends].sort((a, b) => publicationMs(a) - publicationMs(b) || a.timeMs - b.timeMs);
  const column = new Float64Array(series.length);
  let next = 0;
  let newest: Trend | null = null;
  for (let i = 0; i < series.length; i++) {
    const closeMs = series.timeMs[i] + series.timeframeMs;
    for (; next < published.length && publicationMs(published[next]) <= closeMs; next++)
      if (newest === null || published[next].timeMs >= newest.timeMs) newest = published[next];
    const fresh = newest !== null && closeMs < publicationMs(newest) + CARRIED_PERIODS * newest.periodMs;
    column[i] = fresh ? newest!.value : Number.NaN;
  }
  return { ...series, trends: column };
}

/**
 * Windows that were each scaled to 100 are put on one scale by their overlap. The past stays as it is: the newer
 * window is rescaled by the ratio of the two means over the periods that both have, and only its newer periods count.
 * @returns the newer periods, rescaled.
 * @throws InputError where the windows don't overlap enough to tell the ratio.
 */
export function stitchTrends(older: readonly Trend[], newer: readonly Trend[]): Trend[] {
  if (older.length === 0) return [...newer];
  const known = new Map(older.map((trend) => [trend.timeMs, trend]));
  let [oldSum, newSum, shared] = [0, 0, 0];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const trend of older) lastMs = Math.max(lastMs, trend.timeMs);
  for (const trend of newer) {
    const same = known.get(trend.timeMs);
    if (same === undefined) continue;
    if (same.periodMs !== trend.periodMs && trend.timeMs !== lastMs)
      throw new InputError(
        `the stored trends have periods of ${same.periodMs / DAY_MS} days, the file ${trend.periodMs / DAY_MS} at ${new Date(trend.timeMs).toISOString().slice(0, 10)}; export the same period length`,
      );
    oldSum += same.value;
    newSum += trend.value;
    shared++;
  }
  const added = newer.filter((trend) => trend.timeMs > lastMs);
  if (added.length === 0) return [];
  if (shared < 2 || oldSum === 0 || newSum === 0)
    throw new InputError(
      `the new trends share ${shared} periods with the stored ones (up to ${new Date(lastMs).toISOString().slice(0, 10)}); export a window that overlaps by at least two periods with searches in them`,
    );
  return added.map((trend) => ({ ...trend, value: (trend.value * oldSum) / newSum }));
}
