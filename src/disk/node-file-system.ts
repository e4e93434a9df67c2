/** The real files under one root folder: the only implementation of `FileSystem` outside tests. */
import * as fs from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import { takeLock } from './process-lock.ts';

/**
 * The files under a folder of the disk; paths have forward slashes and stay below `root`.
 * @example
 * files.write('note.txt', new TextEncoder().encode('kept'));
 * new TextDecoder().decode(files.read('note.txt')); // => 'kept'
 */
export class NodeFileSystem implements FileSystem {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  #at(path: string): string {
    return join(this.root, path);
  }

  /** An error of the system says at which file; those of a descriptor leave it out. */
  #on<T>(path: string, work: (file: string) => T): T {
    const file = this.#at(path);
    try {
      return work(file);
    } catch (error) {
      if (error instanceof Error && (error as NodeJS.ErrnoException).path === undefined)
        Object.assign(error, { path: file });
      throw error;
    }
  }

  exists(path: string): boolean {
    return fs.existsSync(this.#at(path));
  }

  read(path: string): Uint8Array {
    return this.#on(path, (file) => {
      // A device may have no end, and a pipe no writer.
      const found = fs.statSync(file);
      if (!found.isFile() && !found.isDirectory())
        throw new InputError(`${file} is ${kindOf(found)}, where a file is needed; put the file back`);
      return fs.readFileSync(file);
    });
  }

  list(path: string): string[] {
    try {
      return fs.readdirSync(this.#at(path)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  isDirectory(path: string): boolean {
    return fs.statSync(this.#at(path), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  mkdir(path: string): void {
    const file = this.#at(path);
    try {
      fs.mkdirSync(file, { recursive: true });
    } catch (error) {
      // On a read-only disk the recursive call says ENOENT, which sends a reader looking for the wrong thing.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && fs.existsSync(dirname(file))) fs.mkdirSync(file);
      throw error;
    }
  }

  // writeFileSync goes on after a short write, which a disk that fills up makes; writeSync doesn't.
  write(path: string, bytes: Uint8Array, mode = 0o666): void {
    this.#on(path, (file) => fs.writeFileSync(file, bytes, { mode }));
  }

  append(path: string, bytes: Uint8Array): void {
    this.#on(path, (file) => fs.appendFileSync(file, bytes));
  }

  truncate(path: string, length: number): void {
    this.#on(path, (file) => fs.truncateSync(file, length));
  }

  size(path: string): number {
    return fs.statSync(this.#at(path)).size;
  }

  sync(path: string): void {
    // Windows can't open a folder; there a rename is durable with the file system's own journal.
    if (process.platform === 'win32' && this.isDirectory(path)) return;
    this.#on(path, (file) => {
      const descriptor = fs.openSync(file, 'r');
      try {
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
    });
  }

  rename(from: string, to: string): void {
    const before = fs.statSync(this.#at(to), { throwIfNoEntry: false });
    if (before?.isFile()) fs.chmodSync(this.#at(from), before.mode & 0o777);
    fs.renameSync(this.#at(from), this.#at(to));
  }

  remove(path: string): void {
    fs.rmSync(this.#at(path), { recursive: true, force: true });
  }

  destination(path: string): string {
    const file = this.#at(path);
    const found = fs.lstatSync(file, { throwIfNoEntry: false });
    if (found === undefined) return path;
    const target = found.isSymbolicLink() ? fs.statSync(file, { throwIfNoEntry: false }) : found;
    if (target === undefined)
      throw new InputError(`${file} is a link to ${fs.readlinkSync(file)}, where there is nothing; name that file`);
    if (!target.isFile())
      throw new InputError(`${file} is ${kindOf(target)}, and only a regular file can be written; name another`);
    return found.isSymbolicLink() ? relative(resolve(this.root), fs.realpathSync(file)) : path;
  }

  temporary(path: string): string {
    return `${path}.${process.pid}.tmp`;
  }

  lock(path: string): (() => void) | null {
    return takeLock(this.#at(path));
  }
}

/** What a file is that is no regular one, in words. */
export function kindOf(found: fs.Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}
