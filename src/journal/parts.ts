/**
 * A log in parts: `journal.log`, `journal-0002.log`, ... A part after the first begins with a record that says, in
 * `continues`, which hash it goes on from and holds all that a reader needs who doesn't read the parts before. So a file
 * never grows beyond what can be read, a start reads the last part alone, and the chain goes through all of them.
 */
import { type FileSystem, parentOf, writeDurably } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import {
  encodeRecord,
  hasHead,
  type LogContent,
  type LogFault,
  openLog,
  RecordLog,
  readRecords,
} from './record-log.ts';

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function partPath(path: string, part: number): string {
  return part === 1 ? path : path.replace(/(\.\w+)$/, `-${String(part).padStart(4, '0')}$1`);
}

/** The parts that there are, oldest first; always the first, which the log begins with. */
export function listParts(files: FileSystem, path: string): readonly number[] {
  const [stem, end] = nameOf(path).split(/(?=\.\w+$)/);
  const parts = files
    .list(parentOf(path))
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(end))
    .map((name) => Number(name.slice(stem.length + 1, -end.length)))
    .filter((part) => Number.isInteger(part) && part > 1);
  return [1, ...parts.sort((a, b) => a - b)];
}

/** Bytes of all parts. */
export function sizeOfParts(files: FileSystem, path: string): number {
  return listParts(files, path).reduce((sum, part) => sum + files.size(partPath(path, part)), 0);
}

/** Opens, or creates, a log at its last part. @throws DamagedLog where more than a tail is wrong */
export function openParts(
  files: FileSystem,
  path: string,
): { readonly log: RecordLog; readonly records: Json[]; readonly cut: LogFault | null; readonly part: number } {
  const part = listParts(files, path).at(-1)!;
  return { ...openLog(files, partPath(path, part)), part };
}

/** The last part alone. */
export function readLastPart(files: FileSystem, path: string): LogContent {
  return readRecords(files.read(partPath(path, listParts(files, path).at(-1)!)));
}

/** All parts, up to the first fault; a part that doesn't go on from the one before, or is missing, is one. */
export function readParts(files: FileSystem, path: string): LogContent {
  const records: Json[] = [];
  let last: LogContent | null = null;
  let before = 0;
  for (const part of listParts(files, path)) {
    const one = readRecords(files.read(partPath(path, part)));
    const isNext = last === null || (part === before + 1 && one.continues === last.head);
    if (last !== null && !isNext) {
      const reason = `${nameOf(partPath(path, part))} does not go on from the part before it`;
      return { ...last, records, fault: { record: records.length, offset: 0, reason, torn: false } };
    }
    for (const record of one.records) records.push(record);
    const { fault } = one;
    last = { ...one, records };
    before = part;
    if (fault !== null)
      return {
        ...last,
        fault: { ...fault, record: records.length, reason: `${nameOf(partPath(path, part))}: ${fault.reason}` },
      };
  }
  return last!;
}

/** Whether a record of any part has a hash that begins so. */
export function holdsHead(files: FileSystem, path: string, prefix: string): boolean {
  return listParts(files, path).some((part) => hasHead(files.read(partPath(path, part)), prefix));
}

/**
 * Begins the next part, all of whose first record is durable before anything else is written to it. The log before is
 * durable whole, and nothing more is appended to it.
 */
export function beginPart(files: FileSystem, path: string, part: number, before: string, first: Json): RecordLog {
  const { bytes, head } = encodeRecord(first, before);
  writeDurably(files, partPath(path, part), bytes, 0o600);
  return new RecordLog(files, partPath(path, part), head, bytes.length);
}
