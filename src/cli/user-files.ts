/** Files that a user names, relative to the working folder. */
import { accessSync, closeSync, constants, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { InputError } from '../core/errors.ts';
import { writeDurably } from '../core/file-system.ts';
import { explainDiskError } from '../disk/disk-errors.ts';
import { kindOf, NodeFileSystem } from '../disk/node-file-system.ts';
import { type ByteSource, bytesSource, fileSource, readWhole } from '../market/import/source.ts';

/** Where relative paths start. */
interface WorkingFolder {
  readonly cwd: string;
}

/** Larger files are read in pieces, where they are read at all. */
const LARGEST_WHOLE = 1 << 30;

/** The bytes of a file. A pipe is read to its end; a folder or a device, which may have none, is refused. */
export function readUserFile(context: WorkingFolder, file: string): Uint8Array {
  return readWhole(openUserFile(context, file), LARGEST_WHOLE, 'a file');
}

/**
 * A file of any length, to be read in pieces. A pipe is read once and held (`data import <(zcat x.csv.gz)`); a folder
 * or a device is refused.
 */
export function openUserFile(context: WorkingFolder, file: string): ByteSource {
  const path = resolve(context.cwd, file);
  let descriptor: number | null = null;
  try {
    // A pipe is opened without waiting for whoever writes to it: there may be nobody, and no signal would end the wait.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(descriptor);
    if (!found.isFile() && !found.isFIFO())
      throw new InputError(`${path} can't be read: it is ${kindOf(found)}; give a file`);
    if (found.isFile()) return fileSource(path, basename(path), found.size);
    return bytesSource(readPipe(descriptor, path), basename(path));
  } catch (error) {
    if (error instanceof InputError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new InputError(`there is no file ${path}; check the name`);
    throw new InputError(`${path} can't be read: ${reasonOf(error)}`);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** A pipe in which nothing comes for so long is given up. */
const PIPE_PATIENCE_MS = 60_000;

/** All that comes out of a pipe. @throws InputError where nobody writes to it, it stands still, or it has no end */
function readPipe(descriptor: number, path: string): Uint8Array {
  const pieces: Uint8Array[] = [];
  let [length, waitedMs] = [0, 0];
  for (;;) {
    const piece = new Uint8Array(1 << 16);
    let count: number;
    try {
      count = readSync(descriptor, piece, 0, piece.length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      waitedMs += 10;
      if (waitedMs > PIPE_PATIENCE_MS)
        throw new InputError(`${path} is a pipe in which nothing came for a minute; give a file`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      continue;
    }
    if (count === 0 && pieces.length === 0 && waitedMs === 0)
      throw new InputError(`${path} is a pipe that nobody writes to; start what writes first, or give a file`);
    if (count === 0) return Buffer.concat(pieces);
    waitedMs = 0;
    pieces.push(piece.subarray(0, count));
    length += count;
    if (length > LARGEST_WHOLE)
      throw new InputError(`${path} is a pipe of more than ${LARGEST_WHOLE >> 20} MiB; give a file`);
  }
}

/** Whether `file` can be written, before something long is done for it. @throws InputError with the name of `flag` */
export function requireWritable(
  context: WorkingFolder,
  file: string,
  flag: string,
  { makeFolder = false } = {},
): string {
  const path = resolve(context.cwd, file);
  const folder = dirname(path);
  try {
    if (makeFolder) mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    new NodeFileSystem(folder).destination(basename(path));
    return path;
  } catch (error) {
    throw new InputError(`${flag} ${path} can't be written: ${reasonOf(error)}`);
  }
}

/** Writes a file whole or not at all; returns its path. @throws InputError with the name of `flag` */
export function writeUserFile(
  context: WorkingFolder,
  file: string,
  content: Uint8Array | string | Iterable<string>,
  { flag = '--out', mode }: { readonly flag?: string; readonly mode?: number } = {},
): string {
  const path = requireWritable(context, file, flag);
  try {
    writeDurably(new NodeFileSystem(dirname(path)), basename(path), content, mode);
    return path;
  } catch (error) {
    const known = error instanceof InputError ? error : explainDiskError(error);
    if (known === null) throw error;
    throw new InputError(`${flag} ${path} can't be written: ${known.message}`);
  }
}

function reasonOf(error: unknown): string {
  const known = error instanceof InputError ? error : explainDiskError(error);
  return known?.message ?? (error as Error).message;
}
