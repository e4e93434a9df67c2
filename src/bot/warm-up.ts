import type { Candle } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { Venue } from '../exchange/venue.ts';
import type { RealTimeRow } from '../features/realtime.ts';
import { encodeCandle, type WarmUpEntry } from './entries.ts';
import type { Trader } from './trader.ts';

/**
 * The bars before the first decision, from REST. Returns them as an entry, so that a replay has them too.
 * @throws InputError where they leave the agent without a whole window
 */
export async function warmUp(
  trader: Trader,
  venue: Venue,
  timeframeMs: number,
  bars: number,
  nowMs: () => number,
): Promise<WarmUpEntry> {
  const { symbol } = trader;
  const endMs = Math.floor(venue.serverTimeMs() / timeframeMs) * timeframeMs;
  const candles: Candle[] = [];
  for (let fromMs = endMs - bars * timeframeMs; fromMs < endMs; ) {
    const page = await venue.fetchCandles(symbol, timeframeMs, fromMs, endMs);
    if (page.length === 0) break;
    candles.push(...page);
    fromMs = page[page.length - 1].timeMs + timeframeMs;
  }
  if (candles.length === 0)
    throw new InputError(`${symbol}: the venue has no candles of ${timeframeMs} ms before now; try another symbol`);
  let bar: RealTimeRow | null = null;
  for (const candle of candles) bar = trader.warmUp(candle);
  if (bar?.decidable !== true) throw notDecidable(symbol, candles.length, bar, trader.maker.features.columns);
  return { type: 'warm-up', timeMs: nowMs(), symbol, candles: candles.map(encodeCandle) };
}

/** Said at the start, because a bot that can never decide would hold for ever without a word. */
function notDecidable(
  symbol: string,
  candles: number,
  bar: RealTimeRow | null,
  columns: readonly string[],
): InputError {
  const unknown = columns.filter((_, i) => bar !== null && Number.isNaN(bar.row[i]));
  const why =
    unknown.length > 0 ? `which leave ${unknown.join(', ')} unknown` : 'which fill no whole window without a gap';
  return new InputError(
    `${symbol}: the venue gave ${candles} candles, ${why}; use a checkpoint whose columns it can fill, or a larger bot.warmUpBars`,
  );
}
