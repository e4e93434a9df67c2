import { InputError } from './errors.ts';

/**
 * The few file operations that everything durable is built from. The real one lives in `disk/`; tests use one in
 * memory that drops what was not synced. Paths are relative to a root and use '/'. All calls are synchronous: what is
 * durable has an order, and the order is the code's.
 */
export interface FileSystem {
  exists(path: string): boolean;
  read(path: string): Uint8Array;
  /** Names (not paths) in a folder, sorted; empty where there is no such folder. */
  list(path: string): string[];
  isDirectory(path: string): boolean;
  mkdir(path: string): void;
  /** Creates or truncates. Not durable before `sync`. `mode` is that of a new file. */
  write(path: string, bytes: Uint8Array, mode?: number): void;
  /** Appends, creating where needed. Not durable before `sync`. */
  append(path: string, bytes: Uint8Array): void;
  truncate(path: string, length: number): void;
  size(path: string): number;
  /** Makes a file's content durable; for a folder, its entries. */
  sync(path: string): void;
  /** Atomic; replaces a file, which passes on its mode. Durable once the parent folder is synced. */
  rename(from: string, to: string): void;
  /** Removes a file or a whole folder; nothing happens where there is none. */
  remove(path: string): void;
  /**
   * Where a file written at `path` lands: links are followed, so that none is replaced.
   * @throws InputError where something is there that is no regular file: a folder, a device, a pipe.
   */
  destination(path: string): string;
  /** A name beside `path` at which no other process writes. */
  temporary(path: string): string;
  /**
   * Takes the lock named `path` for this process, until it is given back by the function that is returned or the
   * process ends; null where another has it.
   */
  lock(path: string): (() => void) | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function readText(files: FileSystem, path: string): string {
  return decoder.decode(files.read(path));
}

/** Folder that holds a path; '.' at the top. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

/** Makes a folder and whatever leads to it. A new folder is an entry in its parent, which is synced too. */
export function makeFolderDurably(files: FileSystem, folder: string): void {
  if (folder === '.' || folder === '' || files.isDirectory(folder)) return;
  makeFolderDurably(files, parentOf(folder));
  files.mkdir(folder);
  files.sync(parentOf(folder));
}

/** Bytes that are gathered before they are written. */
const CHUNK = 1 << 20;

/** Text in pieces, joined to chunks that are worth a write. */
function* encodeChunks(pieces: Iterable<string>): Generator<Uint8Array> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK) continue;
    yield encoder.encode(text);
    text = '';
  }
  yield encoder.encode(text);
}

function chunksOf(content: Uint8Array | string | Iterable<string>): Iterable<Uint8Array> {
  if (content instanceof Uint8Array) return [content];
  return typeof content === 'string' ? [encoder.encode(content)] : encodeChunks(content);
}

/**
 * The one way in which a whole file is written: all of it or none, whatever happens. Temporary file, sync, rename, sync
 * of the folder; what fails on the way leaves what was there before.
 * @param mode of a new file; one that is replaced passes on its own
 * @throws InputError where `path` is no place for a file
 */
export function writeDurably(
  files: FileSystem,
  path: string,
  content: Uint8Array | string | Iterable<string>,
  mode?: number,
): void {
  const place = files.destination(path);
  const temporary = files.temporary(place);
  makeFolderDurably(files, parentOf(place));
  try {
    let length = 0;
    for (const chunk of chunksOf(content)) {
      if (length === 0) files.write(temporary, chunk, mode);
      else files.append(temporary, chunk);
      length += chunk.length;
    }
    const written = files.size(temporary);
    if (written !== length)
      throw new InputError(`${path}: only ${written} of ${length} bytes were written; free some space on its disk`);
    files.sync(temporary);
  } catch (error) {
    removeQuietly(files, temporary);
    throw error;
  }
  files.rename(temporary, place);
  files.sync(parentOf(place));
}

/** Tidies up after a failure that is about to be told, and which nothing may hide. */
export function removeQuietly(files: FileSystem, path: string): void {
  try {
    files.remove(path);
  } catch {}
}
