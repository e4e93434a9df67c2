import { binance } from './binance.ts';
import { bitget } from './bitget.ts';
import { bybit } from './bybit.ts';
import { coinbase } from './coinbase.ts';
import { gate } from './gate.ts';
import { kraken } from './kraken.ts';
import { kucoin } from './kucoin.ts';
import { okx } from './okx.ts';
import type { VenueRow } from './row.ts';
import { unknownVenue } from './unknown.ts';

/** Every venue of which more is known than that ccxt has it; a new one is a file and a line. */
export const venueRows: readonly VenueRow[] = [binance, bybit, kraken, okx, coinbase, kucoin, bitget, gate];

/** The venue's row; for others one that assumes little. */
export function venueRow(name: string): VenueRow {
  return venueRows.find((row) => row.name === name) ?? unknownVenue(name);
}
