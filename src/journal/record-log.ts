/**
 * An append-only file of records, each a line of text:
 *
 *     <bytes of the JSON> <CRC-32 of the rest> <SHA-256 of the previous hash and the JSON> <durable bytes> <JSON>\n
 *
 * The length and the checksum tell a torn record from a whole one; the hashes chain every record to all before it, so
 * that nothing can be altered, left out or swapped unseen. How many bytes of the file were durable when a record was
 * written tells what a power cut leaves (blocks of zeros, a lost one between others that came through) from a disk that
 * lost what it had kept: the first may be cut, the second is refused. Records of earlier versions lack that number. It is
 * text, so `grep` and `cut -d' ' -f5-` read it too.
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
  /** True where nothing from here on was surely durable: what a crash leaves, and what may be cut. */
  readonly torn: boolean;
}

export interface LogContent {
  readonly records: Json[];
  /** Hash of the last good record. */
  readonly head: string;
  /** Bytes of the good records. */
  readonly length: number;
  readonly fault: LogFault | null;
  /** The hash that the first record goes on from, where it isn't the first of all (`parts.ts`). */
  readonly continues: string | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const chain = (head: string, json: Uint8Array): string => createHash('sha256').update(head).update(json).digest('hex');
const checksum = (text: Uint8Array): string => crc32(text).toString(16).padStart(8, '0');

/**
 * One record as the bytes of its line, and the hash that the next one chains to.
 * @param durable bytes of the file that are known to be durable
 */
export function encodeRecord(
  value: Json,
  head: string,
  durable = 0,
): { readonly bytes: Uint8Array; readonly head: string } {
  const text = JSON.stringify(value);
  const json = encoder.encode(text);
  const rest = encoder.encode(`${durable} ${text}`);
  const next = chain(head, json);
  const prefix = encoder.encode(`${json.length} ${checksum(rest)} ${next} `);
  const bytes = new Uint8Array(prefix.length + rest.length + 1);
  bytes.set(prefix);
  bytes.set(rest, prefix.length);
  bytes[bytes.length - 1] = 10;
  return { bytes, head: next };
}

interface Line {
  readonly json: Uint8Array;
  readonly hash: string;
  /** null in records of earlier versions. */
  readonly durable: number | null;
  readonly end: number;
}

/** A record by its length and checksum, whatever it chains to. */
function parseLine(bytes: Uint8Array, offset: number): Line | { readonly reason: string; readonly short: boolean } {
  const line = new TextDecoder('latin1').decode(bytes.subarray(offset, offset + 128));
  const match = /^(\d{1,9}) ([0-9a-f]{8}) ([0-9a-f]{64}) (?:(\d{1,15}) )?/.exec(line);
  const rest = bytes.length - offset;
  if (match === null) return { reason: 'no record begins here', short: rest < 84 };
  const start = offset + match[0].length;
  const end = start + Number(match[1]);
  if (end + 1 > bytes.length) return { reason: 'the record is cut short', short: true };
  if (bytes[end] !== 10) return { reason: 'the record does not end where it says', short: false };
  const checked = offset + match[0].length - (match[4] === undefined ? 0 : match[4].length + 1);
  if (checksum(bytes.subarray(checked, end)) !== match[2])
    return { reason: 'the checksum is wrong', short: end + 1 === bytes.length };
  const durable = match[4] === undefined ? null : Number(match[4]);
  return { json: bytes.subarray(start, end), hash: match[3], durable, end: end + 1 };
}

/**
 * Whether a fault can be what a crash leaves: nothing from `offset` on was durable, by the word of every whole record
 * that comes after it. Records of earlier versions say nothing, so that only a last one may be incomplete.
 */
function canBeCut(bytes: Uint8Array, offset: number, short: boolean): boolean {
  let lastLine = true;
  for (let at = bytes.indexOf(10, offset); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(10, at + 1)) {
    lastLine = false;
    const line = parseLine(bytes, at + 1);
    if ('reason' in line) continue;
    if (line.durable === null || line.durable > offset) return false;
  }
  return (short && lastLine) || marksDurability(bytes, offset);
}

/** Whether the records before `offset` tell what was durable: then whatever comes after it without a word wasn't. */
function marksDurability(bytes: Uint8Array, offset: number): boolean {
  if (offset === 0) return bytes.every((byte) => byte === 0);
  const before = bytes.lastIndexOf(10, offset - 2) + 1;
  const line = parseLine(bytes, before);
  return !('reason' in line) && line.durable !== null;
}

/** What the first record of a later part says of the part before it; null in a first part. */
function readContinues(bytes: Uint8Array): string | null {
  const line = parseLine(bytes, 0);
  if ('reason' in line) return null;
  try {
    const value = parseJson(decoder.decode(line.json)) as { readonly continues?: unknown } | null;
    const { continues } = value ?? {};
    return typeof continues === 'string' && /^[0-9a-f]{64}$/.test(continues) ? continues : null;
  } catch {
    return null;
  }
}

/**
 * Reads records up to the first bad one.
 * @example
 * readRecords(new Uint8Array()).records; // => []
 */
export function readRecords(bytes: Uint8Array): LogContent {
  const records: Json[] = [];
  const continues = readContinues(bytes);
  let head = continues ?? GENESIS;
  let offset = 0;
  const faulty = (reason: string, torn: boolean): LogContent => {
    return { records, head, length: offset, fault: { record: records.length, offset, reason, torn }, continues };
  };
  while (offset < bytes.length) {
    const line = parseLine(bytes, offset);
    if ('reason' in line) return faulty(line.reason, canBeCut(bytes, offset, line.short));
    if (chain(head, line.json) !== line.hash) return faulty('the hash does not follow from the record before', false);
    try {
      records.push(parseJson(decoder.decode(line.json)));
    } catch {
      return faulty('the record is no JSON', false);
    }
    head = line.hash;
    offset = line.end;
  }
  return { records, head, length: offset, fault: null, continues };
}

/** Whether a record of the log has a hash that begins so: what was noted elsewhere is still in it. */
export function hasHead(bytes: Uint8Array, prefix: string): boolean {
  let at = 0;
  while (at < bytes.length) {
    const line = parseLine(bytes, at);
    if ('reason' in line) return false;
    if (line.hash.startsWith(prefix)) return true;
    at = line.end;
  }
  return false;
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
  files.sync(path);
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

  /** Bytes of the file that are durable. */
  get length(): number {
    return this.#durable;
  }

  /** Appends; durable only after `sync`, which also tells of a disk that fails. */
  append(value: Json): void {
    const { bytes, head } = encodeRecord(value, this.#head, this.#durable);
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
