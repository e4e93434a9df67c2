import type { Candle } from '../core/candle.ts';
import type { PricePath } from './price-path.ts';
import type { VenueWorld } from './venue-world.ts';

/**
 * One subscription to a candle stream: updates of the running candle, its final, and everything that the fault
 * schedule does to them. Ends with 'aborted' by the signal, or 'cut' where the socket is to be closed on the client.
 */
export async function feedCandles(
  world: VenueWorld,
  path: PricePath,
  timeframeMs: number,
  pace: { readonly everyMs: number; readonly delayMs: number },
  listener: { send(candle: Candle, closed: boolean): void; sendGarbage(): void },
  signal: AbortSignal,
): Promise<'aborted' | 'cut'> {
  const { clock, faults } = world;
  world.wake();
  let openMs = Math.floor(world.timeMs / timeframeMs) * timeframeMs;
  let newest: Candle | null = null;
  const send = (atMs: number, closed: boolean) => {
    const candle = path.candleSeen(atMs, timeframeMs, closed ? atMs + timeframeMs : world.timeMs);
    if (candle === null) return;
    newest = candle;
    const twice = faults.active('duplicate-updates', clock.nowMs(), 'stream') !== null;
    for (let i = 0; i < (twice ? 2 : 1); i++) listener.send(candle, closed);
  };
  while (!signal.aborted) {
    const boundaryMs = openMs + timeframeMs + pace.delayMs - world.timeMs;
    try {
      await clock.sleep(Math.max(1, Math.min(pace.everyMs, boundaryMs)), signal);
    } catch {
      break;
    }
    world.wake();
    const nowMs = clock.nowMs();
    if (faults.active('maintenance', nowMs, 'stream') !== null) return 'cut';
    if (faults.strike(['stream-drop'], nowMs, 'stream') !== null) return 'cut';
    if (faults.strike(['garbage-updates'], nowMs, 'stream') !== null) {
      listener.sendGarbage();
      continue;
    }
    const mute = faults.active('mute-stream', nowMs, 'stream') !== null;
    const stale = faults.active('stale-stream', nowMs, 'stream') !== null;
    if (stale && newest !== null) listener.send(newest, false);
    let delayed = Number.NaN;
    for (; openMs + timeframeMs + pace.delayMs <= world.timeMs; openMs += timeframeMs) {
      if (mute || stale || faults.strike(['lost-final'], nowMs, 'stream') !== null) continue;
      if (faults.strike(['reordered-updates'], nowMs, 'stream') !== null) delayed = openMs;
      else send(openMs, true);
    }
    if (mute || stale) continue;
    send(openMs, false);
    if (!Number.isNaN(delayed)) send(delayed, true);
  }
  return 'aborted';
}
