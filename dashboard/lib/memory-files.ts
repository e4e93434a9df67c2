/** A checkpoint's files in memory, as the program reads files; nothing is written. */
import type { FileSystem } from '../../src/core/file-system.ts';

export function memoryFiles(files: ReadonlyMap<string, Uint8Array>): FileSystem {
  const refuse = (): never => {
    throw new Error('internal error: the page writes no file');
  };
  const inside = (folder: string) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
  return {
    exists: (path) => files.has(path) || inside(path).length > 0,
    read: (path) => files.get(path) ?? refuse(),
    list: (folder) => [...new Set(inside(folder).map((path) => path.slice(folder.length + 1).split('/')[0]))].sort(),
    isDirectory: (path) => inside(path).length > 0,
    size: (path) => files.get(path)?.length ?? 0,
    mkdir: refuse,
    write: refuse,
    append: refuse,
    truncate: refuse,
    sync: refuse,
    rename: refuse,
    remove: refuse,
    destination: (path) => path,
    temporary: (path) => path,
    lock: () => null,
  };
}
