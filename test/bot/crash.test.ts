/**
 * A crash at every boundary of a day of 24 bars: before and after each write, sync and send, on a file system that keeps
 * of what was not synced any prefix, or half of a write. The restart ends in the account of the undisturbed day.
 */
import { expect, it } from 'vitest';
import type { BotEntry, DecisionEntry } from '../../src/bot/entries.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { SLOW } from '../effort.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, WARM_UP, type WorldOptions } from './bot-world.ts';

const bars = WARM_UP + 24;

class ProcessDied extends Error {}

function dayOf(options: WorldOptions) {
  const world = createWorld({ bars, calm: true, ...options });
  return { world, clock: world.createClock(world.firstMs), files: new MemoryFileSystem() };
}

const endOf = (world: { endMs: number }) => world.endMs + 20_000;

function read(files: MemoryFileSystem): BotEntry[] {
  const { records, fault } = readRecords(files.read('bots/test/journal.log'));
  expect(fault).toBeNull();
  return readEntries(records, 'test');
}

/** What a day comes to: every action and the account's last state. */
function outcome(files: MemoryFileSystem, engine: { balances(): unknown }) {
  const decisions = read(files).filter((entry) => entry.type === 'decision') as DecisionEntry[];
  const actions = decisions.map(({ record: { candle, action, order } }) => [candle[0], action, order]);
  const { account } = decisions[decisions.length - 1].state.broker as { account: unknown };
  return { actions, account, balances: engine.balances() };
}

async function undisturbed(options: WorldOptions) {
  const { world, clock, files } = dayOf(options);
  const { failure } = await world.live(files, clock, endOf(world), world.createVenue(clock));
  expect(failure).toBeNull();
  return { ...outcome(files, world.engine), operations: files.operations.length };
}

/** The day with a crash after operation `at`, and the disk in state number `state` of those that it can leave. */
async function disturbed(options: WorldOptions, at: number, state: (count: number) => number) {
  const { world, clock, files } = dayOf(options);
  let left = at;
  let disk: MemoryFileSystem | null = null;
  files.onOperation = () => {
    if (--left > 0) return;
    if (disk === null) {
      const states = [...files.crashStates()];
      disk = states[state(states.length)];
    }
    throw new ProcessDied();
  };
  await world.live(files, clock, endOf(world), world.createVenue(clock));
  expect(disk, `operation ${at}`).not.toBeNull();
  const survivor = disk as unknown as MemoryFileSystem;
  const { failure } = await world.live(survivor, clock, endOf(world), world.createVenue(clock));
  expect(failure).toBeNull();
  const ids = world.engine.orders().map((order) => order.clientOrderId);
  expect(new Set(ids).size).toBe(ids.length);
  return outcome(survivor, world.engine);
}

/** For the message of a failure. */
function firstDifference(got: object, expected: object): string {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  return `${a.slice(at - 80, at + 40)} instead of ${b.slice(at - 80, at + 40)}`;
}

it.each([
  ['paper', {}],
  ['live', {}],
  ['live, with a stop on the venue', { overrides: { 'stop-loss': { distance: 0.03 } } }],
] as const)('%s: a crash at every boundary changes nothing', SLOW, async (name, extra) => {
  const options: WorldOptions = {
    kind: name === 'paper' ? 'paper' : 'live',
    seed: 3,
    // This venue lists at once, so that what a crash left open is known before the price moves on.
    venue: { settleMs: 0, requestLifeMs: 5_000 },
    ...extra,
  };
  const { operations, ...expected } = await undisturbed(options);
  expect(expected.actions.length).toBeGreaterThanOrEqual(24);
  const failed: string[] = [];
  for (let at = 1; at <= operations; at++) {
    // Nothing unsynced survives, all of it does, and something between.
    for (const state of [() => 0, (count: number) => count - 1, (count: number) => count >> 1]) {
      const got = await disturbed(options, at, state);
      if (JSON.stringify(got) !== JSON.stringify(expected))
        failed.push(`after operation ${at} of ${operations}`, firstDifference(got, expected));
    }
  }
  expect(failed).toEqual([]);
});
