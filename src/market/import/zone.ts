import { HOUR_MS, MINUTE_MS } from '../calendar.ts';

/** A place's clock against UTC. */
export interface TimeZone {
  readonly name: string;
  /** The one offset in ms; null where it changes with the season. */
  readonly fixedMs: number | null;
  /** What the local clock shows ahead of UTC at a moment in UTC, ms. */
  offsetMs(utcMs: number): number;
}

/** `UTC`, `+02:00` or a name such as `Europe/Berlin`; null for anything else. */
export function timeZone(text: string): TimeZone | null {
  const match = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(text);
  if (match !== null || /^(?:UTC|GMT|Z)$/i.test(text)) {
    const [hours, minutes] = match === null ? [0, 0] : [Number(match[2]), Number(match[3] ?? 0)];
    if (hours > 14 || minutes > 59) return null;
    const fixedMs = (match?.[1] === '-' ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
    return { name: text, fixedMs, offsetMs: () => fixedMs };
  }
  try {
    return namedZone(text);
  } catch {
    return null;
  }
}

/** Clocks change at whole quarters of an hour. */
const QUARTER_MS = 15 * MINUTE_MS;

function namedZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  return {
    ...{ name, fixedMs: null },
    offsetMs(utcMs) {
      const quarter = Math.floor(utcMs / QUARTER_MS);
      let offset = known.get(quarter);
      if (offset === undefined) {
        const shown = format.formatToParts(quarter * QUARTER_MS).find(({ type }) => type === 'timeZoneName')!.value;
        const match = /([+-])(\d{2}):(\d{2})/.exec(shown);
        offset =
          match === null
            ? 0
            : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * HOUR_MS + Number(match[3]) * MINUTE_MS);
        known.set(quarter, offset);
      }
      return offset;
    },
  };
}

/** The moments in UTC at which a zone's clock shows `localMs`, oldest first: none in spring's gap, two in autumn. */
export function utcOf(localMs: number, zone: TimeZone): number[] {
  if (zone.fixedMs !== null) return [localMs - zone.fixedMs];
  const offsets = new Set([-24, 24].map((hours) => zone.offsetMs(localMs + hours * HOUR_MS)));
  return [...offsets]
    .map((offset) => localMs - offset)
    .filter((utcMs) => zone.offsetMs(utcMs) === localMs - utcMs)
    .sort((a, b) => a - b);
}

/** One zone for each rule of summer time that exchanges' users live by, for naming what a file's times look like. */
const SUMMER_TIMES = ['Europe/London', 'Europe/Berlin', 'Europe/Athens', 'America/New_York', 'Australia/Sydney'];

/** Which of the well-known zones skip or repeat the hour that begins at `localMs` on the local clock. */
export function zonesThat(change: 'skip' | 'repeat', localMs: number): string[] {
  return SUMMER_TIMES.filter((name) => utcOf(localMs, namedZone(name)).length === (change === 'skip' ? 0 : 2));
}
