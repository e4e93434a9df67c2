/**
 * What stands in for vitest in a mutation run: the names of it that the tests use, and, as a worker's entry, a loop that
 * imports a bundle of tests, runs some of its cases and answers how each ended, how long it took and what it reached.
 */
import assert from 'node:assert/strict';
import { format } from 'node:util';
import { parentPort } from 'node:worker_threads';

/** What the worker is asked for. */
export interface RunRequest {
  readonly url: string;
  /** Names of cases; null for all. */
  readonly cases: readonly string[] | null;
  /** Whether to go on after a failure. */
  readonly all: boolean;
}

export interface CaseResult {
  readonly name: string;
  /** null where it passed. */
  readonly failure: string | null;
  readonly ms: number;
  /** Blocks of the code that it ran, where the bundle tells (`coverage.ts`). */
  readonly reached: readonly number[];
}

type Body = (...values: never[]) => unknown;

interface Suite {
  readonly name: string;
  readonly parent: Suite | null;
  readonly hooks: Record<'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach', Body[]>;
}

interface Case {
  readonly name: string;
  readonly suite: Suite;
  readonly body: () => unknown;
}

interface Shared {
  /** Whose cases are being declared. */
  file: string;
  cases: Case[];
  suite: Suite;
  counts: Map<string, number>;
}

/** The bundle has a copy of this module, the worker another: the cases meet in a place that both know. */
const shared = globalThis as unknown as { mutation: Shared; reach: (block: number) => void; answers?: boolean };

const createSuite = (name: string, parent: Suite | null): Suite => ({
  ...{ name, parent },
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
});

function add(name: string, body: () => unknown): void {
  const { file, cases, suite, counts } = shared.mutation;
  const names = [name];
  for (let at: Suite | null = suite; at !== null && at.name !== ''; at = at.parent) names.unshift(at.name);
  const whole = [file, ...names].join(' > ');
  const count = (counts.get(whole) ?? 0) + 1;
  counts.set(whole, count);
  cases.push({ name: count === 1 ? whole : `${whole} (${count})`, suite, body });
}

/** The body among what a test is declared with: options may stand before or after it. */
const bodyOf = (given: readonly unknown[]): Body => given.find((one) => typeof one === 'function') as Body;
const spread = (row: unknown): unknown[] => (Array.isArray(row) ? row : [row]);

function nameRow(name: string, row: unknown): string {
  const named = name.replace(/\$(\w+)/g, (whole, key) => String((row as Record<string, unknown>)?.[key] ?? whole));
  const holes = named.match(/%[sdifjo]/g)?.length ?? 0;
  return holes === 0 ? `${named} ${String(spread(row)[0])}` : format(named, ...spread(row).slice(0, holes));
}

type Declare = (name: string, ...given: unknown[]) => void;
const declarer = (declare: Declare) => {
  const each =
    (rows: readonly unknown[]) =>
    (name: string, ...given: unknown[]): void => {
      for (const row of rows) declare(nameRow(name, row), () => bodyOf(given)(...(spread(row) as never[])));
    };
  const nothing: Declare = () => {};
  return Object.assign(declare, { each, skip: nothing, skipIf: (skips: boolean) => (skips ? nothing : declare) });
};

export const test = declarer((name, ...given) => add(name, bodyOf(given) as () => unknown));
export const it = test;

export const describe = declarer((name, ...given) => {
  const { mutation } = shared;
  const outer = mutation.suite;
  mutation.suite = createSuite(name, outer);
  try {
    bodyOf(given)();
  } finally {
    mutation.suite = outer;
  }
});

const hook = (kind: keyof Suite['hooks']) => (body: Body) => void shared.mutation.suite.hooks[kind].push(body);
export const beforeAll = hook('beforeAll');
export const afterAll = hook('afterAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');

/** Something that stands for many values. */
class Pattern {
  readonly matches: (actual: unknown) => boolean;
  constructor(matches: (actual: unknown) => boolean) {
    this.matches = matches;
  }
}

/** As vitest's toEqual (`undefined` properties count as absent) or, with `partly`, as its toMatchObject. */
function isLike(actual: unknown, expected: unknown, partly: boolean): boolean {
  if (expected instanceof Pattern) return expected.matches(actual);
  if (actual === null || expected === null || typeof actual !== 'object' || typeof expected !== 'object')
    return Object.is(actual, expected) || (actual === 0 && expected === 0 && Object.is(actual, expected));
  if (Array.isArray(actual) !== Array.isArray(expected)) return false;
  const isKeyed = (value: unknown) => value instanceof Map || value instanceof Set;
  if (isKeyed(actual) || isKeyed(expected))
    return isKeyed(actual) && isKeyed(expected) && isLike([...(actual as Set<0>)], [...(expected as Set<0>)], partly);
  if (ArrayBuffer.isView(actual) || ArrayBuffer.isView(expected) || Array.isArray(actual)) {
    const [a, b] = [actual, expected].map((list) => Array.from(list as ArrayLike<unknown>));
    return a.length === b.length && a.every((value, index) => isLike(value, b[index], partly));
  }
  if (expected instanceof Error) return actual instanceof Error && actual.message === expected.message;
  const keys = new Set([...Object.keys(expected), ...(partly ? [] : Object.keys(actual))]);
  const read = (object: object, key: string) => (object as Record<string, unknown>)[key];
  return [...keys].every((key) => isLike(read(actual, key), read(expected, key), partly));
}

type Thrown = string | RegExp | (new (...values: never[]) => Error) | undefined;

function isThrown(error: unknown, expected: Thrown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  if (typeof expected === 'string') return message.includes(expected);
  return expected === undefined || (expected instanceof RegExp ? expected.test(message) : error instanceof expected);
}

const contains = (actual: unknown, expected: unknown): boolean =>
  typeof actual === 'string' ? actual.includes(expected as string) : [...(actual as Set<0>)].includes(expected as 0);

const show = (value: unknown): string => format('%j', value).slice(0, 200);

function listMatchers(actual: unknown, negated: boolean) {
  const check = (holds: boolean, what: string, expected?: unknown): void => {
    if (holds === negated) assert.fail(`${negated ? 'not ' : ''}${what}: ${show(actual)} against ${show(expected)}`);
  };
  const number = actual as number;
  return {
    toBe: (expected: unknown) => check(Object.is(actual, expected), 'toBe', expected),
    toEqual: (expected: unknown) => check(isLike(actual, expected, false), 'toEqual', expected),
    toStrictEqual: (expected: unknown) => check(isLike(actual, expected, false), 'toStrictEqual', expected),
    toMatchObject: (expected: unknown) => check(isLike(actual, expected, true), 'toMatchObject', expected),
    toHaveLength: (expected: number) => check((actual as unknown[]).length === expected, 'toHaveLength', expected),
    toContain: (expected: unknown) => check(contains(actual, expected), 'toContain', expected),
    toContainEqual: (expected: unknown) =>
      check(
        (actual as unknown[]).some((one) => isLike(one, expected, false)),
        'toContainEqual',
        expected,
      ),
    toMatch: (expected: string | RegExp) =>
      check(
        typeof expected === 'string' ? (actual as string).includes(expected) : expected.test(actual as string),
        'toMatch',
        String(expected),
      ),
    toHaveProperty: (name: string | readonly string[]) =>
      check(
        (typeof name === 'string' ? name.split('.') : name).reduce<unknown>(
          (node, key) => (node as Record<string, unknown> | undefined)?.[key],
          actual,
        ) !== undefined,
        'toHaveProperty',
        name,
      ),
    toBeDefined: () => check(actual !== undefined, 'toBeDefined'),
    toBeUndefined: () => check(actual === undefined, 'toBeUndefined'),
    toBeNull: () => check(actual === null, 'toBeNull'),
    toBeNaN: () => check(Number.isNaN(actual), 'toBeNaN'),
    toBeTruthy: () => check(Boolean(actual), 'toBeTruthy'),
    toBeInstanceOf: (expected: new () => unknown) => check(actual instanceof expected, 'toBeInstanceOf', expected.name),
    toBeGreaterThan: (expected: number) => check(number > expected, 'toBeGreaterThan', expected),
    toBeGreaterThanOrEqual: (expected: number) => check(number >= expected, 'toBeGreaterThanOrEqual', expected),
    toBeLessThan: (expected: number) => check(number < expected, 'toBeLessThan', expected),
    toBeLessThanOrEqual: (expected: number) => check(number <= expected, 'toBeLessThanOrEqual', expected),
    toBeCloseTo: (expected: number, digits = 2) =>
      check(Math.abs(number - expected) < 0.5 * 10 ** -digits, 'toBeCloseTo', expected),
    toThrow(expected?: Thrown) {
      let thrown: unknown = null;
      try {
        (actual as () => unknown)();
      } catch (error) {
        thrown = error;
      }
      check(thrown !== null && isThrown(thrown, expected), 'toThrow', String(expected));
    },
  };
}

type Matchers = ReturnType<typeof listMatchers>;

/** The matchers of what a promise comes to, each a promise itself. */
function later(settle: () => Promise<Matchers>): Record<keyof Matchers, (...given: never[]) => Promise<void>> {
  const call = (_: object, name: string) => async (given: never) => (await settle())[name as keyof Matchers](given);
  return new Proxy({}, { get: call }) as never;
}

export function expect(actual: unknown) {
  const rejected = async (): Promise<Matchers> => {
    const asked = typeof actual === 'function' ? actual() : actual;
    const error: unknown = await (asked as Promise<unknown>).then(
      () => assert.fail('the promise was kept'),
      (reason) => reason,
    );
    const throwAgain = () => {
      throw error;
    };
    return { ...listMatchers(error, false), toThrow: listMatchers(throwAgain, false).toThrow };
  };
  return {
    ...listMatchers(actual, false),
    not: listMatchers(actual, true),
    rejects: later(rejected),
    resolves: later(async () => listMatchers(await actual, false)),
  };
}
expect.stringMatching = (pattern: RegExp): unknown =>
  new Pattern((actual) => typeof actual === 'string' && pattern.test(actual));
expect.stringContaining = (part: string): unknown =>
  new Pattern((actual) => typeof actual === 'string' && actual.includes(part));
expect.objectContaining = (part: object): unknown => new Pattern((actual) => isLike(actual, part, true));
expect.toBeOneOf = (values: readonly unknown[]): unknown =>
  new Pattern((actual) => values.some((value) => isLike(actual, value, false)));
expect.any = (type: unknown): unknown =>
  new Pattern((actual) => typeof actual === (type as { name: string }).name.toLowerCase());

const chainOf = (suite: Suite | null): Suite[] => (suite === null ? [] : [...chainOf(suite.parent), suite]);

async function runCase({ body, suite }: Case, begun: Set<Suite>): Promise<string | null> {
  const suites = chainOf(suite);
  try {
    for (const one of suites) {
      if (begun.has(one)) continue;
      begun.add(one);
      for (const before of one.hooks.beforeAll) await before();
    }
    for (const one of suites) for (const before of one.hooks.beforeEach) await before();
    await body();
    return null;
  } catch (error) {
    return String((error as Error).message ?? error);
  } finally {
    for (const one of suites.reverse()) for (const after of one.hooks.afterEach) await after();
  }
}

async function runBundle({ url, cases: wanted, all }: RunRequest): Promise<CaseResult[]> {
  shared.mutation = { file: '', cases: [], suite: createSuite('', null), counts: new Map() };
  let reached = new Set<number>();
  shared.reach = (block) => reached.add(block);
  const results: CaseResult[] = [];
  const add = (name: string, failure: string | null, ms: number) =>
    results.push({ name, failure, ms, reached: [...reached] });
  try {
    await import(url);
  } catch (error) {
    add('loading', String((error as Error).stack), 0);
    return results;
  }
  const begun = new Set<Suite>();
  const found = new Map(shared.mutation.cases.map((one) => [one.name, one]));
  for (const name of wanted ?? found.keys()) {
    reached = new Set();
    const began = performance.now();
    const one = found.get(name);
    // A case that the mutant doesn't have any more was one of a list that it changed.
    const failure = one === undefined ? 'it is gone' : await runCase(one, begun).catch(String);
    add(name, failure, performance.now() - began);
    if (failure !== null && !all) break;
  }
  // What a whole suite asserts in the end says nothing about some of its cases.
  for (const suite of begun) for (const after of suite.hooks.afterAll) await (async () => after())().catch(() => {});
  return results;
}

// The bundles' copies of this module run in the same worker and must not answer.
if (parentPort !== null && shared.answers !== true) {
  shared.answers = true;
  console.log = () => {};
  const port = parentPort;
  port.on('message', async (request: RunRequest) => port.postMessage(await runBundle(request)));
}
