/** y = gelu(W x + b) over the layer below. */
import * as ops from '../ops.ts';
import { PANEL } from '../ops.ts';
import type { Unit } from '../program.ts';
import { inPanels, type Layer, vector, whole } from './layer.ts';

/** Panels of the gradient in one unit: more reuse of the inputs, but no unit that others wait for long. */
const panelsInUnit = (batch: number): number => Math.max(1, Math.min(4, Math.floor(1024 / batch)));

/** PyTorch's Linear(inputs, outputs) and GELU. */
export function dense(name: string, below: Layer, outputs: number): Layer {
  const { count: inputs, columns: rows, place } = below.outputs;
  const width = whole(outputs);
  const panels = width / PANEL;
  return {
    name,
    weight: {
      shape: [outputs, inputs],
      floats: rows * width,
      place: (i) => inPanels(place(i % inputs), Math.floor(i / inputs), rows),
    },
    bias: vector(outputs),
    outputs: { count: outputs, columns: width, place: (output) => output },
    scratch: 0,
    panels,
    sums: 2 * panels,
    forward: ({ input, weight, bias, out, dz }, part, train) => [
      ops.dense(input, weight, bias, out, train ? dz : null, part, rows, width),
    ],
    inputGradient: ({ dz, transposed, dzBelow }, part) => {
      if (dzBelow === null) throw new Error(`${name}: a dense layer goes on top of another layer`);
      return ops.denseGradInput(dz, transposed, dzBelow, dzBelow, part, rows, width);
    },
    gradients({ input, dz, dWeight, dBias }, batch, threads, square) {
      const weights = (panel: number, count = 1) =>
        dWeight.subarray(panel * rows * PANEL, (panel + count) * rows * PANEL);
      const ends = Array.from({ length: panels }, (_, panel) => {
        const bias = dBias.subarray(panel * PANEL, (panel + 1) * PANEL);
        const sum = ops.columnSum(dz.subarray(panel * batch * PANEL), bias, batch, 1, 1);
        return [square(weights(panel)), sum, square(bias)];
      });
      return Array.from({ length: threads }, (_, thread) => {
        const units: Unit[] = [];
        const end = Math.floor(((thread + 1) * panels) / threads);
        for (let panel = Math.floor((thread * panels) / threads); panel < end; panel += panelsInUnit(batch)) {
          const count = Math.min(panelsInUnit(batch), end - panel);
          const mine = dz.subarray(panel * batch * PANEL);
          units.push([
            ops.denseGradWeight(input, mine, weights(panel, count), batch, rows, count),
            ...ends.slice(panel, panel + count).flat(),
          ]);
        }
        return units;
      });
    },
    transpose: ({ weight, transposed }, panel) => ops.transpose(weight, transposed, rows, width, panel),
  };
}
