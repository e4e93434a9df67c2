import { expect, it } from 'vitest';
import type { Candle } from '../../src/core/candle.ts';
import type { ExchangeError } from '../../src/core/errors.ts';
import { WebSocketClient } from '../../src/exchange/stream.ts';
import type { Fault, FaultKind } from '../../src/rehearsal/faults.ts';
import { SLOW } from '../effort.ts';
import { startMs } from '../rehearsal/world.ts';
import { localVenue, minuteMs } from './local-venue.ts';

const speed = 120;
const bars = 22;
const lastMs = startMs + 199 * minuteMs;

/** Strikes in the middle of the bar `bar` after the start; a window lasts `lasts` bars. */
function during(bar: number, kind: FaultKind, lasts = 0): Fault {
  const fromMs = startMs + (200 + bar + 0.5) * minuteMs;
  return { kind, fromMs, untilMs: lasts === 0 ? Number.POSITIVE_INFINITY : fromMs + lasts * minuteMs, amountMs: 2_000 };
}

const faults: readonly Fault[] = [
  during(1, 'lost-final'),
  during(2, 'garbage-updates'),
  during(3, 'stream-drop'),
  during(5, 'duplicate-updates', 2),
  during(6, 'reordered-updates'),
  during(7, 'mute-stream', 4),
  during(8, 'garbage'),
  during(9, 'server-error'),
  during(13, 'stale-stream', 3),
  during(14, 'rate-limit'),
  during(17, 'lost-final'),
  during(18, 'garbage-updates'),
  during(19, 'stream-drop'),
];

/** Half a second a bar, through ccxt and a real socket. */
async function listen(venue: 'binance' | 'bybit') {
  // Loading ccxt takes a while on a busy machine, and this clock runs fast: load it before the clock starts.
  const warm = await localVenue(venue);
  await warm.connector.connect();
  await warm.close();
  const made = await localVenue(venue, { speed, faults, connector: { keys: null } });
  const heard: Candle[] = [];
  const sources: string[] = [];
  const troubles: ExchangeError[] = [];
  const gaps: number[] = [];
  const stop = new AbortController();
  const client = new WebSocketClient(
    {
      venue: made.connector,
      clock: made.clock,
      symbol: 'BTC/USDT',
      timeframeMs: minuteMs,
      lastTimeMs: lastMs,
      graceMs: 12_000,
      staleMs: 150_000,
      longestPauseMs: 30_000,
    },
    {
      onCandle: (candle, source) => {
        heard.push(candle);
        sources.push(source);
        if (heard.length === bars) stop.abort();
      },
      onGap: (fromMs) => gaps.push(fromMs),
      onTrouble: (error) => troubles.push(error),
    },
  );
  await Promise.race([client.run(stop.signal), made.clock.sleep(3 * bars * minuteMs)]);
  stop.abort();
  await made.close();
  return { venue, made, heard, sources, troubles, gaps, client };
}

it('closed candles over real sockets: each once, in order, right, whatever breaks', SLOW, async () => {
  const results = await Promise.all([listen('binance'), listen('bybit')]);
  for (const { venue, made, heard, sources, gaps, troubles, client } of results) {
    const expected = made.candles
      .slice(200, 200 + bars)
      .map((candle) => (venue === 'binance' ? candle : { ...candle, trades: Number.NaN }));
    expect(heard).toEqual(expected);
    expect(gaps).toEqual([]);
    expect(sources.filter((source) => source === 'stream').length).toBeGreaterThan(0);
    expect(sources.filter((source) => source === 'rest').length).toBeGreaterThan(3);
    expect(client.status.dials).toBeGreaterThan(2);
    const injected = new Set(made.server.faults.injections.map((injection) => injection.kind));
    for (const { kind } of faults) expect(injected).toContain(kind);
    expect(troubles.length).toBeGreaterThan(2);
  }
});
