/** A file format and a place to download from. Usage: tradernet data import FILE --source ticks --plugin examples/plugins/own-data.ts */
import { type Candle, type CandleSource, type CandleVenue, definePlugin } from 'tradernet/plugin';

/** Lines `2024-01-31T00:00Z|42000|42100|41900|42050|12.5`. The importer judges the rows as it does those of any file. */
const piped: CandleSource = {
  name: 'ticks',
  docs: 'lines of time|open|high|low|close|volume',
  columns: ['time', 'open', 'high', 'low', 'close', 'volume'],
  *rows(bytes) {
    for (const line of new TextDecoder().decode(bytes).split('\n'))
      if (line.trim() !== '') yield line.trim().split('|');
  },
};

/** A market that only exists here; a real one would fetch. It knows no key, no balance and no order. */
const wave: CandleVenue = {
  name: 'wave',
  docs: 'a made-up market that goes up and down',
  candlesPerPage: 500,
  async fetchCandles(_symbol, timeframeMs, fromMs, toMs) {
    const candles: Candle[] = [];
    const price = (timeMs: number) => 100 + Math.sin(timeMs / 864e5);
    for (let timeMs = fromMs; timeMs < toMs && candles.length < 500; timeMs += timeframeMs) {
      const [open, close] = [price(timeMs), price(timeMs + timeframeMs)];
      const [high, low] = [Math.max(open, close) + 0.1, Math.min(open, close) - 0.1];
      candles.push({ timeMs, open, high, low, close, volume: 5, trades: Number.NaN, trends: Number.NaN });
    }
    return candles;
  },
};

export default definePlugin({ sources: [piped], venues: [wave] });
