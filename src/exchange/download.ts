import { backoffMs } from '../core/backoff.ts';
import type { Candle, CandleSeries } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import type { CandleStore } from '../market/store.ts';
import type { Venue, VenueCapabilities } from './venue.ts';

/** Where downloaded candles go; each page is kept before the next is asked for, so that a stopped download goes on. */
export interface CandleSink {
  /** Open times that are held already, ascending, of [fromMs, toMs). */
  held(fromMs: number, toMs: number): ArrayLike<number>;
  write(candles: readonly Candle[]): void;
}

export interface DownloadOptions {
  /** No key is needed. */
  readonly venue: Pick<Venue, 'name' | 'fetchCandles' | 'serverTimeMs' | 'measureClock'> & {
    readonly capabilities: Pick<VenueCapabilities, 'candlesPerPage'>;
  };
  readonly symbol: string;
  readonly timeframeMs: number;
  /** Candles with fromMs <= timeMs < toMs that are closed. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly sink: CandleSink;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Failures in a row after which it gives up. Default 8. */
  readonly attempts?: number;
}

export interface DownloadProgress {
  readonly candles: number;
  /** Reached so far, of [fromMs, toMs). */
  readonly atMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** What is being waited out, where something failed. */
  readonly waiting: string | null;
}

export interface DownloadReport {
  /** Written by this call, and held before it. */
  readonly written: number;
  readonly heldBefore: number;
  /** Open times of the first and last candle held now; NaN where there is none. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Holes between first and last that the venue has no candles for, asked twice. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number; readonly bars: number }[];
}

const dayMs = 86_400_000;

/**
 * Downloads what the sink lacks, page by page, by its own loop: from the last open time on, since venues and libraries
 * that page for themselves drop history without a word. Only closed, validated candles are written. A failure that can
 * pass is waited out; what was written stays, and a second call asks for the rest alone.
 * @throws InputError where the start isn't before the end; ExchangeError where the venue refuses for good
 */
export async function downloadCandles(options: DownloadOptions): Promise<DownloadReport> {
  const { venue, timeframeMs, sink } = options;
  if (!(options.fromMs < options.toMs)) throw new InputError('download: the start must lie before the end');
  const fromMs = Math.ceil(options.fromMs / timeframeMs) * timeframeMs;
  await withRetries(options, fromMs, 0, () => venue.measureClock());
  // Only closed candles: the last one opened a whole timeframe ago.
  const toMs =
    Math.min(Math.ceil(options.toMs / timeframeMs), Math.floor(venue.serverTimeMs() / timeframeMs)) * timeframeMs;
  const heldBefore = sink.held(fromMs, toMs).length;
  let written = 0;
  for (const pass of ['first', 'again'] as const) {
    for (const stretch of missingStretches(sink.held(fromMs, toMs), fromMs, toMs, timeframeMs)) {
      const leading = stretch.fromMs === fromMs;
      // What lies before the first candle was looked for once.
      if (pass === 'again' && leading && sink.held(fromMs, toMs).length > 0) continue;
      written += await downloadStretch(options, stretch, leading, written);
    }
  }
  const times = sink.held(fromMs, toMs);
  const firstMs = times.length === 0 ? Number.NaN : times[0];
  const lastMs = times.length === 0 ? Number.NaN : times[times.length - 1];
  const gaps = times.length === 0 ? [] : missingStretches(times, firstMs, lastMs, timeframeMs);
  return {
    written,
    heldBefore,
    firstMs,
    lastMs,
    gaps: gaps.map((gap) => ({ ...gap, bars: (gap.toMs - gap.fromMs) / timeframeMs })),
  };
}

async function downloadStretch(
  options: DownloadOptions,
  stretch: { readonly fromMs: number; readonly toMs: number },
  leading: boolean,
  writtenBefore: number,
): Promise<number> {
  const { venue, symbol, timeframeMs, sink, onProgress } = options;
  const pageMs = venue.capabilities.candlesPerPage * timeframeMs;
  let written = 0;
  let atMs = stretch.fromMs;
  let looked = false;
  while (atMs < stretch.toMs) {
    const endMs = Math.min(stretch.toMs, atMs + pageMs);
    const fromMs = atMs;
    const rows = await withRetries(options, atMs, writtenBefore + written, () =>
      venue.fetchCandles(symbol, timeframeMs, fromMs, endMs),
    );
    if (rows.length > 0) {
      sink.write(rows);
      written += rows.length;
      atMs = rows[rows.length - 1].timeMs + timeframeMs;
    } else if (leading && !looked && timeframeMs < dayMs) {
      // The symbol may have been listed years later: days tell where it begins.
      looked = true;
      atMs = Math.max(endMs, await findListing(options, endMs, stretch.toMs));
    } else atMs = endMs;
    onProgress?.({
      candles: writtenBefore + written,
      atMs: Math.min(atMs, stretch.toMs),
      fromMs: options.fromMs,
      toMs: options.toMs,
      waiting: null,
    });
  }
  return written;
}

/** Start of the first day with a candle in [fromMs, toMs); toMs where there is none. */
async function findListing(options: DownloadOptions, fromMs: number, toMs: number): Promise<number> {
  const { venue, symbol } = options;
  const pageMs = venue.capabilities.candlesPerPage * dayMs;
  for (let atMs = Math.floor(fromMs / dayMs) * dayMs; atMs < toMs; atMs += pageMs) {
    const startMs = atMs;
    const [first] = await withRetries(options, fromMs, 0, () =>
      venue.fetchCandles(symbol, dayMs, startMs, startMs + pageMs),
    );
    if (first !== undefined) return first.timeMs;
  }
  // The running day has no closed candle yet.
  return Math.min(toMs, Math.floor(options.venue.serverTimeMs() / dayMs) * dayMs);
}

async function withRetries<T>(
  options: DownloadOptions,
  atMs: number,
  candles: number,
  ask: () => Promise<T>,
): Promise<T> {
  const { clock, signal, attempts = 8, onProgress } = options;
  for (let failures = 0; ; ) {
    signal?.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ExchangeError) || !error.retryable || ++failures >= attempts) throw error;
      const waitMs = Math.max(error.retryAfterMs, backoffMs(failures, 500, 60_000));
      const waiting = `${error.code}, trying again in ${Math.ceil(waitMs / 1000)} s`;
      onProgress?.({ candles, atMs, fromMs: options.fromMs, toMs: options.toMs, waiting });
      await clock.sleep(waitMs, signal);
    }
  }
}

/** Maximal runs of grid times in [fromMs, toMs) that are not among `times` (ascending). */
export function missingStretches(
  times: ArrayLike<number>,
  fromMs: number,
  toMs: number,
  timeframeMs: number,
): { fromMs: number; toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = [];
  let nextMs = fromMs;
  for (let i = 0; i < times.length; i++) {
    if (times[i] > nextMs) stretches.push({ fromMs: nextMs, toMs: times[i] });
    nextMs = times[i] + timeframeMs;
  }
  if (nextMs < toMs) stretches.push({ fromMs: nextMs, toMs });
  return stretches;
}

/** A sink that is the embedded database: a page is one transaction. */
export function storeSink(
  store: Pick<CandleStore, 'load' | 'importSeries'>,
  key: { readonly venue: string; readonly symbol: string; readonly timeframeMs: number },
): CandleSink {
  return {
    held(fromMs, toMs) {
      try {
        return store.load(key.venue, key.symbol, key.timeframeMs, fromMs, toMs).timeMs;
      } catch (error) {
        // Nothing there yet.
        if (error instanceof InputError) return [];
        throw error;
      }
    },
    write: (candles) => void store.importSeries(seriesOf(key, candles)),
  };
}

/** Candles as columns. */
function seriesOf(
  key: { readonly venue: string; readonly symbol: string; readonly timeframeMs: number },
  candles: readonly Candle[],
): CandleSeries {
  const column = (pick: (candle: Candle) => number) => Float64Array.from(candles, pick);
  return {
    ...{ venue: key.venue, symbol: key.symbol, timeframeMs: key.timeframeMs, length: candles.length },
    timeMs: column((candle) => candle.timeMs),
    open: column((candle) => candle.open),
    high: column((candle) => candle.high),
    low: column((candle) => candle.low),
    close: column((candle) => candle.close),
    volume: column((candle) => candle.volume),
    trades: candles.some((candle) => Number.isNaN(candle.trades)) ? null : column((candle) => candle.trades),
    trends: null,
    filled: new Uint8Array(candles.length),
  };
}
