import { crc32 } from 'node:zlib';
import { Gunzip, Inflate } from 'fflate';
import { InputError } from '../../core/errors.ts';
import { type ByteSource, readHead, readWhole } from './source.ts';

/** What a file is, by its first bytes. */
export type FileKind = 'text' | 'json' | 'gzip' | 'zip' | 'parquet' | 'arrow';

const MAGIC: readonly { readonly kind: FileKind; readonly bytes: readonly number[] }[] = [
  { kind: 'gzip', bytes: [0x1f, 0x8b] },
  { kind: 'zip', bytes: [0x50, 0x4b, 3, 4] },
  { kind: 'parquet', bytes: [0x50, 0x41, 0x52, 0x31] },
  { kind: 'arrow', bytes: [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31] },
  // A stream of it.
  { kind: 'arrow', bytes: [0xff, 0xff, 0xff, 0xff] },
];

/** What people have and this program doesn't read: what it is, and what to do. */
const FOREIGN: readonly { readonly bytes: readonly number[]; readonly text: string }[] = [
  { bytes: [0x89, 0x48, 0x44, 0x46], text: 'is HDF5; save it as Feather, Parquet or CSV' },
  { bytes: [0x46, 0x45, 0x41, 0x31], text: 'is Feather of version 1; save it as version 2, or as CSV' },
  { bytes: [0x42, 0x5a, 0x68], text: 'is packed with bzip2; unpack it and import the file inside' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58], text: 'is packed with xz; unpack it and import the file inside' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], text: 'is packed with zstd; unpack it and import the file inside' },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf], text: 'is packed with 7-Zip; unpack it and import the file inside' },
  { bytes: [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], text: 'is an SQLite database; export its table as CSV' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], text: 'is an Excel workbook; save the sheet as CSV' },
  { bytes: [0x50, 0x4b, 5, 6], text: 'is a zip archive that holds no file' },
];

/**
 * @throws InputError for a kind that isn't read, by its name.
 */
export function kindOf(source: ByteSource): FileKind {
  const head = readHead(source, 4096);
  if (head.length === 0) throw new InputError(`${source.name} is empty; export it again`);
  const starts = ({ bytes }: { bytes: readonly number[] }) => bytes.every((byte, i) => head[i] === byte);
  const foreign = FOREIGN.find(starts);
  if (foreign !== undefined) throw new InputError(`${source.name} ${foreign.text}`);
  const packed = MAGIC.find(starts);
  if (packed !== undefined) return packed.kind;
  // A byte order mark and white space may come before.
  return /^\ufeff?\s*[[{]/.test(new TextDecoder().decode(head)) ? 'json' : 'text';
}

/**
 * What is inside a gzip file, or a zip archive of one file; streamed, its checksum verified.
 * @throws InputError while it is read: a damaged archive, or one of several files.
 */
export function unpack(source: ByteSource, kind: 'gzip' | 'zip'): ByteSource {
  const read = kind === 'gzip' ? () => gunzip(source) : () => unzip(source);
  return { name: source.name, size: null, read };
}

function damaged(source: ByteSource): InputError {
  return new InputError(`${source.name} is a damaged archive; download it again`);
}

/** Pieces in, pieces out: what a decompressor hands over while it is pushed is yielded after each push. */
function* pump(source: ByteSource, pieces: Iterable<Uint8Array>, push: (piece: Uint8Array) => Uint8Array[]) {
  for (const piece of pieces) {
    let out: Uint8Array[];
    try {
      out = push(piece);
    } catch {
      throw damaged(source);
    }
    yield* out;
  }
}

/** Length and checksum of unpacked bytes, against what an archive says of them. */
class Checksum {
  #crc = 0;
  #length = 0;

  add(piece: Uint8Array): void {
    this.#crc = crc32(piece, this.#crc);
    this.#length = (this.#length + piece.length) % 0x100000000;
  }

  /** Whether they are right; begins anew. */
  settle(crc: number, length: number): boolean {
    const right = this.#crc === crc && this.#length === length;
    [this.#crc, this.#length] = [0, 0];
    return right;
  }
}

function* gunzip(source: ByteSource): Generator<Uint8Array> {
  let out: Uint8Array[] = [];
  const checksum = new Checksum();
  const stream = new Gunzip((piece) => {
    checksum.add(piece);
    out.push(piece);
  });
  // The eight bytes before the piece that is pushed, and the piece: each member ends with its checksum and length.
  let recent = new Uint8Array(8);
  let before = 0;
  const endsWell = (end: number) => {
    const view = new DataView(recent.buffer, recent.byteOffset + end, 8);
    return checksum.settle(view.getUint32(0, true), view.getUint32(4, true));
  };
  stream.onmember = (offset) => {
    if (!endsWell(offset - before)) throw damaged(source);
  };
  yield* pump(source, source.read(), (piece) => {
    const joined = new Uint8Array(8 + piece.length);
    joined.set(recent.subarray(-8));
    joined.set(piece, 8);
    recent = joined;
    out = [];
    // A copy: what is not unpacked yet is kept.
    stream.push(joined.slice(8));
    before += piece.length;
    return out;
  });
  if (!endsWell(recent.length - 8)) throw damaged(source);
}

/** Larger archives would have to be read in pieces from their end. */
const LARGEST_ZIP = 1 << 29;

function* unzip(source: ByteSource): Generator<Uint8Array> {
  const bytes = readWhole(source, LARGEST_ZIP, 'a zip archive');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw damaged(source);
  const names: string[] = [];
  let file: { start: number; length: number; method: number; crc: number; size: number; flags: number } | null = null;
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < view.getUint16(end + 10, true); i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) throw damaged(source);
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    // Folders, and what macOS puts beside each file.
    if (!name.endsWith('/') && !name.startsWith('__MACOSX/') && !name.endsWith('.CHECKSUM')) {
      names.push(name);
      const local = view.getUint32(at + 42, true);
      if (local + 30 > bytes.length) throw damaged(source);
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const [crc, length, size] = [16, 20, 24].map((field) => view.getUint32(at + field, true));
      file = { start, length, method: view.getUint16(at + 10, true), crc, size, flags: view.getUint16(at + 8, true) };
    }
    at += 46 + nameLength + extra + comment;
  }
  if (names.some((name) => name === '[Content_Types].xml'))
    throw new InputError(`${source.name} is an Excel workbook; save the sheet as CSV`);
  if (file === null) throw new InputError(`${source.name} is a zip archive that holds no file`);
  if (names.length > 1)
    throw new InputError(
      `${source.name} holds ${names.length} files (${names.slice(0, 3).join(', ')}); unpack it and import each by itself`,
    );
  if ((file.flags & 1) !== 0) throw new InputError(`${source.name} is encrypted; unpack it and import the file inside`);
  if (file.method !== 0 && file.method !== 8)
    throw new InputError(`${source.name} is packed in a rare way; unpack it and import the file inside`);
  const packed = bytes.subarray(file.start, file.start + file.length);
  let out: Uint8Array[] = [];
  const stream = new Inflate((piece) => {
    out.push(piece);
  });
  const pieces = function* () {
    for (let from = 0; from < packed.length; from += 1 << 18) yield packed.subarray(from, from + (1 << 18));
  };
  const { method } = file;
  const checksum = new Checksum();
  for (const piece of pump(source, pieces(), (part) => {
    if (method === 0) return [part];
    out = [];
    stream.push(part);
    return out;
  })) {
    checksum.add(piece);
    yield piece;
  }
  if (!checksum.settle(file.crc, file.size)) throw damaged(source);
}
