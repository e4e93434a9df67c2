/**
 * The lock against real processes: many that ask at the same moment, one that is killed while it holds it, and two that
 * don't see each other's process numbers.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../src/disk/process-lock.ts';
import { lacks, rounds, SLOW } from '../effort.ts';

const CHILD = fileURLToPath(new URL('./lock-child.ts', import.meta.url));
const ROUNDS = rounds(4, 80);
const folder = mkdtempSync(join(tmpdir(), 'tradernet-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isLocked(path: string): boolean {
  const release = takeLock(path);
  release?.();
  return release === null;
}

const children: ChildProcess[] = [];
async function endAll(): Promise<void> {
  const ended = children.splice(0).map((child) => {
    const over = new Promise((done) => child.once('exit', done));
    // A new namespace's first process takes what is in it along.
    child.kill('SIGKILL');
    return over;
  });
  await Promise.all(ended);
}
afterEach(endAll);

/** A process that asks for the lock at `atMs`; resolves to what it says. */
function ask(path: string, atMs: number, wrap: readonly string[] = []): Promise<string> {
  const [command, ...args] = [...wrap, process.execPath, CHILD, path, String(atMs)];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)));
  });
}

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const hasNamespaces = spawnSync(NAMESPACE[0], [...NAMESPACE.slice(1), 'true']).status === 0;

describe('a lock', () => {
  it('is taken once in a process too, and given back', () => {
    const path = join(folder, 'one/bot.lock');
    const release = takeLock(path);
    expect([takeLock(path), isLocked(path)]).toEqual([null, true]);
    release?.();
    expect(isLocked(path)).toBe(false);
    takeLock(path)?.();
  });

  // What another version, a crash on a full disk or a person left: it holds nobody off, or says in words why.
  it('is not held by an empty file', () => {
    const path = join(folder, 'empty.lock');
    writeFileSync(path, '');
    takeLock(path)?.();
    expect(isLocked(path)).toBe(false);
    writeFileSync(path, '12345 is no database');
    expect(() => takeLock(path)).toThrow("can't be locked");
  });

  it(`goes to one of six processes that ask at once, ${ROUNDS} times`, SLOW, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const path = join(folder, `race-${round}.lock`);
      const atMs = Date.now() + 700;
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(path, atMs)));
      expect(answers.sort()).toEqual(['refused', 'refused', 'refused', 'refused', 'refused', 'taken']);
      await endAll();
      expect(isLocked(path)).toBe(false);
    }
  });

  it('is free again once its process was killed', async () => {
    const path = join(folder, 'killed.lock');
    expect(await ask(path, 0)).toBe('taken');
    expect(isLocked(path)).toBe(true);
    await endAll();
    expect(isLocked(path)).toBe(false);
  });

  it.skipIf(lacks('unshare', hasNamespaces))(
    'holds between two process namespaces, in which both have the same number (needs unshare)',
    async () => {
      const path = join(folder, 'namespaces.lock');
      expect(await ask(path, 0, NAMESPACE)).toBe('taken');
      expect(await ask(path, 0, NAMESPACE)).toBe('refused');
      expect(isLocked(path)).toBe(true);
      await endAll();
      // The process in the namespace is killed with it, a moment later.
      for (let i = 0; isLocked(path) && i < 200; i++) await new Promise((done) => setTimeout(done, 20));
      expect(isLocked(path)).toBe(false);
    },
  );
});
