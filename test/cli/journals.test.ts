import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isRunning, type JournalPlace, lockJournal } from '../../src/cli/journals.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';

const root = mkdtempSync(join(tmpdir(), 'tradernet-lock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('a journal belongs to one process, and to one bot in it', () => {
  const place: JournalPlace = { files: new NodeFileSystem(root), folder: 'bots/one', name: 'one' };
  expect(isRunning(place)).toBe(false);
  const unlock = lockJournal(place);
  expect(isRunning(place)).toBe(true);
  expect(() => lockJournal(place)).toThrow('one: another process runs this bot already');
  lockJournal({ ...place, folder: 'bots/two', name: 'two' })();
  unlock();
  expect(isRunning(place)).toBe(false);
  lockJournal(place)();
});
