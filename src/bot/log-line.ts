import type { BotEntry } from './entries.ts';

/** One line of JSON for a log; secrets are taken out of every name and text before it is encoded. */
export function formatLogLine(
  level: 'info' | 'warn' | 'error',
  event: string,
  timeMs: number,
  fields: Readonly<Record<string, unknown>>,
  redact: (text: string) => string,
): string {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [redact(name), clean(inner)]));
  };
  return JSON.stringify(clean({ time: new Date(timeMs).toISOString(), level, event, ...fields }));
}

/** What of a journal entry a log repeats: enough to follow, the journal has the rest. */
export function summariseEntry(entry: BotEntry): Record<string, unknown> {
  if (entry.type === 'decision') {
    const { candle, action, shield, order, equity, runtime } = entry.record;
    const [barMs, , , , close] = candle;
    const { dataAgeMs, unresolved } = runtime;
    const { final, state } = shield;
    return { symbol: entry.symbol, barMs, close, action, final, state, order, equity, dataAgeMs, unresolved };
  }
  if (entry.type === 'warm-up') return { symbol: entry.symbol, candles: entry.candles.length };
  if (entry.type === 'checkpoint') return { continues: entry.continues };
  const { type: _, timeMs: __, ...fields } = entry;
  return fields;
}
