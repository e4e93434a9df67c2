/**
 * Whatever is handed to the kernels as a program, they run it within the arrays it was given or refuse it: nothing made
 * up ends the process. The witness is a border of marked floats behind every array, not the table that is under test.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { opsHeader } from '../../native/write-ops-header.ts';
import type { Kernels } from '../../src/nn/kernels.ts';
import { OP_TABLE, type OpName } from '../../src/nn/op-table.ts';
import * as ops from '../../src/nn/ops.ts';
import { OP, type Op } from '../../src/nn/ops.ts';
import type { Phase, Program } from '../../src/nn/program.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';
import { fastKernels } from './fast-kernels.ts';

const all = [...(await fastKernels()), createReferenceKernels()];
afterAll(() => {
  for (const kernels of all) kernels.dispose();
});

const BORDER = 64;
const MARK = 12345;

/** An array of exactly `length` floats with a marked border behind it. */
function bordered(kernels: Kernels, length: number): { whole: Float32Array; view: Float32Array } {
  const whole = kernels.alloc(length + BORDER);
  whole.fill(0.5, 0, length).fill(MARK, length);
  return { whole, view: whole.subarray(0, length) };
}

const names = Object.keys(OP_TABLE) as OpName[];
const WIDTHS = ['inputs', 'outputs', 'columns', 'length', 'width'];
/** A number of an op: mostly one that it may take, sometimes any. */
const numberFor = (number: string) =>
  fc.oneof(
    { weight: 9, arbitrary: WIDTHS.includes(number) ? fc.constantFrom(32, 64, 96) : fc.integer({ min: 0, max: 5 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 31, 33, 100) },
  );

function compiles(kernels: Kernels, op: Op): Program | null {
  try {
    return kernels.compile([[[op]]]);
  } catch (error) {
    expect((error as Error).message).toMatch(/^kernels: /);
    return null;
  }
}

test.each(names)('%s: arrays as long as the table says are enough, and one float less is refused', (name) => {
  const { numbers, reach } = OP_TABLE[name];
  // Of many draws, since an op of many numbers takes few of them.
  let ran = 0;
  fc.assert(
    fc.property(fc.tuple(...numbers.map(numberFor)), fc.nat(), (values, shorter) => {
      const named = Object.fromEntries(numbers.map((number, i) => [number, values[i]]));
      const lengths = reach(named).map((floats) => Math.max(0, floats));
      for (const kernels of all) {
        const arrays = lengths.map((length) => bordered(kernels, length));
        const views = arrays.map(({ view }) => view);
        const program = compiles(kernels, [OP[name], ...views, ...values]);
        if (program) {
          ran++;
          kernels.run(program);
          kernels.discard(program);
          for (const { whole, view } of arrays) {
            expect(whole.subarray(view.length).every((x) => x === MARK)).toBe(true);
          }
          const cut = shorter % views.length;
          if (views[cut].length > 0) {
            const less = views.map((view, i) => (i === cut ? view.subarray(1) : view));
            expect(() => kernels.compile([[[[OP[name], ...less, ...values]]]])).toThrow('floats where the op reaches');
          }
        }
        for (const { whole } of arrays) kernels.free(whole);
      }
    }),
    { numRuns: 300 },
  );
  expect(ran).toBeGreaterThan(0);
});

test('programs of any kind: refused in one line, or run', () => {
  const strange = fc.oneof(
    fc.constantFrom<unknown>(null, undefined, Number.NaN, -1, 0.5, 2 ** 31, 2 ** 40, Infinity, 'x', {}, []),
    fc.integer({ min: -5, max: 200 }),
    fc.constantFrom('array', 'part', 'foreign', 'start', 'beyond'),
  );
  const operand = fc.array(strange, { maxLength: 16 });
  const op = fc.tuple(fc.oneof(fc.integer({ min: -1, max: 20 }), strange), operand);
  fc.assert(
    fc.property(fc.array(fc.array(fc.array(op, { maxLength: 2 }), { maxLength: 3 }), { maxLength: 3 }), (phases) => {
      for (const kernels of all) {
        const array = kernels.alloc(4096);
        const make: Record<string, () => Float32Array> = {
          array: () => array,
          part: () => array.subarray(100, 200),
          foreign: () => new Float32Array(4096),
          // Over the pool's own state, and over whatever lies behind the array.
          start: () => new Float32Array(array.buffer, 0, 4096),
          beyond: () => new Float32Array(array.buffer, array.byteOffset, 5000),
        };
        const made = phases.map((phase) =>
          phase.map((unit) =>
            unit.map(([code, operands]) =>
              [code, ...operands].map((x) => (typeof x === 'string' ? (make[x]?.() ?? x) : x)),
            ),
          ),
        );
        try {
          const program = kernels.compile(made as unknown as Phase[]);
          kernels.run(program);
        } catch (error) {
          expect((error as Error).message).toMatch(/^kernels: /);
        }
        kernels.free(array);
      }
    }),
    { numRuns: 600 },
  );
});

test('only what these kernels compiled is run, until it is discarded', () => {
  for (const [i, kernels] of all.entries()) {
    const x = kernels.alloc(32).fill(2);
    const program = kernels.compile([[[ops.unary(ops.UNARY.exp, x, x, 32)]]]);
    kernels.run(program);
    expect(x[0]).toBeCloseTo(Math.exp(2), 4);
    const view = kernels.alloc(64);
    const words = new Int32Array(view.buffer, view.byteOffset, 64).fill(0x7f7f7f7f);
    for (const made of [{}, { view, words }, null, undefined, 5, 'program', words, Object.freeze({ ...program })]) {
      expect(() => kernels.run(made as unknown as Program)).toThrow('not a program that these kernels compiled');
    }
    for (const other of all.filter((_, j) => j !== i)) expect(() => other.run(program)).toThrow('not a program');
    kernels.discard(program);
    expect(() => kernels.run(program)).toThrow('discarded');
    kernels.discard(program);
  }
});

test('a program outlives its arrays without touching programs made since', () => {
  for (const kernels of all) {
    const x = kernels.alloc(1 << 16);
    const stale = kernels.compile([[[ops.unary(ops.UNARY.gelu, x, x, x.length)]]]);
    kernels.free(x);
    const y = kernels.alloc(32);
    const since = Array.from({ length: 50 }, () => kernels.compile([[[ops.unary(ops.UNARY.exp, y, y, 32)]]]));
    kernels.run(stale);
    for (const program of since) kernels.run(program);
    expect(() => kernels.compile([[[ops.unary(ops.UNARY.exp, x, x, x.length)]]])).toThrow('gave out');
  }
});

test('sizes that are no sizes, and kernels that are gone', async () => {
  for (const kernels of [createReferenceKernels(), ...(await fastKernels(2))]) {
    for (const length of [-1, -100, 0.5, Number.NaN, Infinity])
      expect(() => kernels.alloc(length)).toThrow('kernels: ');
    const x = kernels.alloc(32);
    const phase: Phase = [[ops.unary(0, x, x, 32)]];
    for (const phases of [[], [[]], [phase, []], Array(256).fill(phase)]) {
      expect(() => kernels.compile(phases)).toThrow('kernels: ');
    }
    const program = kernels.compile(Array(255).fill(phase));
    kernels.run(program);
    kernels.dispose();
    expect(() => kernels.run(program)).toThrow('disposed');
  }
});

test('native/ops.h says what ops.ts says', () => {
  const header = new URL('../../native/ops.h', import.meta.url);
  expect(readFileSync(header, 'utf8'), 'run node native/write-ops-header.ts, then both builds').toBe(opsHeader());
  for (const { arrays, numbers } of Object.values(OP_TABLE)) {
    expect(arrays.length + numbers.length).toBeLessThanOrEqual(ops.OPERANDS);
  }
});
