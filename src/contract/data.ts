import { CANDLE_VENUES } from '../exchange/candle-venue.ts';
import { CANDLE_SOURCES } from '../market/import/candle-source.ts';
import { complaints } from './world.ts';

/** What its files hold is judged at each import. */
export function checkSource(name: string): string[] {
  return complaints((complain) => {
    const columns = CANDLE_SOURCES.find((one) => one.name === name)?.columns ?? [];
    for (const needed of ['time', 'open', 'high', 'low', 'close', 'volume'])
      if (!columns.includes(needed)) complain(`has no column ${needed}`);
  });
}

/** What it answers is judged at each download. */
export function checkVenue(name: string): string[] {
  return complaints((complain) => {
    const candlesPerPage = CANDLE_VENUES.find((one) => one.name === name)?.candlesPerPage ?? 0;
    if (!(Number.isInteger(candlesPerPage) && candlesPerPage > 0)) complain('says not how many candles are in a page');
  });
}
