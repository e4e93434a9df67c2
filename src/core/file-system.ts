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
  /** Creates or truncates. Not durable before `sync`. */
  write(path: string, bytes: Uint8Array): void;
  /** Appends, creating where needed. Not durable before `sync`. */
  append(path: string, bytes: Uint8Array): void;
  truncate(path: string, length: number): void;
  size(path: string): number;
  /** Makes a file's content durable; for a folder, its entries. */
  sync(path: string): void;
  /** Atomic; replaces a file. Durable once the parent folder is synced. */
  rename(from: string, to: string): void;
  /** Removes a file or a whole folder; nothing happens where there is none. */
  remove(path: string): void;
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

/** The whole file or none of it, whatever happens: temporary file, sync, rename, sync of the folder. */
export function writeDurably(files: FileSystem, path: string, content: Uint8Array | string): void {
  const bytes = typeof content === 'string' ? encoder.encode(content) : content;
  const temporary = `${path}.tmp`;
  makeFolderDurably(files, parentOf(path));
  files.write(temporary, bytes);
  files.sync(temporary);
  files.rename(temporary, path);
  files.sync(parentOf(path));
}
