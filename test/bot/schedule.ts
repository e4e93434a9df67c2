/** One seeded schedule of faults, crashes and halts, and what must hold after it. The soak runs thousands. */
import type { Bot } from '../../src/bot/bot.ts';
import { writeHalt } from '../../src/bot/halt-file.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { Rng } from '../../src/core/rng.ts';
import { readParts } from '../../src/journal/parts.ts';
import { drawFaults } from '../../src/rehearsal/faults.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';
import { checkPromises } from './promises.ts';

export interface ScheduleResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly injected: Readonly<Record<string, number>>;
  readonly orders: number;
  readonly fills: number;
  readonly decisions: number;
  readonly crashes: number;
  readonly halted: boolean;
}

/** Bars after the last fault in which everything must have come right. */
const QUIET_BARS = 14;
const LIVE_BARS = 44;
/** The venue's clock may be minutes behind when the last bar closes. */
const SETTLE_MS = 5 * minuteMs;

class ProcessDied extends Error {}

/** A random state of the disk after a crash. */
function crash(files: MemoryFileSystem, rng: Rng): MemoryFileSystem {
  const states = [...files.crashStates()];
  return states[rng.integer(states.length)];
}

export async function runSchedule(seed: number): Promise<ScheduleResult> {
  const rng = new Rng(seed, 77);
  const bases = rng.integer(3) === 0 ? ['BTC', 'ETH'] : ['BTC'];
  const stops = rng.integer(2) === 0;
  const bars = WARM_UP + LIVE_BARS;
  const plan = createWorld({ bars });
  const faultEndMs = plan.endMs - QUIET_BARS * minuteMs;
  const faults = drawFaults(seed, {
    startMs: plan.firstMs,
    endMs: faultEndMs - 6 * minuteMs,
    count: rng.integer(30),
    longestMs: 6 * minuteMs,
  });
  const world = createWorld({
    seed,
    bars,
    bases,
    faults,
    overrides: stops ? { 'stop-loss': { distance: 0.01 }, 'take-profit': { distance: 0.02 } } : {},
    matching: { feeIn: rng.integer(2) === 0 ? 'received' : 'quote' },
    // Every second journal is in parts.
    ...(seed % 2 === 0 ? {} : { bot: { partBytes: 40_000 } }),
    venue: { closedFlag: rng.integer(3) > 0, onExchangeStop: rng.integer(3) > 0 },
  });
  const crashes = rng.integer(3);
  const haltMs = rng.integer(4) === 0 ? plan.firstMs + rng.integer(faultEndMs - plan.firstMs) : Number.NaN;

  let files = new MemoryFileSystem();
  const clock = world.createClock(world.firstMs);
  // The venue's client dies with the process, the venue doesn't.
  let venue = world.createVenue(clock);
  let bot: Bot | null = null;
  let died = 0;
  let halted = false;
  for (let life = 0; life <= crashes; life++) {
    if (life < crashes) {
      let left = 20 + rng.integer(150);
      let disk: MemoryFileSystem | null = null;
      const dying = files;
      dying.onOperation = () => {
        if (--left > 0) return;
        disk ??= crash(dying, rng);
        throw new ProcessDied();
      };
      const ended = await world.live(files, clock, faultEndMs, venue, haltMs);
      if (ended.failure !== null && disk === null) throw ended.failure;
      halted ||= ended.halted;
      files.onOperation = null;
      if (disk !== null) {
        files = disk;
        died++;
        await clock.advanceTo(clock.nowMs() + 1 + rng.integer(90_000));
        venue = world.createVenue(clock);
        if (!halted && haltMs <= clock.nowMs()) {
          // The person found no running bot, or one that died of it, and left the order beside the journal.
          writeHalt(files, 'bots/test', { by: 'test', reason: 'a person said so', timeMs: clock.nowMs() });
          halted = true;
        }
      }
    } else {
      const ended = await world.live(files, clock, world.endMs + SETTLE_MS, venue, haltMs);
      if (ended.failure !== null) throw ended.failure;
      halted ||= ended.halted;
      bot = ended.bot;
    }
  }
  const log = readParts(files, 'bots/test/journal.log');
  const entries = readEntries(log.records, 'test');
  const violations = log.fault === null ? [] : [`journal: ${log.fault.reason}`];
  violations.push(...(await checkPromises(entries, bot as Bot, world, halted)));
  const injected: Record<string, number> = {};
  for (const { kind } of world.faults.injections) injected[kind] = (injected[kind] ?? 0) + 1;
  return {
    seed,
    violations,
    injected,
    orders: world.engine.orders().length,
    fills: world.engine.fills.length,
    decisions: entries.filter((entry) => entry.type === 'decision').length,
    crashes: died,
    halted,
  };
}
