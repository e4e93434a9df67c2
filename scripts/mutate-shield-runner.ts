/**
 * What stands in for vitest in a mutation run: the few names that the shield's tests use, and, as a worker's entry, a
 * loop that imports a bundle of tests and answers 'passed' or the first failure.
 */
import assert from 'node:assert/strict';
import { parentPort } from 'node:worker_threads';

type Body = (...values: never[]) => unknown;
interface Case {
  readonly name: string;
  readonly body: () => unknown;
}

/** The bundle has a copy of this module, the worker another: the cases meet in a place that both know. */
const shared = globalThis as unknown as { shieldCases?: Case[] };
const add = (name: string, body: () => unknown): void => {
  shared.shieldCases ??= [];
  shared.shieldCases.push({ name, body });
};

const spread = (row: unknown): unknown[] => (Array.isArray(row) ? row : [row]);

export function test(name: string, body: Body): void {
  add(name, body as () => unknown);
}
test.each =
  (rows: readonly unknown[]) =>
  (name: string, body: Body): void => {
    for (const row of rows) add(`${name} ${String(spread(row)[0])}`, () => body(...(spread(row) as never[])));
  };

export function describe(_: string, body: () => void): void {
  body();
}

/** Counts are printed by vitest, not here. */
export function afterAll(): void {}

class StringMatching {
  readonly pattern: RegExp;
  constructor(pattern: RegExp) {
    this.pattern = pattern;
  }
}

/** As vitest's toEqual (`undefined` properties count as absent) or, with `partly`, as its toMatchObject. */
function isLike(actual: unknown, expected: unknown, partly: boolean): boolean {
  if (expected instanceof StringMatching) return typeof actual === 'string' && expected.pattern.test(actual);
  if (actual === null || expected === null || typeof actual !== 'object' || typeof expected !== 'object')
    return Object.is(actual, expected) || (actual === 0 && expected === 0 && Object.is(actual, expected));
  if (Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (ArrayBuffer.isView(actual) || ArrayBuffer.isView(expected) || Array.isArray(actual)) {
    const [a, b] = [actual, expected].map((list) => Array.from(list as ArrayLike<unknown>));
    return a.length === b.length && a.every((value, index) => isLike(value, b[index], partly));
  }
  const keys = new Set([...Object.keys(expected), ...(partly ? [] : Object.keys(actual))]);
  const read = (object: object, key: string) => (object as Record<string, unknown>)[key];
  return [...keys].every((key) => isLike(read(actual, key), read(expected, key), partly));
}

function listMatchers(actual: unknown, negated: boolean) {
  const check = (holds: boolean, what: string, expected?: unknown): void => {
    if (holds === negated)
      assert.fail(`${negated ? 'not ' : ''}${what}: ${String(actual)} against ${String(expected)}`);
  };
  return {
    toBe: (expected: unknown) => check(Object.is(actual, expected), 'toBe', expected),
    toEqual: (expected: unknown) => check(isLike(actual, expected, false), 'toEqual', expected),
    toStrictEqual: (expected: unknown) => check(isLike(actual, expected, false), 'toStrictEqual', expected),
    toMatchObject: (expected: unknown) => check(isLike(actual, expected, true), 'toMatchObject', expected),
    toHaveLength: (expected: number) => check((actual as unknown[]).length === expected, 'toHaveLength', expected),
    toContain: (expected: never) => check((actual as string).includes(expected), 'toContain', expected),
    toBeDefined: () => check(actual !== undefined, 'toBeDefined'),
    toBeUndefined: () => check(actual === undefined, 'toBeUndefined'),
    toBeNull: () => check(actual === null, 'toBeNull'),
    toBeGreaterThan: (expected: number) => check((actual as number) > expected, 'toBeGreaterThan', expected),
    toBeGreaterThanOrEqual: (expected: number) =>
      check((actual as number) >= expected, 'toBeGreaterThanOrEqual', expected),
    toBeLessThanOrEqual: (expected: number) => check((actual as number) <= expected, 'toBeLessThanOrEqual', expected),
    toBeCloseTo: (expected: number, digits = 2) =>
      check(Math.abs((actual as number) - expected) < 0.5 * 10 ** -digits, 'toBeCloseTo', expected),
    toThrow(expected: string | (new (...values: never[]) => Error)) {
      let thrown: unknown = null;
      try {
        (actual as () => unknown)();
      } catch (error) {
        thrown = error;
      }
      const message = thrown instanceof Error ? thrown.message : '';
      check(
        typeof expected === 'string' ? message.includes(expected) : thrown instanceof expected,
        'toThrow',
        expected,
      );
    },
  };
}

export function expect(actual: unknown) {
  return { ...listMatchers(actual, false), not: listMatchers(actual, true) };
}
expect.stringMatching = (pattern: RegExp): unknown => new StringMatching(pattern);

async function runBundle(url: string): Promise<string> {
  shared.shieldCases = [];
  try {
    await import(url);
    for (const { name, body } of shared.shieldCases) {
      try {
        await body();
      } catch (error) {
        return `failed: ${name}: ${(error as Error).message}`;
      }
    }
    return shared.shieldCases.length > 0 ? 'passed' : 'failed: no tests';
  } catch (error) {
    return `failed to load: ${(error as Error).message}`;
  }
}

// The bundle's copy of this module runs in the same worker and must not answer.
if (parentPort !== null && import.meta.url.endsWith('mutate-shield-runner.ts')) {
  console.log = () => {};
  const port = parentPort;
  port.on('message', async (url: string) => port.postMessage(await runBundle(url)));
}
