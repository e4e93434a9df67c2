import { describe, expect, it } from 'vitest';
import { readText, writeDurably } from '../src/core/file-system.ts';
import { atEveryCrash, MemoryFileSystem } from './memory-file-system.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function withOld(): MemoryFileSystem {
  const files = new MemoryFileSystem();
  writeDurably(files, 'folder/a', 'old');
  files.sync('.');
  return files.copy();
}

describe('the file system in memory', () => {
  it('writes, appends, truncates, renames, removes and lists like a disk', () => {
    const files = withOld();
    files.append('folder/a', bytes(' and new'));
    files.truncate('folder/a', 7);
    files.rename('folder', 'moved');
    expect(readText(files, 'moved/a')).toBe('old and');
    expect(files.list('moved')).toEqual(['a']);
    files.remove('moved');
    expect(files.list('.')).toEqual([]);
    expect(() => files.read('moved/a')).toThrow('ENOENT');
    expect(() => files.write('nowhere/a', bytes('x'))).toThrow('ENOENT');
  });

  it('leaves the old or the new after a durable write, at every crash', () => {
    const states = atEveryCrash(
      withOld(),
      (files) => writeDurably(files, 'folder/a', 'new'),
      (disk) => expect(['old', 'new']).toContain(readText(disk, 'folder/a')),
    );
    expect(states).toBeGreaterThan(8);
  });

  it('catches a write in place, a rename without sync, and a folder that was never synced', () => {
    const seen = new Set<string>();
    atEveryCrash(
      withOld(),
      (files) => files.write('folder/a', bytes('new!')),
      (disk) => seen.add(readText(disk, 'folder/a')),
    );
    expect(seen).toEqual(new Set(['old', '', 'ne', 'new!']));

    seen.clear();
    atEveryCrash(
      withOld(),
      (files) => {
        files.write('folder/b', bytes('new!'));
        files.rename('folder/b', 'folder/a');
      },
      (disk) => seen.add(readText(disk, 'folder/a')),
    );
    expect(seen).toEqual(new Set(['old', '', 'ne', 'new!']));

    const survived = new Set<boolean>();
    atEveryCrash(
      withOld(),
      (files) => {
        files.write('folder/b', bytes('x'));
        files.sync('folder/b');
      },
      (disk) => survived.add(disk.exists('folder/b')),
    );
    expect(survived).toEqual(new Set([false, true]));
  });

  it('keeps what was synced when the rest is lost', () => {
    const files = withOld();
    files.append('folder/a', bytes('er'));
    files.sync('folder/a');
    files.append('folder/a', bytes(' still'));
    const worst = files.crashStates().next().value as MemoryFileSystem;
    expect(readText(worst, 'folder/a')).toBe('older');
  });
});
