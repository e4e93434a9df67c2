/**
 * A file system in memory that can crash. It keeps what a real disk keeps: files and folders as inodes, of which only
 * what was synced is sure to survive. Since the last syncs, contents and folder entries have each been written in
 * order but independently of each other (a journal commits entries without waiting for data), so a crash leaves some
 * prefix of the unsynced contents, the last one possibly torn in half, beside some prefix of the unsynced entries. A
 * power cut can leave worse of what was appended: its length without its content (zeros), or a block of it lost and a
 * later one there.
 * `crashStates` yields every such state; `atEveryCrash` does so after each operation of an action.
 */
import type { FileSystem } from '../src/core/file-system.ts';

interface File {
  readonly type: 'file';
  content: Uint8Array;
  /** What a crash can't take back. */
  durable: Uint8Array;
}

interface Folder {
  readonly type: 'folder';
  entries: Map<string, Inode>;
  durable: Map<string, Inode>;
}

type Inode = File | Folder;

/** An unsynced change of a file's content; `torn` is the same change cut in half. */
interface DataChange {
  readonly file: File;
  readonly content: Uint8Array;
  readonly torn: Uint8Array | null;
}

/** An unsynced change of folder entries; a rename is one change of two entries. `inode` null removes. */
interface EntryChange {
  readonly edits: readonly { readonly folder: Folder; readonly name: string; readonly inode: Inode | null }[];
}

const EMPTY = new Uint8Array(0);
const newFolder = (): Folder => ({ type: 'folder', entries: new Map(), durable: new Map() });

export class MemoryFileSystem implements FileSystem {
  /** Every change and sync so far, for messages: `rename a -> b`. */
  readonly operations: string[] = [];
  /** Called after every change and sync; may throw to end the action under test. */
  onOperation: ((operation: string) => void) | null = null;
  readonly #locks = new Set<string>();
  #root: Folder = newFolder();
  #data: DataChange[] = [];
  #entries: EntryChange[] = [];
  /** Buffers that appends grow in, and how far each is used. */
  readonly #grown = new WeakMap<ArrayBuffer, number>();

  exists(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  isDirectory(path: string): boolean {
    return this.#find(path)?.type === 'folder';
  }

  read(path: string): Uint8Array {
    return this.#file(path).content.slice();
  }

  size(path: string): number {
    return this.#file(path).content.length;
  }

  list(path: string): string[] {
    const folder = this.#find(path);
    return folder?.type === 'folder' ? [...folder.entries.keys()].sort() : [];
  }

  mkdir(path: string): void {
    let folder = this.#root;
    let changed = false;
    for (const name of split(path)) {
      let next = folder.entries.get(name);
      if (next === undefined) {
        next = newFolder();
        this.#link([{ folder, name, inode: next }]);
        changed = true;
      }
      if (next.type === 'file') throw new Error(`EEXIST: a file is in the way, mkdir '${path}'`);
      folder = next;
    }
    if (changed) this.#done(`mkdir ${path}`);
  }

  write(path: string, bytes: Uint8Array): void {
    const file = this.#create(path);
    // Truncating comes first, and a crash may fall between the two.
    if (file.content.length > 0) this.#change(file, EMPTY, null);
    this.#change(file, bytes.slice(), bytes.slice(0, bytes.length >> 1));
    this.#done(`write ${path} (${bytes.length} bytes)`);
  }

  append(path: string, bytes: Uint8Array): void {
    const file = this.#create(path);
    const start = file.content.length;
    const content = this.#extend(file.content, bytes);
    this.#change(file, content, content.subarray(0, start + (bytes.length >> 1)));
    this.#done(`append ${path} (${bytes.length} bytes)`);
  }

  truncate(path: string, length: number): void {
    const file = this.#file(path);
    const content = new Uint8Array(length);
    content.set(file.content.subarray(0, length));
    this.#change(file, content, null);
    this.#done(`truncate ${path} to ${length}`);
  }

  sync(path: string): void {
    const inode = this.#find(path);
    if (inode === undefined) throw missing('fsync', path);
    if (inode.type === 'file') {
      inode.durable = inode.content;
      this.#data = this.#data.filter((change) => change.file !== inode);
    } else {
      this.#syncFolder(inode);
    }
    this.#done(`sync ${path}`);
  }

  rename(from: string, to: string): void {
    const source = this.#parent(from);
    const target = this.#parent(to);
    const inode = source.folder.entries.get(source.name);
    if (inode === undefined) throw missing('rename', from);
    const replaced = target.folder.entries.get(target.name);
    if (replaced?.type === 'folder' && (inode.type === 'file' || replaced.entries.size > 0)) {
      throw new Error(`ENOTEMPTY: directory not empty, rename '${from}' -> '${to}'`);
    }
    if (replaced?.type === 'file' && inode.type === 'folder') {
      throw new Error(`ENOTDIR: not a directory, rename '${from}' -> '${to}'`);
    }
    this.#link([
      { ...source, inode: null },
      { ...target, inode },
    ]);
    this.#done(`rename ${from} -> ${to}`);
  }

  remove(path: string): void {
    const inode = this.#find(path);
    if (inode === undefined) return;
    // A folder goes entry by entry, as on a disk, and each step is a boundary.
    if (inode.type === 'folder') for (const name of [...inode.entries.keys()].sort()) this.remove(`${path}/${name}`);
    const { folder, name } = this.#parent(path);
    this.#link([{ folder, name, inode: null }]);
    this.#done(`remove ${path}`);
  }

  destination(path: string): string {
    if (this.#find(path)?.type === 'folder') throw new Error(`${path} is a folder`);
    return path;
  }

  temporary(path: string): string {
    return `${path}.tmp`;
  }

  /** Locks are the processes', and no crash leaves one. */
  lock(path: string): (() => void) | null {
    if (this.#locks.has(path)) return null;
    this.#locks.add(path);
    return () => this.#locks.delete(path);
  }

  /** Every file with its content, by path: what a test compares. */
  snapshot(): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>();
    const walk = (folder: Folder, prefix: string) => {
      for (const [name, inode] of [...folder.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (inode.type === 'file') files.set(prefix + name, inode.content);
        else walk(inode, `${prefix}${name}/`);
      }
    };
    walk(this.#root, '');
    return files;
  }

  /** The tree as it is, all of it durable. */
  copy(): MemoryFileSystem {
    return this.#crashed(this.#data.length, false, this.#entries.length);
  }

  /** Every state in which a crash at this moment could leave the disk. The last is the one in which nothing is lost. */
  *crashStates(): Generator<MemoryFileSystem> {
    for (let entries = 0; entries <= this.#entries.length; entries++) {
      for (let data = 0; data <= this.#data.length; data++) {
        yield this.#crashed(data, false, entries);
        if (data < this.#data.length && this.#data[data].torn !== null) yield this.#crashed(data, true, entries);
      }
      for (const [file, content] of this.#powerCuts())
        yield this.#crashed(this.#data.length, false, entries, [file, content]);
    }
    yield this.copy();
  }

  /** Files of which more than one append is unsynced, or the only one: with zeros in the place of some of it. */
  *#powerCuts(): Generator<readonly [File, Uint8Array]> {
    for (const file of new Set(this.#data.map((change) => change.file))) {
      const ends = this.#data.filter((change) => change.file === file).map(({ content }) => content.length);
      const start = file.durable.length;
      const grows = ends.every((end, i) => end > (ends[i - 1] ?? start));
      const isAppended = grows && file.durable.every((byte, i) => file.content[i] === byte);
      if (!isAppended || start === 0) continue;
      const zeroed = (from: number, to: number) => file.content.slice().fill(0, from, to);
      yield [file, zeroed(start, file.content.length)];
      if (ends.length > 1) yield [file, zeroed(start, ends[0])];
      // The first block of a long append.
      else yield [file, zeroed(start, start + ((ends[0] - start) >> 1))];
    }
  }

  /** Keeps the first `data` content changes (and half of the next if `torn`) and the first `entries` entry changes. */
  #crashed(data: number, torn: boolean, entries: number, instead?: readonly [File, Uint8Array]): MemoryFileSystem {
    const contents = new Map<File, Uint8Array>();
    for (const change of this.#data.slice(0, data)) contents.set(change.file, change.content);
    if (torn) contents.set(this.#data[data].file, this.#data[data].torn!);
    if (instead !== undefined) contents.set(...instead);
    const tables = new Map<Folder, Map<string, Inode>>();
    for (const change of this.#entries.slice(0, entries)) {
      for (const { folder, name, inode } of change.edits) {
        let table = tables.get(folder);
        if (table === undefined) {
          table = new Map(folder.durable);
          tables.set(folder, table);
        }
        if (inode === null) table.delete(name);
        else table.set(name, inode);
      }
    }
    const rebuild = (inode: Inode): Inode => {
      if (inode.type === 'file') {
        const content = contents.get(inode) ?? inode.durable;
        return { type: 'file', content, durable: content };
      }
      const table = new Map<string, Inode>();
      for (const [name, child] of tables.get(inode) ?? inode.durable) table.set(name, rebuild(child));
      return { type: 'folder', entries: table, durable: new Map(table) };
    };
    const disk = new MemoryFileSystem();
    disk.#root = rebuild(this.#root) as Folder;
    return disk;
  }

  #find(path: string): Inode | undefined {
    let inode: Inode | undefined = this.#root;
    for (const name of split(path)) inode = inode?.type === 'folder' ? inode.entries.get(name) : undefined;
    return inode;
  }

  #file(path: string): File {
    const inode = this.#find(path);
    if (inode === undefined) throw missing('open', path);
    if (inode.type === 'folder') throw new Error(`EISDIR: illegal operation on a directory, open '${path}'`);
    return inode;
  }

  #parent(path: string): { folder: Folder; name: string } {
    const names = split(path);
    const name = names.pop();
    const folder = this.#find(names.join('/'));
    if (name === undefined || folder?.type !== 'folder') throw missing('open', path);
    return { folder, name };
  }

  #create(path: string): File {
    const { folder, name } = this.#parent(path);
    if (!folder.entries.has(name)) {
      this.#link([{ folder, name, inode: { type: 'file', content: EMPTY, durable: EMPTY } }]);
    }
    return this.#file(path);
  }

  /** A longer view of the same buffer where it has room, so that a long log isn't copied at every record. */
  #extend(content: Uint8Array, bytes: Uint8Array): Uint8Array {
    const start = content.length;
    const length = start + bytes.length;
    let buffer = content.buffer as ArrayBuffer;
    // Only the newest view may grow, and only in the file system that made the buffer: a crash's survivors share it.
    if (this.#grown.get(buffer) !== start || buffer.byteLength < length) {
      buffer = new ArrayBuffer(2 * length);
      new Uint8Array(buffer).set(content);
    }
    this.#grown.set(buffer, length);
    const longer = new Uint8Array(buffer, 0, length);
    longer.set(bytes, start);
    return longer;
  }

  #change(file: File, content: Uint8Array, torn: Uint8Array | null): void {
    file.content = content;
    this.#data.push({ file, content, torn });
  }

  #link(edits: EntryChange['edits']): void {
    for (const { folder, name, inode } of edits) {
      if (inode === null) folder.entries.delete(name);
      else folder.entries.set(name, inode);
    }
    this.#entries.push({ edits });
  }

  #syncFolder(folder: Folder): void {
    // A rename between two folders ties them: what came before it in either is durable too.
    const folders = new Set([folder]);
    const keep: EntryChange[] = [];
    for (const change of [...this.#entries].reverse()) {
      if (!change.edits.some((edit) => folders.has(edit.folder))) keep.unshift(change);
      else for (const edit of change.edits) folders.add(edit.folder);
    }
    for (const change of this.#entries) {
      if (keep.includes(change)) continue;
      for (const { folder: changed, name, inode } of change.edits) {
        if (inode === null) changed.durable.delete(name);
        else changed.durable.set(name, inode);
      }
    }
    this.#entries = keep;
  }

  #done(operation: string): void {
    this.operations.push(operation);
    this.onOperation?.(operation);
  }
}

/**
 * Runs `action` on a copy of `start` and calls `check` with every state in which a crash before, between or after its
 * operations could leave the disk. Returns how many states were checked.
 */
export function atEveryCrash(
  start: MemoryFileSystem,
  action: (files: MemoryFileSystem) => void,
  check: (disk: MemoryFileSystem, after: string) => void,
): number {
  let states = 0;
  const live = start.copy();
  const look = (operation: string) => {
    for (const disk of live.crashStates()) {
      check(disk, operation);
      states++;
    }
  };
  look('start');
  live.onOperation = look;
  action(live);
  return states;
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function missing(call: string, path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, ${call} '${path}'`), { code: 'ENOENT' });
}
