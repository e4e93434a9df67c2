import type { Candle } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { withPlugged } from '../core/plugged.ts';
import { readCandles } from './answers.ts';

/** A place that has candles and nothing else: it knows no key, no balance and no order. */
export interface CandleVenue {
  /** What `--venue` takes, and the venue under which the candles are kept. */
  readonly name: string;
  /** One line for the help. */
  readonly docs: string;
  /** Most candles in one answer. */
  readonly candlesPerPage: number;
  /**
   * Closed candles with fromMs <= timeMs < toMs, ascending, at most a page, from the first one there is; empty where
   * there is none. What isn't a candle is refused by whoever asked.
   */
  fetchCandles(symbol: string, timeframeMs: number, fromMs: number, toMs: number): Promise<readonly Candle[]>;
}

/** Places beyond ccxt's exchanges. Plugins add to them. */
export const CANDLE_VENUES = withPlugged<readonly CandleVenue[]>('venues', []);

/** As `downloadCandles` asks it. What it answers is checked as any venue's answer is. */
export function openCandleVenue(venue: CandleVenue, clock: Clock) {
  const { name, candlesPerPage } = venue;
  return {
    name,
    capabilities: { candlesPerPage },
    async fetchCandles(symbol: string, timeframeMs: number, fromMs: number, toMs: number): Promise<Candle[]> {
      const candles = await venue.fetchCandles(symbol, timeframeMs, fromMs, toMs);
      const rows = candles.map(({ timeMs, open, high, low, close, volume, trades }) => {
        const row = [timeMs, open, high, low, close, volume];
        return Number.isNaN(trades) ? row : [...row, trades];
      });
      const closedMs = Math.min(toMs, clock.nowMs() - timeframeMs + 1);
      return readCandles(rows, timeframeMs).filter(({ timeMs }) => timeMs >= fromMs && timeMs < closedMs);
    },
    serverTimeMs: () => clock.nowMs(),
    measureClock: async () => 0,
    close: async () => {},
  };
}
