/**
 * An append-only file of records, each a line of text:
 *
 *     <bytes of the JSON> <CRC-32> <SHA-256 of the previous hash and the JSON> <JSON>\n
 *
 * The length and the checksum tell a torn record from a whole one; the hashes chain every record to all before it, so
 * that nothing can be altered, left out or swapped unseen. It is text, so `grep` and `cut -d' ' -f4-` read it too.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import { type Json, parseJson } from '../core/json.ts';

/** The hash before the first record. */
export const GENESIS = '0'.repeat(64);

/** What is wrong in a log, and where. */
export interface LogFault {
  /** Index of the first bad record. */
  readonly record: number;
  /** Byte offset at which it begins. */
  readonly offset: number;
  readonly reason: string;
  /** True where only the file's last record is incomplete: what a crash leaves, and what may be cut. */
  readonly torn: boolean;
}

export interface LogContent {
  readonly records: Json[];
  /** Hash of the last good record. */
  readonly head: string;
  /** Bytes of the good records. */
  readonly length: number;
  readonly fault: LogFault | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const chain = (head: string, json: Uint8Array): string => createHash('sha256').update(head).update(json).digest('hex');
const checksum = (json: Uint8Array): string => crc32(json).toString(16).padStart(8, '0');

/** One record as the bytes of its line, and the hash that the next one chains to. */
export function encodeRecord(value: Json, head: string): { readonly bytes: Uint8Array; readonly head: string } {
  const json = encoder.encode(JSON.stringify(value));
  const next = chain(head, json);
  const prefix = encoder.encode(`${json.length} ${checksum(json)} ${next} `);
  const bytes = new Uint8Array(prefix.length + json.length + 1);
  bytes.set(prefix);
  bytes.set(json, prefix.length);
  bytes[bytes.length - 1] = 10;
  return { bytes, head: next };
}

type Parsed = { value: Json; head: string; end: number } | { reason: string; short: boolean };

function parseRecord(bytes: Uint8Array, offset: number, head: string): Parsed {
  const line = new TextDecoder('latin1').decode(bytes.subarray(offset, offset + 96));
  const match = /^(\d{1,9}) ([0-9a-f]{8}) ([0-9a-f]{64}) /.exec(line);
  const rest = bytes.length - offset;
  if (match === null) return { reason: 'no record begins here', short: rest < 84 };
  const start = offset + match[0].length;
  const end = start + Number(match[1]);
  if (end + 1 > bytes.length) return { reason: 'the record is cut short', short: true };
  const json = bytes.subarray(start, end);
  if (bytes[end] !== 10) return { reason: 'the record does not end where it says', short: false };
  if (checksum(json) !== match[2]) return { reason: 'the checksum is wrong', short: end + 1 === bytes.length };
  if (chain(head, json) !== match[3])
    return { reason: 'the hash does not follow from the record before', short: false };
  try {
    return { value: parseJson(decoder.decode(json)), head: match[3], end: end + 1 };
  } catch {
    return { reason: 'the record is no JSON', short: false };
  }
}

/** Reads records up to the first bad one. */
export function readRecords(bytes: Uint8Array): LogContent {
  const records: Json[] = [];
  let head = GENESIS;
  let offset = 0;
  while (offset < bytes.length) {
    const parsed = parseRecord(bytes, offset, head);
    if ('reason' in parsed) {
      const { reason, short } = parsed;
      // A crash can leave anything in the last record, but nothing whole after it.
      const torn = short && !bytes.subarray(offset, bytes.length - 1).includes(10);
      return { records, head, length: offset, fault: { record: records.length, offset, reason, torn } };
    }
    records.push(parsed.value);
    head = parsed.head;
    offset = parsed.end;
  }
  return { records, head, length: offset, fault: null };
}

/** Opens or creates a log. A torn tail is cut and told in `cut`; throws `DamagedLog` where more than the tail is wrong. */
export function openLog(
  files: FileSystem,
  path: string,
): { readonly log: RecordLog; readonly records: Json[]; readonly cut: LogFault | null } {
  const folders = [
    '.',
    ...path
      .split('/')
      .slice(0, -1)
      .map((_, i, names) => names.slice(0, i + 1).join('/')),
  ];
  files.mkdir(folders[folders.length - 1]);
  if (!files.exists(path)) {
    files.write(path, new Uint8Array(0), 0o600);
    files.sync(path);
  }
  // Always: a crash may have come between an earlier opening and its syncs, and a name that isn't durable loses all.
  for (const folder of folders.reverse()) files.sync(folder);
  const { records, head, length, fault } = readRecords(files.read(path));
  if (fault !== null && !fault.torn) throw new DamagedLog(path, fault);
  if (fault !== null) {
    files.truncate(path, length);
    files.sync(path);
  }
  return { log: new RecordLog(files, path, head, length), records, cut: fault };
}

/**
 * The writing end; one a file. A disk that is full, read-only or broken for a while loses nothing: what isn't durable is
 * kept in memory, and the next `sync` cuts the file back to what surely is and writes the rest again.
 */
export class RecordLog {
  readonly #files: FileSystem;
  readonly #path: string;
  #head: string;
  /** Bytes that are durable, and the records that follow them. */
  #durable: number;
  #pending: Uint8Array[] = [];
  /** After a failed write or sync nobody knows what the file holds beyond its durable part. */
  #broken = false;
  /** After an error that isn't the disk's nothing is written any more. */
  #dead = false;

  constructor(files: FileSystem, path: string, head: string, length: number) {
    this.#files = files;
    this.#path = path;
    this.#head = head;
    this.#durable = length;
  }

  /** Hash of the last record. */
  get head(): string {
    return this.#head;
  }

  /** Appends; durable only after `sync`, which also tells of a disk that fails. */
  append(value: Json): void {
    const { bytes, head } = encodeRecord(value, this.#head);
    this.#pending.push(bytes);
    this.#head = head;
    if (this.#broken && !this.#dead) return;
    try {
      this.#change(() => this.#files.append(this.#path, bytes));
    } catch (error) {
      if (!isDiskError(error)) throw error;
    }
  }

  /** @throws the disk's error; what was appended is kept, and another call tries again */
  sync(): void {
    if (this.#pending.length === 0) return;
    const mend = this.#broken;
    this.#change(() => {
      if (mend) {
        this.#files.truncate(this.#path, this.#durable);
        for (const bytes of this.#pending) this.#files.append(this.#path, bytes);
      }
      this.#files.sync(this.#path);
    });
    this.#durable += this.#pending.reduce((sum, bytes) => sum + bytes.length, 0);
    this.#pending = [];
  }

  #change(work: () => void): void {
    if (this.#dead) throw new Error(`${this.#path}: an earlier write failed; restart to recover`);
    this.#broken = true;
    try {
      work();
    } catch (error) {
      this.#dead = !isDiskError(error);
      throw error;
    }
    this.#broken = false;
  }
}

/** Whether the system says that a file can't be written now, as opposed to a bug. */
export function isDiskError(error: unknown): boolean {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}

/** A log that is wrong before its tail: a crash can't do that, so nothing is repaired. */
export class DamagedLog extends InputError {
  readonly fault: LogFault;
  constructor(path: string, fault: LogFault) {
    super(
      `${path}: record ${fault.record} (byte ${fault.offset}): ${fault.reason}; restore a backup, or begin a new one`,
    );
    this.fault = fault;
  }
}
