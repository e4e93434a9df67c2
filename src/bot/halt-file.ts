/**
 * The kill switch as a file beside the journal. A person (or another program) writes it, the running bot sees it within
 * seconds, and no bot starts trading while it is there; it is removed only by a reset.
 */
import { type FileSystem, readText, writeDurably } from '../core/file-system.ts';
import { type Json, parseJson } from '../core/json.ts';

const HALT_FILE = 'halt.json';

export interface HaltOrder {
  readonly by: string;
  readonly reason: string;
  readonly timeMs: number;
}

export function writeHalt(files: FileSystem, folder: string, order: HaltOrder): void {
  writeDurably(files, `${folder}/${HALT_FILE}`, `${JSON.stringify(order)}\n`);
}

/** The order to halt; null where there is none. A file that can't be read halts too. */
export function readHalt(files: FileSystem, folder: string): HaltOrder | null {
  const path = `${folder}/${HALT_FILE}`;
  if (!files.exists(path)) return null;
  try {
    const { by, reason, timeMs } = parseJson(readText(files, path)) as { [key: string]: Json };
    return { by: String(by), reason: String(reason), timeMs: Number(timeMs) };
  } catch {
    return { by: 'unknown', reason: `${HALT_FILE} can't be read`, timeMs: 0 };
  }
}

export function removeHalt(files: FileSystem, folder: string): void {
  files.remove(`${folder}/${HALT_FILE}`);
  files.sync(folder);
}
