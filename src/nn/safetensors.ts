/**
 * The safetensors format (github.com/huggingface/safetensors): 8 bytes little-endian length, a JSON header, then the
 * tensors' bytes. Only F32 is read and written; the header is written in the order of the map, padded to 8 bytes.
 */
import { InputError } from '../core/errors.ts';
import type { StateDict } from './network.ts';

/** The bytes of a file; the same state gives the same bytes. */
export function encodeSafetensors(state: StateDict, metadata: Record<string, string> = {}): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { shape, data }] of state) {
    const end = offset + data.length * 4;
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerLength);
  let at = 8 + headerLength;
  for (const { data } of state.values()) {
    for (let i = 0; i < data.length; i++, at += 4) view.setFloat32(at, data[i], true);
  }
  return bytes;
}

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** Reads a file; anything that does not add up is an InputError that starts with `what`. */
export function decodeSafetensors(bytes: Uint8Array, what = 'safetensors'): StateDict {
  const fail = (why: string) => new InputError(`${what}: ${why}; the file is damaged or not of this format`);
  if (bytes.length < 8) throw fail(`${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  const start = 8 + headerLength;
  if (!(start <= bytes.length)) throw fail(`the header of ${headerLength} bytes goes beyond the end`);
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice(8, start)));
  } catch {
    throw fail('the header is no JSON');
  }
  if (header === null || typeof header !== 'object' || Array.isArray(header)) throw fail('the header is no object');
  const state: StateDict = new Map();
  let total = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (entry?.dtype !== 'F32') throw fail(`tensor ${name} has type ${entry?.dtype}, only F32 is read`);
    const { shape, data_offsets: offsets } = entry;
    if (!isCounts(shape) || !isCounts(offsets)) throw fail(`tensor ${name} has no valid shape or place`);
    const length = shape.reduce((a, b) => a * b, 1);
    const [from, to] = offsets;
    if (to - from !== length * 4 || start + to > bytes.length) throw fail(`tensor ${name} does not fit its place`);
    const data = new Float32Array(length);
    for (let i = 0; i < length; i++) data[i] = view.getFloat32(start + from + i * 4, true);
    state.set(name, { shape, data });
    total += length * 4;
  }
  if (start + total !== bytes.length)
    throw fail(`${bytes.length - start} bytes of tensors where the header has ${total}`);
  return state;
}

const isCounts = (values: unknown): values is number[] =>
  Array.isArray(values) && values.every((n) => Number.isInteger(n) && n >= 0);
