import { InputError } from '../core/errors.ts';

const names: Readonly<Record<string, number>> = {
  '1s': 1_000,
  '1m': 60_000,
  '3m': 180_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '4h': 14_400_000,
  '6h': 21_600_000,
  '8h': 28_800_000,
  '12h': 43_200_000,
  '1d': 86_400_000,
};

/** '1h' for 3,600,000; throws InputError for lengths that venues don't have. */
export function timeframeName(timeframeMs: number): string {
  const found = Object.entries(names).find(([, ms]) => ms === timeframeMs);
  if (found === undefined)
    throw new InputError(`no venue has candles of ${timeframeMs} ms; take one of ${Object.keys(names).join(', ')}`);
  return found[0];
}
