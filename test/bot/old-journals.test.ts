/**
 * Journals that an earlier version wrote are read as they are. Those in `journals/` come from the version before
 * decisions had a schema: a world of `bot-world.ts` (seed 5, profile balanced) of 24 bars, halted by a person after 14.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readEntries } from '../../src/bot/read-entries.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';

const readJournal = (name: string) => gunzipSync(readFileSync(new URL(`journals/${name}.log.gz`, import.meta.url)));

const createOldWorld = (kind: 'paper' | 'live', bars: number) =>
  createWorld({
    kind,
    bars,
    seed: 5,
    profile: 'balanced',
    overrides: { 'out-of-range': false, 'volatility-spike': false },
  });

it.each(['paper', 'live'] as const)('a %s journal replays without a difference', async (kind) => {
  const { records, fault } = readRecords(readJournal(`schema-1-${kind}`));
  expect(fault).toBeNull();
  const { decisions, differences } = await verifyJournal({
    name: kind,
    entries: readEntries(records, kind),
    symbols: createOldWorld(kind, WARM_UP + 24).createSymbols(),
    history: null,
    maxDataAgeMs: minuteMs / 2,
  });
  expect(differences).toEqual([]);
  expect(decisions).toBe(22);
});

it('a bot goes on with it, halted as it was, and what it then wrote replays too', async () => {
  const bytes = readJournal('schema-1-paper');
  const files = new MemoryFileSystem();
  files.mkdir('bots/test');
  files.write('bots/test/journal.log', bytes);
  const world = createOldWorld('paper', WARM_UP + 40);
  const clock = world.createClock(world.firstMs + 25 * minuteMs);
  const { bot, failure, entries } = await world.live(files, clock, world.endMs, world.createVenue(clock));
  expect(failure).toBeNull();
  expect(bot?.resumed).toBe(true);
  expect(bot?.halted).toBe('a person said so');
  expect(entries.filter(({ type }) => type === 'decision').length).toBeGreaterThan(10);
  const { differences } = await verifyJournal({
    name: 'test',
    entries: readEntries(readRecords(files.read('bots/test/journal.log')).records, 'test'),
    symbols: world.createSymbols(),
    history: null,
    maxDataAgeMs: minuteMs / 2,
  });
  expect(differences).toEqual([]);
});
