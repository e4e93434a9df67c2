/**
 * LZ4, as Feather files are packed: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md and lz4_Frame_format.md.
 * Checksums aren't verified: the table's own lengths are.
 */

/** Unpacks one block behind `out.length` bytes that were unpacked before. @throws RangeError where the block is torn. */
function unpackBlock(block: Uint8Array, out: Uint8Array, start: number): number {
  let [from, to] = [0, start];
  const lengthOf = (nibble: number) => {
    let length = nibble;
    if (nibble === 15)
      for (let byte = 255; byte === 255; length += byte) {
        if (from >= block.length) throw new RangeError('LZ4 block is torn');
        byte = block[from++];
      }
    return length;
  };
  while (from < block.length) {
    const token = block[from++];
    const literals = lengthOf(token >> 4);
    if (from + literals > block.length || to + literals > out.length) throw new RangeError('LZ4 block is torn');
    out.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from >= block.length) break;
    const distance = block[from] | (block[from + 1] << 8);
    from += 2;
    const length = lengthOf(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > out.length) throw new RangeError('LZ4 block is torn');
    // A match may reach into what it writes itself.
    for (let i = 0; i < length; i++, to++) out[to] = out[to - distance];
  }
  return to;
}

export function decompressLz4Block(block: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  unpackBlock(block, out, 0);
  return out;
}

export function decompressLz4Frame(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new RangeError('no LZ4 frame');
  const flags = frame[4];
  const largest = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22][(frame[5] >> 4) & 7];
  let at = 6;
  const sized = (flags & 8) !== 0;
  const size = sized ? Number(view.getBigUint64(at, true)) : -1;
  at += (sized ? 8 : 0) + (flags & 1 ? 4 : 0) + 1;
  if (size > 1 << 30) throw new RangeError('LZ4 frame is too large');
  // Without a stated size: no byte of a block stands for more than 255.
  let out = new Uint8Array(size >= 0 ? size : Math.min(1 << 30, 255 * frame.length));
  let to = 0;
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & 0x7fffffff;
    if (length > largest || at + length > frame.length) throw new RangeError('LZ4 frame is torn');
    const block = frame.subarray(at, at + length);
    if (word >>> 31 === 1) {
      if (to + length > out.length) throw new RangeError('LZ4 frame is torn');
      out.set(block, to);
      to += length;
    } else to = unpackBlock(block, out, to);
    at += length + (flags & 16 ? 4 : 0);
  }
  if (size < 0) out = out.slice(0, to);
  if (to !== out.length) throw new RangeError('LZ4 frame is torn');
  return out;
}
