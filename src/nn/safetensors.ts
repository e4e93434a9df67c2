/**
 * The safetensors format (github.com/huggingface/safetensors): 8 bytes little-endian length, a JSON header, then the
 * tensors' bytes. Only F32 is read and written; the header is written in the order of the map, padded to 8 bytes.
 */
import { InputError } from '../core/errors.ts';
import { type Json, parseJson } from '../core/json.ts';
import type { StateDict } from './network.ts';

/**
 * The bytes of a file; the same state gives the same bytes.
 * @example
 * const weights = new Map([['w', { shape: [2], data: new Float32Array([1, 2]) }]]);
 * decodeSafetensors(encodeSafetensors(weights)); // => weights
 */
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
  readonly data_offsets: readonly number[];
}

/**
 * Reads a file; anything that does not add up is an InputError that starts with `what`.
 * @throws InputError where the bytes don't add up: a header beyond the end, tensors that overlap, another type than F32
 * @example
 * const bytes = encodeSafetensors(new Map([['bias', { shape: [2], data: new Float32Array([1, 2]) }]]));
 * decodeSafetensors(bytes).get('bias')?.data; // => new Float32Array([1, 2])
 */
export function decodeSafetensors(bytes: Uint8Array, what = 'safetensors'): StateDict {
  const fail = (why: string) => new InputError(`${what}: ${why}; the file is damaged or not of this format`);
  if (bytes.length < 8) throw fail(`${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  const start = 8 + headerLength;
  if (!(start <= bytes.length)) throw fail(`the header of ${headerLength} bytes goes beyond the end`);
  let header: Json;
  try {
    header = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
  } catch {
    throw fail('the header is no JSON');
  }
  if (header === null || typeof header !== 'object' || Array.isArray(header)) throw fail('the header is no object');
  const tensors = Object.entries(header as Record<string, Partial<Entry> | null>)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => {
      const called = `tensor ${JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name)}`;
      const { dtype, shape, data_offsets: place } = entry ?? {};
      if (dtype !== 'F32') throw fail(`${called} is no F32, and nothing else is read`);
      if (!isCounts(shape) || shape.length > 8 || !isCounts(place) || place.length !== 2)
        throw fail(`${called} has no valid shape or place`);
      const [from, to] = place;
      if (to - from !== shape.reduce((a, b) => a * b, 1) * 4 || start + to > bytes.length)
        throw fail(`${called} does not fit its place`);
      return { name, called, shape, from, to };
    });
  // Each byte is one tensor's, or a small file could ask for any amount of memory.
  let end = 0;
  for (const { called, from, to } of [...tensors].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw fail(`${called} overlaps another, or leaves a hole before it`);
    end = to;
  }
  if (start + end !== bytes.length) throw fail(`${bytes.length - start} bytes of tensors where the header has ${end}`);
  return new Map(
    tensors.map(({ name, shape, from, to }) => {
      const data = new Float32Array((to - from) / 4);
      for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(start + from + i * 4, true);
      return [name, { shape, data }];
    }),
  );
}

const isCounts = (values: unknown): values is number[] =>
  Array.isArray(values) && values.every((n) => Number.isInteger(n) && n >= 0);
