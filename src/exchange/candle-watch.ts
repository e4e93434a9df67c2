import { readCandle } from './answers.ts';
import type { CcxtSession } from './ccxt-session.ts';
import { timeframeName } from './timeframe.ts';
import type { CandleUpdate } from './venue.ts';
import type { VenueRow } from './venues/row.ts';

interface Watcher {
  readonly timeframeMs: number;
  readonly onUpdate: (update: CandleUpdate) => void;
}

/** The streams of running candles. ccxt drops the mark of a candle's last update, so raw messages are read here. */
export class CandleWatch {
  readonly #session: CcxtSession;
  readonly #row: VenueRow;
  /** By the venue's own names of symbol and timeframe. */
  readonly #watchers = new Map<string, Set<Watcher>>();

  constructor(session: CcxtSession, row: VenueRow) {
    this.#session = session;
    this.#row = row;
  }

  /** Until the signal aborts (resolves) or the connection is lost (rejects). */
  async run(
    symbol: string,
    timeframeMs: number,
    onUpdate: (update: CandleUpdate) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#session.market(symbol);
    const { exchange } = this.#session;
    const name = timeframeName(timeframeMs);
    const key = `${exchange.market(symbol).id} ${exchange.timeframes[name] ?? name}`;
    const watchers = this.#watchers.get(key) ?? new Set();
    const watcher: Watcher = { timeframeMs, onUpdate };
    this.#watchers.set(key, watchers.add(watcher));
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener('abort', () => resolve('aborted'), { once: true });
    });
    try {
      while (!signal.aborted) {
        // Where there is no stream, REST decides alone.
        const heard = exchange.has.watchOHLCV === true ? exchange.watchOHLCV(symbol, name) : aborted;
        const rows = await Promise.race([heard, aborted]);
        if (rows === 'aborted') break;
        if (this.#row.readUpdates !== null || !Array.isArray(rows)) continue;
        for (const row of rows) {
          const candle = readCandle(row, timeframeMs);
          if (candle !== null) onUpdate({ candle, closed: null });
        }
      }
    } catch (error) {
      if (!signal.aborted) throw this.#session.sortError(error);
    } finally {
      watchers.delete(watcher);
      // A socket that went silent must not be used again; those of other symbols are dialled anew by their streams.
      if (signal.aborted) await this.#session.close();
    }
  }

  /** A raw message of the stream. */
  hear(message: unknown): void {
    for (const { marketId, timeframeId, closed, row } of this.#row.readUpdates?.(message) ?? []) {
      for (const { timeframeMs, onUpdate } of this.#watchers.get(`${marketId} ${timeframeId}`) ?? []) {
        const candle = readCandle(row, timeframeMs);
        if (candle !== null) onUpdate({ candle, closed });
      }
    }
  }
}
