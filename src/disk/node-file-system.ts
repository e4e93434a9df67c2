/** The real files under one root folder: the only implementation of `FileSystem` outside tests. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { FileSystem } from '../core/file-system.ts';

export class NodeFileSystem implements FileSystem {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  #at(path: string): string {
    return join(this.root, path);
  }

  exists(path: string): boolean {
    return fs.existsSync(this.#at(path));
  }

  read(path: string): Uint8Array {
    return fs.readFileSync(this.#at(path));
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
    fs.mkdirSync(this.#at(path), { recursive: true });
  }

  write(path: string, bytes: Uint8Array): void {
    fs.writeFileSync(this.#at(path), bytes);
  }

  append(path: string, bytes: Uint8Array): void {
    fs.appendFileSync(this.#at(path), bytes);
  }

  truncate(path: string, length: number): void {
    fs.truncateSync(this.#at(path), length);
  }

  size(path: string): number {
    return fs.statSync(this.#at(path)).size;
  }

  sync(path: string): void {
    // Windows can't open a folder; there a rename is durable with the file system's own journal.
    if (process.platform === 'win32' && this.isDirectory(path)) return;
    const descriptor = fs.openSync(this.#at(path), 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  rename(from: string, to: string): void {
    fs.renameSync(this.#at(from), this.#at(to));
  }

  remove(path: string): void {
    fs.rmSync(this.#at(path), { recursive: true, force: true });
  }
}
