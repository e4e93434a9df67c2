/**
 * A lock that the operating system holds for a process and gives back when the process ends, however it ends: an
 * exclusive transaction of SQLite on an empty database, which is a lock of fcntl(2) on Unix and of LockFileEx on
 * Windows. It lies in the kernel with the file, so two containers that share a folder see each other, and nothing has
 * to be cleaned up after a crash: the file stays and means nothing.
 *
 * The file must never be opened by other means: closing any descriptor of it would drop the lock (fcntl(2)).
 */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { InputError } from '../core/errors.ts';

/** How long somebody who only looks may be in the way. */
const PATIENCE_MS = 250;

const BUSY = 5;

/** A database that nothing refers to would be collected, and its lock with it. */
const held = new Set<DatabaseSync>();

/** Takes the lock at `path` and returns what gives it back; null where another has it, in this process or any. */
export function takeLock(path: string): (() => void) | null {
  mkdirSync(dirname(path), { recursive: true });
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: PATIENCE_MS });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === BUSY) return null;
    // SQLite doesn't say why; the system does.
    accessSync(dirname(path), constants.W_OK);
    throw new InputError(
      `${path}: can't be locked (${(error as Error).message}); free space if the disk is full, remove the file if it is none of ours`,
    );
  }
  const taken = database;
  held.add(taken);
  return () => {
    if (held.delete(taken)) taken.close();
  };
}

/** Whether somebody has the lock at `path` just now; it isn't waited for, and no lock is made. */
export function isLockTaken(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === BUSY) return true;
    throw error;
  } finally {
    database.close();
  }
}
