/** The little of Protocol Buffers' wire format that an ONNX file needs: varints, and fields with a length. */
export type Field = readonly [number: number, value: bigint | number | string | Uint8Array | readonly Field[]];

function varint(value: bigint, out: number[]): void {
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
}

/** A message of these fields, in their order. Integers are varints; texts, bytes and messages have a length. */
export function encodeMessage(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    const head: number[] = [];
    if (typeof value === 'number' || typeof value === 'bigint') {
      varint(BigInt(number << 3), head);
      varint(BigInt(value), head);
      parts.push(Uint8Array.from(head));
      continue;
    }
    const bytes =
      typeof value === 'string'
        ? new TextEncoder().encode(value)
        : value instanceof Uint8Array
          ? value
          : encodeMessage(value);
    varint(BigInt((number << 3) | 2), head);
    varint(BigInt(bytes.length), head);
    parts.push(Uint8Array.from(head), bytes);
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
