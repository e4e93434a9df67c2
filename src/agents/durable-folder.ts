/**
 * Replacing a folder so that a crash at any moment leaves the old content or the new. A folder can't be renamed over
 * another, so the old one steps aside first: between the two renames `PATH.old` is the whole one, and `findFolder`
 * knows. `PATH.tmp` is never read.
 */
import type { FileSystem } from '../core/file-system.ts';

/** Writes `contents` (names may hold '/') as the folder `path`. Durable when it returns. */
export function writeFolderDurably(files: FileSystem, path: string, contents: ReadonlyMap<string, Uint8Array>): void {
  const temporary = `${path}.tmp`;
  const old = `${path}.old`;
  const parent = parentOf(path);
  makeDurably(files, parent);
  if (!files.exists(path) && files.exists(old)) files.rename(old, path);
  files.remove(temporary);
  const folders = new Set([temporary]);
  for (const [name, bytes] of contents) {
    const file = `${temporary}/${name}`;
    for (let folder = parentOf(file); !folders.has(folder); folder = parentOf(folder)) folders.add(folder);
    files.mkdir(parentOf(file));
    files.write(file, bytes);
    files.sync(file);
  }
  for (const folder of folders) files.sync(folder);
  files.remove(old);
  if (files.exists(path)) files.rename(path, old);
  files.rename(temporary, path);
  files.sync(parent);
  files.remove(old);
}

/** Where the whole folder `path` lies: at its place, or beside it after a crash; null where there is none. */
export function findFolder(files: FileSystem, path: string): string | null {
  if (files.isDirectory(path)) return path;
  return files.isDirectory(`${path}.old`) ? `${path}.old` : null;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

/** A new folder is an entry in its parent, which has to be synced too, all the way up. */
function makeDurably(files: FileSystem, folder: string): void {
  if (folder === '.' || folder === '' || files.isDirectory(folder)) return;
  makeDurably(files, parentOf(folder));
  files.mkdir(folder);
  files.sync(parentOf(folder));
}
