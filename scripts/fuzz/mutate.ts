/** Mutations that the surfaces share: of bytes, of text and of JSON. */
import type { Rng } from '../../src/core/rng.ts';

export const pick = <T>(rng: Rng, values: readonly T[]): T => values[rng.integer(values.length)];
export const chance = (rng: Rng, probability: number): boolean => rng.uniform() < probability;

/** What stands where it should not. */
export const POISON: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1.5, 1e8, 1e300, -1e300, 2 ** 53, Number.MAX_SAFE_INTEGER, 5e-324],
  ...[
    '',
    ' ',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e999',
    '0x10',
    '１２',
    '1,5',
    '--1',
    'null',
    'undefined',
    '\u202e',
    '\0',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(5_000),
    '9'.repeat(400),
    '<script>',
    '\x1b[2J',
    '../../..',
    '$(id)',
  ],
  ...[[], {}, [null], [[]], [1e8, 1e8], { a: { b: {} } }, { toString: 1 }, { length: 1e9 }],
];

/** Nested deeper than any recursion bears. */
export const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Some bytes flipped, removed, doubled, inserted, or the end cut. */
export function mutateBytes(bytes: Uint8Array, rng: Rng): Uint8Array {
  let list = Uint8Array.from(bytes);
  const times = 1 + rng.integer(4);
  for (let i = 0; i < times && list.length > 0; i++) {
    const at = rng.integer(list.length);
    const length = Math.min(list.length - at, 1 + rng.integer(chance(rng, 0.2) ? 400 : 6));
    const [before, part, after] = [list.subarray(0, at), list.subarray(at, at + length), list.subarray(at + length)];
    const join = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
    switch (rng.integer(6)) {
      case 0:
        list = Uint8Array.from(list);
        list[at] ^= 1 << rng.integer(8);
        break;
      case 1:
        list = join(before, after);
        break;
      case 2:
        list = join(before, part, part, after);
        break;
      case 3:
        list = join(
          before,
          Uint8Array.from({ length }, () => rng.integer(256)),
          after,
        );
        break;
      case 4:
        list = Uint8Array.from(before);
        break;
      default:
        list = Uint8Array.from(list);
        list.fill(pick(rng, [0, 0xff, 0x20, 0x0a]), at, at + length);
    }
  }
  return list;
}

/** A copy with some places replaced, removed, doubled, renamed or swapped. */
export function mutateJson(value: unknown, rng: Rng, rate: number): unknown {
  if (chance(rng, rate)) return pick(rng, POISON);
  if (Array.isArray(value)) {
    const copy = value.map((inner) => mutateJson(inner, rng, rate));
    if (copy.length > 0 && chance(rng, rate))
      copy.splice(rng.integer(copy.length), rng.integer(2), copy[rng.integer(copy.length)]);
    return copy;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, inner]): [string, unknown][] => {
    if (chance(rng, rate / 2)) return [];
    const key = chance(rng, rate / 4) ? pick(rng, ['__proto__', 'constructor', '', `${name} `, 'x'.repeat(300)]) : name;
    return [[key, mutateJson(inner, rng, rate)]];
  });
  return Object.fromEntries(entries);
}

/** The JSON of a mutated value; now and then no JSON at all. */
export function mutateJsonText(value: unknown, rng: Rng): string {
  const rate = pick(rng, [0.002, 0.01, 0.05, 0.3]);
  if (chance(rng, 0.02)) return deep(pick(rng, [70, 5_000, 200_000]));
  const text = JSON.stringify(mutateJson(value, rng, rate)) ?? 'null';
  return chance(rng, 0.1) ? new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), rng)) : text;
}
