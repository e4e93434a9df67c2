/**
 * JSON and arrays in one buffer: the length of the JSON (4 bytes, little-endian), the JSON, then the arrays, each on a
 * multiple of 8. Pure, since both sides read it.
 */
const TYPES = { Uint8Array, Float32Array, Float64Array } as const;
type TypeName = keyof typeof TYPES;
type Packable = Uint8Array | Float32Array | Float64Array;

interface Place {
  readonly name: string;
  readonly type: TypeName;
  readonly at: number;
  readonly length: number;
}

const align = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Node's buffers are bytes too. */
function typeOf(array: Packable): TypeName {
  return array instanceof Float64Array ? 'Float64Array' : array instanceof Float32Array ? 'Float32Array' : 'Uint8Array';
}

export function pack(json: unknown, arrays: ReadonlyMap<string, Packable>): Uint8Array<ArrayBuffer> {
  let at = 0;
  const places: Place[] = [...arrays].map(([name, array]) => {
    const place = { name, type: typeOf(array), at, length: array.length };
    at = align(at + array.byteLength);
    return place;
  });
  const head = new TextEncoder().encode(JSON.stringify({ json, places }));
  const start = align(4 + head.length);
  const whole = new Uint8Array(start + at);
  new DataView(whole.buffer).setUint32(0, head.length, true);
  whole.set(head, 4);
  for (const { name, at } of places) {
    const array = arrays.get(name) as Packable;
    whole.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), start + at);
  }
  return whole;
}

/** The arrays lie in the buffer itself. */
export function unpack<T>(buffer: ArrayBuffer): { readonly json: T; readonly arrays: ReadonlyMap<string, Packable> } {
  const length = new DataView(buffer).getUint32(0, true);
  const { json, places } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as {
    json: T;
    places: Place[];
  };
  const start = align(4 + length);
  const arrays = new Map(
    places.map(({ name, type, at, length }) => [name, new TYPES[type](buffer, start + at, length)] as const),
  );
  return { json, arrays };
}
