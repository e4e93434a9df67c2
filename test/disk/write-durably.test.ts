/**
 * The one function that writes whole files: on a disk that takes no more after any byte, that shortens a write without
 * a word, and at places where no file belongs.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFolderDurably } from '../../src/agents/durable-folder.ts';
import { InputError } from '../../src/core/errors.ts';
import { writeDurably } from '../../src/core/file-system.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';

/** Takes `room` bytes and no more; what is written beyond fails, or is left out in silence. */
class SmallDisk extends MemoryFileSystem {
  room: number;
  readonly silent: boolean;
  constructor(room: number, silent = false) {
    super();
    this.room = room;
    this.silent = silent;
  }
  #take(bytes: Uint8Array, put: (some: Uint8Array) => void): void {
    const some = bytes.subarray(0, this.room);
    this.room -= some.length;
    put(some);
    if (some.length < bytes.length && !this.silent)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }
  override write(path: string, bytes: Uint8Array): void {
    this.#take(bytes, (some) => super.write(path, some));
  }
  override append(path: string, bytes: Uint8Array): void {
    this.#take(bytes, (some) => super.append(path, some));
  }
}

const text = 'abcdefghij'.repeat(40);
const contents = new Map([
  ['a', new TextEncoder().encode(text)],
  ['b/c', new TextEncoder().encode(text)],
]);

describe.each([true, false])('a disk that is full after any byte (in silence: %s)', (silent) => {
  it('leaves the file that was there, and nothing beside it', () => {
    for (let room = 0; room < text.length; room += 7) {
      const disk = new SmallDisk(1e6, silent);
      writeDurably(disk, 'folder/file', 'before');
      disk.room = room;
      const lines = Array.from({ length: 40 }, () => 'abcdefghij');
      expect(() => writeDurably(disk, 'folder/file', room % 2 ? text : lines)).toThrow(/ENOSPC|only \d+ of 400 bytes/);
      expect([...disk.snapshot()].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)])).toEqual([
        ['folder/file', 'before'],
      ]);
    }
  });
});

it('a folder on a disk that fills up stays as it was', () => {
  for (let room = 0; room < 2 * text.length; room += 13) {
    const disk = new SmallDisk(1e6);
    writeFolderDurably(disk, 'kept', new Map([['a', new Uint8Array([1])]]));
    disk.room = room;
    expect(() => writeFolderDurably(disk, 'kept', contents)).toThrow('ENOSPC');
    expect([...disk.snapshot().keys()]).toEqual(['kept/a']);
  }
});

describe('places', () => {
  const root = fs.mkdtempSync(join(tmpdir(), 'tradernet-places-'));
  const files = new NodeFileSystem(root);
  const at = (name: string) => join(root, name);
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

  it('long text in pieces arrives whole, and the mode of a file stays', () => {
    fs.writeFileSync(at('x.csv'), 'old', { mode: 0o640 });
    fs.chmodSync(at('x.csv'), 0o640);
    const lines = Array.from({ length: 300_000 }, (_, i) => `${i},größe\n`);
    writeDurably(files, 'x.csv', lines);
    expect(fs.readFileSync(at('x.csv'), 'utf8')).toBe(lines.join(''));
    expect(fs.statSync(at('x.csv')).mode & 0o777).toBe(0o640);
    writeDurably(files, 'secret', 'x', 0o600);
    expect(fs.statSync(at('secret')).mode & 0o777).toBe(0o600);
    writeDurably(files, 'empty', '');
    expect(fs.readFileSync(at('empty'), 'utf8')).toBe('');
  });

  it('a link is written through', () => {
    fs.mkdirSync(at('elsewhere'));
    fs.writeFileSync(at('elsewhere/real.csv'), 'old');
    fs.symlinkSync('elsewhere/real.csv', at('link.csv'));
    writeDurably(files, 'link.csv', 'new');
    expect(fs.lstatSync(at('link.csv')).isSymbolicLink()).toBe(true);
    expect(fs.readFileSync(at('elsewhere/real.csv'), 'utf8')).toBe('new');
    const beyond = fs.mkdtempSync(join(tmpdir(), 'tradernet-beyond-'));
    fs.writeFileSync(join(beyond, 'far.csv'), 'old');
    fs.symlinkSync(join(beyond, 'far.csv'), at('far.csv'));
    writeDurably(files, 'far.csv', 'new');
    expect(fs.readFileSync(join(beyond, 'far.csv'), 'utf8')).toBe('new');
    fs.rmSync(beyond, { recursive: true });
  });

  it.skipIf(process.platform === 'win32')('what is no regular file is refused and stays', () => {
    execFileSync('mkfifo', [at('pipe')]);
    fs.symlinkSync('/dev/null', at('null'));
    fs.symlinkSync('nowhere', at('dangling'));
    fs.mkdirSync(at('folder'));
    const before = fs.readdirSync(root);
    for (const [name, what] of [
      ['pipe', 'a pipe'],
      ['null', 'a device'],
      ['dangling', 'where there is nothing'],
      ['folder', 'a folder'],
    ] as const) {
      expect(() => writeDurably(files, name, 'x')).toThrow(InputError);
      expect(() => writeDurably(files, name, 'x')).toThrow(what);
    }
    expect(fs.readdirSync(root)).toEqual(before);
    expect(fs.lstatSync(at('pipe')).isFIFO()).toBe(true);
  });
});
