/** One seeded schedule over real sockets: the bot through ccxt, against the rehearsal server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Bot } from '../../src/bot/bot.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { Rng } from '../../src/core/rng.ts';
import { ExchangeConnector } from '../../src/exchange/connector.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { AcceleratedClock } from '../../src/rehearsal/accelerated-clock.ts';
import { drawFaults, type FaultKind, faultKinds } from '../../src/rehearsal/faults.ts';
import { RehearsalServer } from '../../src/rehearsal/server.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';
import { checkPromises } from './promises.ts';

const SPEED = 30;
/** On a fast clock the network's milliseconds are seconds: 400 ms, or a running candle passes for closed. */
const GRACE_MS = 400 * SPEED;
/** A signed request can't come later than this, on the fast clock. */
const WINDOW_MS = 60_000;

export const real = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> => sleep(ms, undefined, signal ? { signal } : {}),
};

export interface SocketScheduleOptions {
  readonly liveBars: number;
  /** Bars at the end without faults, in which everything must come right. */
  readonly quietBars: number;
  /** The venue's clock may be minutes behind when the last bar closes. */
  readonly tailBars: number;
  readonly longestMs: number;
  readonly kinds?: readonly FaultKind[];
}

const WHOLE: SocketScheduleOptions = { liveBars: 30, quietBars: 14, tailBars: 4, longestMs: 4 * minuteMs };
const quickKinds = (Object.keys(faultKinds) as FaultKind[]).filter(
  (kind) => !['clock-skew', 'ban', 'maintenance', 'revoked-key'].includes(kind),
);
/** Half a minute, for every run of the tests: without the faults that take long to get over. */
export const QUICK: SocketScheduleOptions = {
  ...{ liveBars: 13, quietBars: 7, tailBars: 1, longestMs: minuteMs, kinds: quickKinds },
};

export async function runSocketSchedule(seed: number, options: SocketScheduleOptions = WHOLE) {
  const { liveBars, quietBars, tailBars, longestMs, kinds } = options;
  const rng = new Rng(seed, 78);
  const bars = WARM_UP + liveBars;
  const plan = createWorld({ bars });
  const faults = drawFaults(seed, {
    // A venue that fails the bot while it gets up is only a bot that doesn't start.
    startMs: plan.firstMs + 2 * minuteMs,
    endMs: plan.endMs - quietBars * minuteMs - longestMs,
    count: 4 + rng.integer(12),
    longestMs,
    ...(kinds === undefined ? {} : { kinds }),
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
    ...{ kind: 'live', venue, clock, elapsedMs: () => 0, files, folder: 'bots/test', id: 'abcdef01', runId: 'run0' },
    ...{ timeframeMs: minuteMs, symbols: world.createSymbols(), setup: {}, warmUpBars: WARM_UP - 2 },
    ...{ maxDrawdown: 0, maxDataAgeMs: minuteMs / 2, graceMs: GRACE_MS },
  });
  const timer = clock.sleep(world.endMs + tailBars * minuteMs - clock.nowMs(), stop.signal).then(
    () => stop.abort(new Error('the day is over')),
    () => {},
  );
  const read = () => readEntries(readRecords(files.read('bots/test/journal.log')).records, 'test');
  let violations: string[] = [];
  try {
    await bot.run(stop.signal);
    // At once: closing takes its time, and on this clock a venue that is silent for seconds is in doubt.
    const broken = await checkPromises(read(), bot, world, false);
    // A machine that stalls for seconds makes the venue silent: a stated safe state, in which nothing is opened.
    violations = broken.filter((one) => !one.endsWith('the venue does not answer'));
  } finally {
    stop.abort();
    await timer;
    await venue.close();
    await server.stop();
  }
  const entries = read();
  const injected: Record<string, number> = {};
  for (const { kind } of world.faults.injections) injected[kind] = (injected[kind] ?? 0) + 1;
  return {
    seed,
    violations,
    injected,
    orders: engine.orders().length,
    fills: engine.fills.length,
    decisions: entries.filter((entry) => entry.type === 'decision').length,
    entries,
    keys,
  };
}
