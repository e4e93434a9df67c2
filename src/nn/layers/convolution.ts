/** y = gelu(W * x + b), a convolution over time: a product of overlapping rows of the observations. */
import * as ops from '../ops.ts';
import { type ConvShape, PANEL } from '../ops.ts';
import type { Unit } from '../program.ts';
import { inPanels, type Layer, type LayerArrays, vector, whole } from './layer.ts';

/** Taps (rows of the weight) in one unit of its gradient. */
const TAPS_IN_UNIT = 32;

export interface ConvolutionSizes {
  readonly window: number;
  readonly features: number;
  readonly filters: number;
  readonly kernelSize: number;
  /** Zero bars added at each end. */
  readonly pad: number;
}

/** PyTorch's Conv1d(features, filters, kernelSize) over observations, and GELU. */
export function convolution(name: string, sizes: ConvolutionSizes): Layer {
  const { window, features, filters, kernelSize, pad } = sizes;
  const steps = window + 2 * pad - kernelSize + 1;
  const columns = whole(filters);
  const shape: ConvShape = { window, features, kernelSize, pad, steps, columns };
  const taps = kernelSize * features;
  const panels = columns / PANEL;
  const padded = ({ input, scratch }: LayerArrays) => (pad > 0 ? scratch : input);
  const cuts = Array.from({ length: panels }, (_, panel) =>
    Array.from({ length: Math.ceil(taps / TAPS_IN_UNIT) }, (__, i) => {
      const start = i * TAPS_IN_UNIT;
      return { panel, start, count: Math.min(TAPS_IN_UNIT, taps - start) };
    }),
  ).flat();
  return {
    name,
    weight: {
      shape: [filters, features, kernelSize],
      floats: taps * columns,
      // (filter, feature, tap) -> row tap x features + feature of panels (taps, filters).
      place: (i) => {
        const row = (i % kernelSize) * features + (Math.floor(i / kernelSize) % features);
        return inPanels(row, Math.floor(i / taps), taps);
      },
    },
    bias: vector(filters),
    // PyTorch flattens (filters, steps); here they lie step by step.
    outputs: {
      count: filters * steps,
      columns: steps * columns,
      place: (output) => (output % steps) * columns + Math.floor(output / steps),
    },
    scratch: pad > 0 ? (window + 2 * pad) * features : 0,
    panels,
    sums: cuts.length + panels,
    forward: (arrays, rows, train) => [
      ...(pad > 0 ? [ops.pad(arrays.input, arrays.scratch, rows, shape)] : []),
      ops.conv(padded(arrays), arrays.weight, arrays.bias, arrays.out, train ? arrays.dz : null, rows, shape),
    ],
    inputGradient: null,
    gradients(arrays, batch, threads, square) {
      const { dz, dWeight, dBias } = arrays;
      const shares: Unit[][] = Array.from({ length: threads }, () => []);
      cuts.forEach(({ panel, start, count }, i) => {
        const mine = dz.subarray(panel * batch * PANEL);
        const weight = dWeight.subarray(panel * taps * PANEL, (panel + 1) * taps * PANEL);
        const unit = [
          ops.convGradWeight(padded(arrays), mine, weight, batch, shape, start, count),
          square(weight.subarray(start * PANEL, (start + count) * PANEL)),
        ];
        if (start === 0) {
          const bias = dBias.subarray(panel * PANEL, (panel + 1) * PANEL);
          unit.push(ops.columnSum(mine, bias, batch, steps, panels), square(bias));
        }
        shares[i % threads].push(unit);
      });
      return shares;
    },
    transpose: null,
  };
}
