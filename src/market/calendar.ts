export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const WEEK_MS = 7 * DAY_MS;

/** Where the bars of a length open: those of whole weeks on Mondays, all others at multiples of it since 1970, in UTC. */
export function gridOffsetMs(timeframeMs: number): number {
  // 1970 began on a Thursday.
  return timeframeMs % WEEK_MS === 0 ? 4 * DAY_MS : 0;
}

/** How far a time lies behind the open of its bar, in ms; 0 on the grid. */
export function sinceOpenMs(timeMs: number, timeframeMs: number, offsetMs = gridOffsetMs(timeframeMs)): number {
  const since = (timeMs - offsetMs) % timeframeMs;
  return since < 0 ? since + timeframeMs : since;
}
