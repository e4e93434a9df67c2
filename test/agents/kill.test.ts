/** Real processes, really killed: whatever moment the kill falls on, the next start goes on, to the same bytes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/agents/checkpoint.ts';
import { Rng } from '../../src/core/rng.ts';
import { rounds, SLOW } from '../effort.ts';
import { NAMES } from './agent-cases.ts';

const KILLS = rounds(4, 20);
const SCRIPT = new URL('./killed-training.ts', import.meta.url).pathname;

/** Starts a training and waits until it is under way; `ended` resolves with the signal that ended it, or null. */
async function start(folder: string, kind: string): Promise<{ child: ChildProcess; ended: Promise<string | null> }> {
  const child = spawn(process.execPath, [SCRIPT, folder, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<string | null>((done) => {
    child.on('exit', (code, signal) => done(code === 0 ? null : (signal ?? `exit code ${code}`)));
  });
  await Promise.race([ended, new Promise((done) => child.stdout!.once('data', done))]);
  return { child, ended };
}

/** SHA-256 of every file. */
function contents(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(names.map((name) => [name.slice(folder.length), sha256(readFileSync(name))]));
}

describe('a training that is killed again and again', () => {
  it.each(NAMES)(`ends with the bytes of one that was left alone: %s, ${KILLS / 2} kills`, SLOW, async (kind) => {
    const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'tradernet-kill-')));
    const alone = await start(folders[0], kind);
    expect(await alone.ended).toBeNull();
    const rng = new Rng(1 + NAMES.indexOf(kind));
    let kills = 0;
    while (kills < KILLS / 2) {
      const { child, ended } = await start(folders[1], kind);
      await new Promise((done) => setTimeout(done, 2 + rng.integer(100)));
      child.kill('SIGKILL');
      const how = await ended;
      expect([null, 'SIGKILL']).toContain(how);
      if (how === null) {
        // Quicker than its killer: it ended as it should, and another is started.
        expect(contents(folders[1])).toEqual(contents(folders[0]));
        rmSync(folders[1], { recursive: true });
        mkdirSync(folders[1]);
      } else kills++;
    }
    expect(await (await start(folders[1], kind)).ended).toBeNull();
    expect(contents(folders[1])).toEqual(contents(folders[0]));
    console.log(`${kind}: ${kills} kills`);
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
});
