import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type JournalPlace, lockJournal } from '../../src/cli/journals.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';

let root: string;
let place: JournalPlace;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tradernet-lock-'));
  place = { files: new NodeFileSystem(root), folder: 'bots/one', name: 'one' };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const leaveLock = (text: string) => {
  mkdirSync(join(root, 'bots/one'), { recursive: true });
  writeFileSync(join(root, 'bots/one/bot.lock'), text);
};

it('a journal belongs to one process, and to one bot in it', () => {
  leaveLock(String(process.ppid));
  expect(() => lockJournal(place)).toThrow(`process ${process.ppid} runs this bot already`);
  leaveLock('');
  const unlock = lockJournal(place);
  expect(() => lockJournal(place)).toThrow(`process ${process.pid} runs this bot already`);
  unlock();
  lockJournal(place)();
});

// A process that was killed in a container had the number that the next one gets; a full disk leaves an empty file.
it.each([
  ['of a killed process with our number', String(process.pid)],
  ['that is empty', ''],
  ['of nobody', 'x'],
])('a lock %s keeps nobody out', (_, text) => {
  leaveLock(text);
  lockJournal(place)();
});
