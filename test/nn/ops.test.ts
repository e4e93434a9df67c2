/**
 * Every op of every fast implementation against `reference`, over odd shapes and awkward numbers. An op may differ from
 * the oracle by what float32 rounding of its chain explains: a small share of the sum of the terms' magnitudes.
 */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import type { Kernels } from '../../src/nn/kernels.ts';
import * as ops from '../../src/nn/ops.ts';
import { PANEL } from '../../src/nn/ops.ts';
import type { Phase } from '../../src/nn/program.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';
import { fastKernels } from './fast-kernels.ts';

const oracle = createReferenceKernels();
const fast = await fastKernels();
afterAll(() => {
  for (const kernels of fast) kernels.dispose();
});

/** Numbers as the case wants them. */
type Fill = (length: number) => number[];
/** Arrays to allocate, and the phases over them; the last array is the result. */
interface Case {
  readonly arrays: number[][];
  readonly phases: (views: Float32Array[]) => Phase[];
}

function runCase(kernels: Kernels, { arrays, phases }: Case): Float32Array {
  const views = arrays.map((values) => {
    const view = kernels.alloc(values.length);
    view.set(values);
    return view;
  });
  const program = kernels.compile(phases(views));
  kernels.run(program);
  const result = views[views.length - 1].slice();
  kernels.discard(program);
  for (const view of views) kernels.free(view);
  return result;
}

/** Same NaNs, same infinities, and finite values within `tolerance` of the largest result. */
function expectClose(isa: string, actual: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((max, x) => (Number.isFinite(x) ? Math.max(max, Math.abs(x)) : max), 1);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Number.isFinite(e) ? Math.abs(a - e) <= tolerance * largest : Object.is(a, e)) continue;
    expect.fail(`${isa}: element ${i}: ${a} where the reference has ${e}`);
  }
}

const zeros: Fill = (length) => new Array(length).fill(0);
const whole = (n: number) => Math.ceil(n / PANEL) * PANEL;
const batches = fc.oneof(fc.constantFrom(1, 2, 3, 17), fc.integer({ min: 1, max: 70 }));
const widths = fc.integer({ min: 1, max: 3 }).map((n) => n * PANEL);

/** Builds a case from a seed: shapes by fast-check, numbers by a generator. */
const cases: Record<string, fc.Arbitrary<(fill: Fill) => Case>> = {
  'pad and conv': fc
    .record({
      batch: batches,
      window: fc.integer({ min: 1, max: 13 }),
      features: fc.integer({ min: 1, max: 26 }),
      half: fc.integer({ min: 0, max: 7 }),
      same: fc.boolean(),
      panels: fc.integer({ min: 1, max: 2 }),
      train: fc.boolean(),
    })
    .map(({ batch, window, features, half, same, panels, train }) => (fill) => {
      const kernelSize = same ? 2 * half + 1 : Math.min(2 * half + 1, window - ((window + 1) % 2));
      const pad = same ? half : 0;
      const steps = window + 2 * pad - kernelSize + 1;
      const columns = panels * PANEL;
      const shape = { window, features, kernelSize, pad, steps, columns };
      const out = batch * steps * columns;
      const arrays = [
        fill(batch * window * features),
        fill(kernelSize * features * columns),
        fill(columns),
        zeros(batch * (window + 2 * pad) * features),
        zeros(2 * out),
      ];
      return {
        arrays,
        phases: ([obs, weight, bias, padded, outputs]) => {
          const slope = train ? outputs.subarray(out) : null;
          return [
            twoShards(batch).map((rows) => [
              ops.pad(obs, padded, rows, shape),
              ops.conv(padded, weight, bias, outputs.subarray(0, out), slope, rows, shape),
            ]),
          ];
        },
      };
    }),
  dense: fc
    .record({
      batch: batches,
      inputs: widths,
      outputs: fc.integer({ min: 1, max: 4 }).map((n) => n * PANEL),
      train: fc.boolean(),
    })
    .map(({ batch, inputs, outputs, train }) => (fill) => ({
      arrays: [fill(batch * inputs), fill(inputs * outputs), fill(outputs), zeros(2 * batch * outputs)],
      phases: ([x, weight, bias, out]) => {
        const slope = train ? out.subarray(batch * outputs) : null;
        return [twoShards(batch).map((rows) => [ops.dense(x, weight, bias, out, slope, rows, inputs, outputs)])];
      },
    })),
  head: fc
    .record({ batch: batches, inputs: widths, outputs: fc.integer({ min: 1, max: 5 }) })
    .map(({ batch, inputs, outputs }) => (fill) => ({
      arrays: [fill(batch * inputs), fill(inputs * outputs), fill(outputs), zeros(batch * outputs)],
      phases: ([x, weight, bias, out]) => [
        twoShards(batch).map((rows) => [ops.head(x, weight, bias, out, rows, inputs, outputs)]),
      ],
    })),
  'head gradients': fc
    .record({ batch: batches, inputs: widths, outputs: fc.integer({ min: 1, max: 5 }) })
    .map(({ batch, inputs, outputs }) => (fill) => ({
      arrays: [
        fill(batch * outputs),
        fill(inputs * outputs),
        fill(batch * inputs),
        fill(batch * inputs),
        zeros(batch * inputs + inputs * outputs + outputs),
      ],
      phases: ([dOut, weight, slope, x, out]) => [
        [
          ...twoShards(batch).map((rows) => [ops.headGradInput(dOut, weight, slope, out, rows, inputs, outputs)]),
          [
            ops.headGradWeight(
              dOut,
              x,
              out.subarray(batch * inputs),
              out.subarray(batch * inputs + inputs * outputs),
              batch,
              inputs,
              outputs,
            ),
          ],
        ],
      ],
    })),
  'dense gradients': fc
    .record({ batch: fc.oneof(batches, fc.constantFrom(128, 129, 300)), inputs: widths, outputs: widths })
    .map(({ batch, inputs, outputs }) => (fill) => ({
      arrays: [
        fill(batch * outputs),
        fill(inputs * outputs),
        fill(batch * inputs),
        fill(batch * inputs),
        zeros(inputs * outputs),
        zeros(batch * inputs + inputs * outputs + outputs),
      ],
      phases: ([dz, weight, slope, x, transposed, out]) => {
        const panels = Array.from({ length: outputs / PANEL }, (_, p) => p);
        return [
          panels.map((p) => [ops.transpose(weight, transposed, inputs, outputs, p)]),
          [
            ...twoShards(batch).map((rows) => [ops.denseGradInput(dz, transposed, slope, out, rows, inputs, outputs)]),
            [ops.denseGradWeight(x, dz, out.subarray(batch * inputs), batch, inputs, panels.length)],
            ...panels.map((p) => {
              const sums = out.subarray(batch * inputs + inputs * outputs + p * PANEL);
              return [ops.columnSum(dz.subarray(p * batch * PANEL), sums, batch, 1, 1)];
            }),
          ],
        ];
      },
    })),
  'conv gradients': fc
    .record({
      batch: batches,
      window: fc.integer({ min: 1, max: 13 }),
      features: fc.integer({ min: 1, max: 26 }),
      pad: fc.integer({ min: 0, max: 2 }),
      panels: fc.integer({ min: 1, max: 2 }),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ batch, window, features, pad, panels, cut }) => (fill) => {
      const kernelSize = Math.min(2 * pad + 1, window + 2 * pad);
      const steps = window + 2 * pad - kernelSize + 1;
      const columns = panels * PANEL;
      const taps = kernelSize * features;
      const shape = { window, features, kernelSize, pad, steps, columns };
      const middle = Math.floor(cut * taps);
      return {
        arrays: [
          fill(batch * (window + 2 * pad) * features),
          fill(batch * steps * columns),
          zeros(taps * PANEL + PANEL),
        ],
        phases: ([padded, dz, out]) => {
          const last = dz.subarray((panels - 1) * batch * PANEL);
          return [
            [
              [ops.convGradWeight(padded, last, out, batch, shape, 0, middle)],
              [ops.convGradWeight(padded, last, out, batch, shape, middle, taps - middle)],
              [ops.columnSum(last, out.subarray(taps * PANEL), batch, steps, panels)],
            ],
          ];
        },
      };
    }),
  'adam and polyak': fc.integer({ min: 1, max: 9 }).map((n) => (fill) => {
    const length = n * PANEL;
    return {
      arrays: [
        fill(length),
        fill(length).map(Math.abs),
        [0.7, 1e-3, 1e-5, 0.9, 1 - 0.9, 0.999, 1 - 0.999, 0.005],
        [...fill(length), ...fill(length), ...fill(length)],
      ],
      phases: ([gradient, second, scalars, out]) => [
        [
          [
            ops.adam(out, out.subarray(length), second, gradient, scalars, length),
            ops.polyak(out.subarray(2 * length), out, scalars.subarray(7), length),
          ],
        ],
      ],
    };
  }),
  'sum of squares': fc.integer({ min: 1, max: 20 }).map((n) => (fill) => ({
    arrays: [fill(n * PANEL), zeros(1)],
    phases: ([x, out]) => [[[ops.sumSquares(x, out, n * PANEL)]]],
  })),
  'in and out of panels': fc
    .record({ batch: batches, width: fc.integer({ min: 1, max: 70 }) })
    .map(({ batch, width }) => (fill) => ({
      arrays: [fill(batch * width), fill(batch * whole(width)), zeros(batch * whole(width)), zeros(batch * width)],
      phases: ([x, slope, panels, out]) => [
        [[ops.toPanelsTimes(x, slope, panels, batch, width), ops.fromPanels(panels, out, batch, width)]],
      ],
    })),
};

/** Rows of a batch in two uneven shards where there are enough. */
function twoShards(batch: number): ops.Rows[] {
  const cut = Math.floor(batch / 3);
  const shards = [
    { start: 0, count: cut, batch },
    { start: cut, count: batch - cut, batch },
  ];
  return shards.filter((rows) => rows.count > 0);
}

const fills: Record<string, (rng: Rng) => Fill> = {
  ordinary: (rng) => (length) => Array.from({ length }, () => Math.fround(rng.normal())),
  denormal: (rng) => (length) => Array.from({ length }, () => Math.fround(rng.normal() * 1e-39)),
  'not finite': (rng) => (length) =>
    Array.from({ length }, () =>
      rng.uniform() < 0.003 ? [Number.NaN, Infinity, -Infinity][rng.integer(3)] : rng.normal(),
    ),
};

for (const [name, arbitrary] of Object.entries(cases)) {
  test.each(Object.entries(fills))(`${name}: %s numbers`, (_, fill) => {
    fc.assert(
      fc.property(arbitrary, fc.integer(), (build, seed) => {
        const built = build(fill(new Rng(seed)));
        const expected = runCase(oracle, built);
        for (const kernels of fast) expectClose(kernels.isa, runCase(kernels, built), expected, 1e-5);
      }),
      { numRuns: 15 },
    );
  });
}

test.each(Object.entries(ops.UNARY))('%s within 2e-7 of float64', (name, code) => {
  const rng = new Rng(4);
  const special = [0, -0, Infinity, -Infinity, Number.NaN, 1e-45, -1e-45, 1.1e-38, -1e-40, 3.4e38, -3.4e38, 1, -1];
  const spread = Array.from({ length: 20_000 }, () => (rng.uniform() - 0.5) * 2 ** (rng.integer(30) - 20));
  const values = [...special, ...spread, ...(name === 'log' ? spread.map((x) => Math.abs(x) * 1e-35) : [])];
  const phases = ([x]: Float32Array[]) => [[[ops.unary(code, x, x, values.length)]]];
  const arrays = [values.map(Math.fround)];
  const expected = runCase(createReferenceKernels(8), { arrays, phases });
  for (const kernels of fast) {
    const actual = runCase(kernels, { arrays, phases });
    for (let i = 0; i < values.length; i++) {
      const [a, e] = [actual[i], expected[i]];
      const exact = Math.fround(e);
      // Results below the smallest normal number keep an absolute error; erf-like functions are bounded by 1.
      const bound = 2e-7 * Math.max(Math.abs(e), name.startsWith('gelu') ? 1 : 0) + 1e-44;
      if (!Number.isFinite(exact) ? Object.is(a, exact) : Math.abs(a - e) <= bound) continue;
      expect.fail(`${kernels.isa}: ${name}(${arrays[0][i]}) = ${a}, float64 has ${e}`);
    }
  }
});

test('the same memory as input and output', () => {
  const arrays = [[0.5, -1, 2, -3]];
  const apart: Case = { arrays: [...arrays, zeros(4)], phases: ([x, out]) => [[[ops.unary(4, x, out, 4)]]] };
  const inPlace: Case = { arrays, phases: ([x]) => [[[ops.unary(4, x, x, 4)]]] };
  for (const kernels of fast) expect(runCase(kernels, inPlace)).toEqual(runCase(kernels, apart));
});

test('an operand outside the kernels’ memory is refused', () => {
  for (const kernels of fast) {
    const x = kernels.alloc(32);
    expect(() => kernels.compile([[[ops.sumSquares(x, new Float32Array(1), 32)]]])).toThrow('outside');
    kernels.free(x);
  }
});
