/**
 * Replacing a folder so that a crash at any moment leaves the old content or the new. A folder can't be renamed over
 * another, so the old one steps aside first: between the two renames `PATH.old` is the whole one, and `findFolder`
 * knows. `PATH.tmp` is never read.
 */
import { type FileSystem, makeFolderDurably, parentOf, removeQuietly } from '../core/file-system.ts';

/**
 * Writes `contents` (names may hold '/') as the folder `path`. Durable when it returns; what fails on the way leaves
 * what was there before.
 */
export function writeFolderDurably(files: FileSystem, path: string, contents: ReadonlyMap<string, Uint8Array>): void {
  const temporary = `${path}.tmp`;
  const old = `${path}.old`;
  const parent = parentOf(path);
  makeFolderDurably(files, parent);
  if (!files.exists(path) && files.exists(old)) files.rename(old, path);
  files.remove(temporary);
  try {
    writeContents(files, temporary, contents);
  } catch (error) {
    removeQuietly(files, temporary);
    throw error;
  }
  files.remove(old);
  if (files.exists(path)) files.rename(path, old);
  files.rename(temporary, path);
  files.sync(parent);
  files.remove(old);
}

function writeContents(files: FileSystem, root: string, contents: ReadonlyMap<string, Uint8Array>): void {
  const folders = new Set([root]);
  for (const [name, bytes] of contents) {
    const file = `${root}/${name}`;
    for (let folder = parentOf(file); !folders.has(folder); folder = parentOf(folder)) folders.add(folder);
    files.mkdir(parentOf(file));
    files.write(file, bytes);
    files.sync(file);
  }
  for (const folder of folders) files.sync(folder);
}

/** Where the whole folder `path` lies: at its place, or beside it after a crash; null where there is none. */
export function findFolder(files: FileSystem, path: string): string | null {
  if (files.isDirectory(path)) return path;
  return files.isDirectory(`${path}.old`) ? `${path}.old` : null;
}
