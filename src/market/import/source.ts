import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../../core/errors.ts';

/** Bytes that can be read from the start as often as one likes: an import looks at a file twice. */
export interface ByteSource {
  /** How messages call it. */
  readonly name: string;
  /** Number of bytes; null where only reading to the end tells. */
  readonly size: number | null;
  /** All bytes, in pieces of any length. A piece is valid until the next one is asked for. */
  read(): Iterable<Uint8Array>;
}

/** Short enough that the text of a piece is born and dies among the young objects: the heap stays small. */
const CHUNK = 1 << 16;

export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return {
    ...{ name, size: bytes.length },
    *read() {
      for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
    },
  };
}

function* readChunks(path: string): Generator<Uint8Array> {
  const handle = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const length = readSync(handle, buffer, 0, CHUNK, null);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(handle);
  }
}

/** A plain file on disk, read in pieces. */
export function fileSource(path: string, name: string, size: number): ByteSource {
  return { name, size, read: () => readChunks(path) };
}

/** Everything at once, up to `limit` bytes. @throws InputError beyond, in the words of `what`. */
export function readWhole(source: ByteSource, limit: number, what: string): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (const piece of source.read()) {
    pieces.push(piece.slice());
    length += piece.length;
    if (length > limit)
      throw new InputError(`${source.name} is ${what} of more than ${limit >> 20} MiB; give it as CSV`);
  }
  return Buffer.concat(pieces);
}

/** The first bytes, at most `count`. */
export function readHead(source: ByteSource, count: number): Uint8Array {
  const head = new Uint8Array(count);
  let length = 0;
  for (const piece of source.read()) {
    const part = piece.subarray(0, count - length);
    head.set(part, length);
    length += part.length;
    if (length === count) break;
  }
  return head.subarray(0, length);
}
