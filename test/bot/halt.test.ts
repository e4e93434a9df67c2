/** A halt closes everything and ends nothing, whoever looks on. */
import { describe, expect, it } from 'vitest';
import type { BotEntry } from '../../src/bot/entries.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { HOLD } from '../../src/core/action.ts';
import type { Agent } from '../../src/core/agent.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, restlessAgent, WARM_UP, type WorldOptions } from './bot-world.ts';

const holding: Agent = {
  kind: 'holding',
  getAction: () => HOLD,
  decide: () => ({ action: HOLD, probabilities: [0, 0, 1], qValues: null }),
};

/** The first symbol never trades, the second one always does; a person halts them in the middle. */
async function haltInTheMiddle(bot: WorldOptions['bot'] = {}) {
  const options: WorldOptions = { bases: ['BTC', 'ETH'], bars: WARM_UP + 30, seed: 3, kind: 'live' };
  const symbols = createWorld(options)
    .createSymbols()
    .map((setup, i) => ({ ...setup, agent: i === 0 ? holding : restlessAgent }));
  const world = createWorld({ ...options, bot: { symbols, ...bot } });
  const files = new MemoryFileSystem();
  const clock = world.createClock(world.firstMs);
  const haltMs = world.firstMs + 15 * minuteMs + 20_000;
  const life = await world.live(files, clock, world.endMs - minuteMs, world.createVenue(clock), haltMs);
  const journal = readEntries(readRecords(files.read('bots/test/journal.log')).records, 'test');
  return { life, journal };
}

const records = (journal: readonly BotEntry[]) =>
  journal.filter((entry) => entry.type === 'decision').map(({ record }) => record);

describe('a halt', () => {
  it('goes on deciding on a symbol that is flat, and closes the other one', async () => {
    const { life, journal } = await haltInTheMiddle();
    expect(life.failure).toBeNull();
    expect(life.halted).toBe(true);
    const after = journal.slice(journal.findIndex((entry) => entry.type === 'halt'));
    expect(after.filter((entry) => entry.type === 'decision').length).toBeGreaterThan(20);
    expect(after.some((entry) => entry.type === 'intent' && entry.role === 'exit')).toBe(true);
    expect(life.bot?.traders.map(({ broker }) => broker.account.units)).toEqual([0, 0]);
    expect(records(after).some(({ order }) => Object.is(order, 0))).toBe(true);
  });

  it('is carried out while everybody who watches fails, which is said once for each of them', async () => {
    const calls: Record<string, number> = { entries: 0, alarms: 0, measurements: 0 };
    const fail = (name: string) => (): never => {
      calls[name]++;
      throw new RangeError(`no room for ${name}`);
    };
    const { life, journal } = await haltInTheMiddle({
      onEntry: fail('entries'),
      onAlarm: fail('alarms'),
      onMeasured: fail('measurements'),
    });
    expect(life.failure).toBeNull();
    expect(life.bot?.traders.map(({ broker }) => broker.account.units)).toEqual([0, 0]);
    expect(journal.some((entry) => entry.type === 'intent' && entry.role === 'exit')).toBe(true);
    expect(Math.min(...Object.values(calls))).toBeGreaterThan(1);
    const said = journal.flatMap((entry) =>
      entry.type === 'alarm' && entry.code === 'observer-failed' ? [entry.numbers.observer] : [],
    );
    expect(said.sort()).toEqual(Object.keys(calls).sort());
  });
});
