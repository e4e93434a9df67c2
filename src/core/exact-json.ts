/** JSON that keeps every number to the last bit: what it has no number for (NaN, infinities, -0) is text. */
import { z } from 'zod';
import type { Json } from './json.ts';

const TEXTS = ['NaN', 'Infinity', '-Infinity', '-0'] as const;

/** Reads what `encodeNumber` wrote. */
export const exactNumber = z.union([z.number(), z.enum(TEXTS)]).transform(Number);

export function encodeNumber(x: number): number | string {
  return Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? '-0' : String(x);
}

export function decodeNumber(x: Json): number {
  return Number(x);
}

/** A value as JSON that reads back to the same bits. */
export function toExactJson(value: unknown): Json {
  if (typeof value === 'number') return encodeNumber(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, toExactJson);
  const fields = Object.entries(value as object).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(fields.map(([name, inner]) => [name, toExactJson(inner)]));
}
