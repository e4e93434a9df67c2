import { InputError } from '../core/errors.ts';
import { requireMarketName } from '../core/symbol.ts';
import { PRESET_NAMES } from '../experiment/presets.ts';
import { PROFILES } from '../shield/rule.ts';
import type { Options } from './command.ts';

/** Parsers of flag values. Each says what was given and what would be right. */

export function parseInteger(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', '').replaceAll(',', ''));
    if (!Number.isInteger(value) || value < minimum || value > maximum)
      throw new InputError(`'${text}' is not a whole number from ${minimum} to ${maximum}`);
    return value;
  };
}

export function parseNumber(minimum = -Infinity, maximum = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < minimum || value > maximum)
      throw new InputError(`'${text}' is not a number from ${minimum} to ${maximum}`);
    return value;
  };
}

export function parseChoice<const T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if (!choices.includes(text as T)) throw new InputError(`'${text}' is none of ${choices.join(', ')}`);
    return text as T;
  };
}

export function parseList(text: string): readonly string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new InputError(`'${text}' names nothing; give names separated by commas`);
  return items;
}

/** @throws InputError for what no market is named */
export function parseSymbols(text: string): readonly string[] {
  return parseList(text).map((name) => requireMarketName(name, '--symbol'));
}

/** `2024-01-31`, an ISO time or Unix milliseconds, as Unix milliseconds UTC. */
export function parseTime(text: string): number {
  if (/^\d{12,14}$/.test(text)) return Number(text);
  const iso = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  const time = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(iso) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(time)) throw new InputError(`'${text}' is not a time; write 2024-01-31 or 2024-01-31T12:00:00Z`);
  return time;
}

const TIMEFRAME_UNITS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

/**
 * `1h`, `15m`, `1d` as milliseconds.
 * @throws InputError where it is not a whole number, at least 1, and one of s, m, h, d, w
 * @example
 * parseTimeframe('4h'); // => 14_400_000
 */
export function parseTimeframe(text: string): number {
  const match = /^(\d+)([smhdw])$/.exec(text);
  if (match === null || Number(match[1]) === 0)
    throw new InputError(`'${text}' is not a timeframe; write 15m, 1h or 1d`);
  return Number(match[1]) * TIMEFRAME_UNITS[match[2]];
}

export function formatTimeframe(timeframeMs: number): string {
  for (const unit of ['w', 'd', 'h', 'm', 's']) {
    const count = timeframeMs / TIMEFRAME_UNITS[unit];
    if (Number.isInteger(count)) return `${count}${unit}`;
  }
  return `${timeframeMs}ms`;
}

/** Flags that several commands share, written once. */
export const OPTIONS = {
  venue: { '--venue <name>': { doc: 'where the candles came from', config: 'market.venue' } },
  symbol: { '--symbol <names>': { doc: 'symbol, or several separated by commas', parse: parseSymbols } },
  timeframe: { '--timeframe <length>': { doc: 'bar length: 15m, 1h, 1d', config: 'market.timeframe' } },
  preset: {
    '--preset <name>': {
      doc: `${PRESET_NAMES.join(', ')}: a set of numbers; --set overrides it`,
      choices: PRESET_NAMES,
      config: 'preset',
    },
  },
  seed: { '--seed <n>': { doc: 'the same seed gives the same bytes', parse: parseInteger(0), config: 'seed' } },
  testFrom: { '--test-from <date>': { doc: 'first day of the test fold', config: 'split.testFrom' } },
  checkpoint: { '--checkpoint <run>': { doc: "a run (its best), RUN/last, or a checkpoint's folder" } },
  shield: {
    '--shield <profile>': { doc: PROFILES.join(', '), choices: PROFILES, config: 'shield.profile' },
  },
  fold: {
    '--fold <name>': { doc: 'test or validation', choices: ['test', 'validation'], default: 'test' },
  },
  supervisor: { '--supervisor <run>': { doc: 'the agent behind the rule smurf' } },
} as const satisfies Record<string, Options>;
