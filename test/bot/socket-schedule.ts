/** One seeded schedule over real sockets: the bot through ccxt, against the rehearsal server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Bot } from '../../src/bot/bot.ts';
import type { BotEntry } from '../../src/bot/entries.ts';
import { Rng } from '../../src/core/rng.ts';
import { ExchangeConnector } from '../../src/exchange/connector.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { AcceleratedClock } from '../../src/rehearsal/accelerated-clock.ts';
import { drawFaults } from '../../src/rehearsal/faults.ts';
import { RehearsalServer } from '../../src/rehearsal/server.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';
import { checkPromises } from './promises.ts';

const SPEED = 30;
const LIVE_BARS = 30;
const QUIET_BARS = 14;
/** On a fast clock the network's milliseconds are seconds: 400 ms, or a running candle passes for closed. */
const GRACE_MS = 400 * SPEED;
/** A signed request can't come later than this, on the fast clock. */
const WINDOW_MS = 60_000;

export const real = {
  nowMs: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> => sleep(ms, undefined, signal ? { signal } : {}),
};

export async function runSocketSchedule(seed: number) {
  const rng = new Rng(seed, 78);
  const bars = WARM_UP + LIVE_BARS;
  const plan = createWorld({ bars });
  const quietMs = plan.endMs - QUIET_BARS * minuteMs;
  const faults = drawFaults(seed, {
    // A venue that fails the bot while it gets up is only a bot that doesn't start.
    startMs: plan.firstMs + 3 * minuteMs,
    endMs: quietMs - 4 * minuteMs,
    count: 4 + rng.integer(12),
    longestMs: 4 * minuteMs,
  });
  const stops = rng.integer(2) === 0;
  const world = createWorld({
    seed,
    bars,
    faults,
    overrides: stops ? { 'stop-loss': { distance: 0.01 } } : {},
    matching: { feeIn: rng.integer(2) === 0 ? 'received' : 'quote' },
  });
  const clock = new AcceleratedClock(real, world.firstMs, SPEED);
  const keys = { key: `test-key-${seed}`, secret: `test-secret-${seed}` };
  const { engine, paths } = world;
  const server = new RehearsalServer({ clock, engine, paths, keys, faults: world.faults, speed: SPEED });
  const localUrl = await server.start();
  const venue = new ExchangeConnector({
    ...{ venue: 'binance', clock, keys, localUrl, timeoutMs: 400, orderWindowMs: WINDOW_MS },
  });
  const files = new MemoryFileSystem();
  const stop = new AbortController();
  const bot = new Bot({
    ...{ kind: 'live', venue, clock, elapsedMs: () => 0, files, folder: 'bots/test', id: 'abcdef01' },
    ...{ timeframeMs: minuteMs, symbols: world.createSymbols(), setup: {}, warmUpBars: WARM_UP - 2 },
    ...{ maxDrawdown: 0, maxDataAgeMs: minuteMs / 2, graceMs: GRACE_MS },
  });
  // The venue's clock may be minutes behind when the last bar closes.
  const timer = clock.sleep(world.endMs + 4 * minuteMs - clock.nowMs(), stop.signal).then(
    () => stop.abort(new Error('the day is over')),
    () => {},
  );
  try {
    await bot.run(stop.signal);
  } finally {
    stop.abort();
    await timer;
    await venue.close();
    await server.stop();
  }
  const { records } = readRecords(files.read('bots/test/journal.log'));
  const entries = records as unknown as BotEntry[];
  const injected: Record<string, number> = {};
  for (const { kind } of world.faults.injections) injected[kind] = (injected[kind] ?? 0) + 1;
  return {
    seed,
    violations: await checkPromises(entries, bot, world, false),
    injected,
    orders: engine.orders().length,
    fills: engine.fills.length,
    decisions: entries.filter((entry) => entry.type === 'decision').length,
    entries,
    keys,
  };
}
