/**
 * The meaning of every op, in the plainest TypeScript: sums in float64, each result rounded to float32 once. It is the
 * oracle for the fast kernels and far too slow for real training.
 */
import { erf, exp, log, tanh } from '../core/math.ts';
import type { Kernels } from './kernels.ts';
import { Memory } from './memory.ts';
import { OP, OPERANDS, PANEL } from './ops.ts';
import { ProgramStore } from './program.ts';

const SQRT_HALF = Math.SQRT1_2;
const INV_SQRT_2PI = 0.3989422804014327;

const normalCdf = (x: number): number => 0.5 * (1 + erf(x * SQRT_HALF));
/** gelu(x) = x Phi(x), the exact one (Hendrycks and Gimpel 2016). */
export const gelu = (x: number): number => x * normalCdf(x);
/** gelu'(x) = Phi(x) + x phi(x). */
export const geluGrad = (x: number): number => normalCdf(x) + x * INV_SQRT_2PI * exp(-0.5 * x * x);

const UNARY_FUNCTIONS = [exp, log, erf, tanh, gelu, geluGrad];

/** Where element (row, column) of a matrix in panels lies. */
const panelIndex = (row: number, column: number, rows: number): number =>
  ((column >> 5) * rows + row) * PANEL + (column & 31);

/** The memory; float64 for an oracle without rounding, which central differences need. */
type Floats = Float32Array | Float64Array;
type Run = (f: Floats, o: Int32Array) => void;

const pad: Run = (f, [obs, padded, start, count, window, edge]) => {
  const stride = window + 2 * edge;
  for (let b = start; b < start + count; b++) {
    const to = padded + b * stride;
    f.fill(0, to, to + stride);
    f.copyWithin(to + edge, obs + b * window, obs + (b + 1) * window);
  }
};

const conv: Run = (f, o) => {
  const [padded, weight, bias, out, slope, start, count, batch, steps, features, stride, taps, columns] = o;
  for (let b = start; b < start + count; b++) {
    for (let t = 0; t < steps; t++) {
      for (let c = 0; c < columns; c++) {
        let z = f[bias + c];
        for (let j = 0; j < taps; j++) {
          z += f[padded + b * stride + t * features + j] * f[weight + panelIndex(j, c, taps)];
        }
        const at = panelIndex(b, t * columns + c, batch);
        f[out + at] = gelu(z);
        if (slope) f[slope + at] = geluGrad(z);
      }
    }
  }
};

const dense: Run = (f, [input, weight, bias, out, slope, start, count, batch, inputs, outputs]) => {
  for (let b = start; b < start + count; b++) {
    for (let n = 0; n < outputs; n++) {
      let z = f[bias + n];
      for (let k = 0; k < inputs; k++) z += f[input + panelIndex(b, k, batch)] * f[weight + panelIndex(k, n, inputs)];
      const at = panelIndex(b, n, batch);
      f[out + at] = gelu(z);
      if (slope) f[slope + at] = geluGrad(z);
    }
  }
};

const head: Run = (f, [input, weight, bias, out, start, count, batch, inputs, outputs]) => {
  for (let b = start; b < start + count; b++) {
    for (let h = 0; h < outputs; h++) {
      let sum = f[bias + h];
      for (let k = 0; k < inputs; k++) sum += f[input + panelIndex(b, k, batch)] * f[weight + h * inputs + k];
      f[out + b * outputs + h] = sum;
    }
  }
};

const headGradInput: Run = (f, [dOut, weight, slope, dz, start, count, batch, inputs, outputs]) => {
  for (let b = start; b < start + count; b++) {
    for (let k = 0; k < inputs; k++) {
      let sum = 0;
      for (let h = 0; h < outputs; h++) sum += f[dOut + b * outputs + h] * f[weight + h * inputs + k];
      const at = panelIndex(b, k, batch);
      f[dz + at] = sum * f[slope + at];
    }
  }
};

const headGradWeight: Run = (f, [dOut, input, dWeight, dBias, batch, inputs, outputs]) => {
  for (let h = 0; h < outputs; h++) {
    let bias = 0;
    for (let b = 0; b < batch; b++) bias += f[dOut + b * outputs + h];
    f[dBias + h] = bias;
    for (let k = 0; k < inputs; k++) {
      let sum = 0;
      for (let b = 0; b < batch; b++) sum += f[dOut + b * outputs + h] * f[input + panelIndex(b, k, batch)];
      f[dWeight + h * inputs + k] = sum;
    }
  }
};

const denseGradInput: Run = (f, [dz, transposed, slope, dzIn, start, count, batch, inputs, outputs]) => {
  for (let b = start; b < start + count; b++) {
    for (let k = 0; k < inputs; k++) {
      let sum = 0;
      for (let n = 0; n < outputs; n++) {
        sum += f[dz + panelIndex(b, n, batch)] * f[transposed + panelIndex(n, k, outputs)];
      }
      const at = panelIndex(b, k, batch);
      f[dzIn + at] = sum * f[slope + at];
    }
  }
};

const denseGradWeight: Run = (f, [input, dz, dWeight, batch, inputs, panels]) => {
  for (let k = 0; k < inputs; k++) {
    for (let n = 0; n < panels * PANEL; n++) {
      let sum = 0;
      for (let b = 0; b < batch; b++) sum += f[input + panelIndex(b, k, batch)] * f[dz + panelIndex(b, n, batch)];
      f[dWeight + panelIndex(k, n, inputs)] = sum;
    }
  }
};

const columnSum: Run = (f, [dz, out, batch, panels, stride]) => {
  for (let c = 0; c < PANEL; c++) {
    let sum = 0;
    for (let p = 0; p < panels; p++) {
      for (let b = 0; b < batch; b++) sum += f[dz + (p * stride * batch + b) * PANEL + c];
    }
    f[out + c] = sum;
  }
};

const convGradWeight: Run = (f, o) => {
  const [padded, dz, dWeight, batch, steps, features, stride, panels, start, count] = o;
  for (let j = start; j < start + count; j++) {
    for (let c = 0; c < PANEL; c++) {
      let sum = 0;
      for (let b = 0; b < batch; b++) {
        for (let t = 0; t < steps; t++) {
          sum += f[padded + b * stride + t * features + j] * f[dz + (t * panels * batch + b) * PANEL + c];
        }
      }
      f[dWeight + j * PANEL + c] = sum;
    }
  }
};

const transpose: Run = (f, [weight, transposed, inputs, outputs, index]) => {
  for (let k = 0; k < inputs; k++) {
    for (let n = index * PANEL; n < (index + 1) * PANEL; n++) {
      f[transposed + panelIndex(n, k, outputs)] = f[weight + panelIndex(k, n, inputs)];
    }
  }
};

const sumSquares: Run = (f, [x, out, length]) => {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += f[x + i] * f[x + i];
  f[out] = sum;
};

const adam: Run = (f, [p, m, v, gradient, scalars, length]) => {
  const [scale, rate, eps, beta1, rest1, beta2, rest2] = f.subarray(scalars, scalars + 7);
  for (let i = 0; i < length; i++) {
    const g = f[gradient + i] * scale;
    f[m + i] = beta1 * f[m + i] + rest1 * g;
    f[v + i] = beta2 * f[v + i] + rest2 * (g * g);
    f[p + i] -= rate * (f[m + i] / (Math.sqrt(f[v + i]) + eps));
  }
};

const polyak: Run = (f, [target, online, scalars, length]) => {
  for (let i = 0; i < length; i++) f[target + i] += f[scalars] * (f[online + i] - f[target + i]);
};

const fromPanels: Run = (f, [panels, out, batch, width]) => {
  for (let b = 0; b < batch; b++) {
    for (let k = 0; k < width; k++) f[out + b * width + k] = f[panels + panelIndex(b, k, batch)];
  }
};

const toPanelsTimes: Run = (f, [input, slope, out, batch, width]) => {
  for (let b = 0; b < batch; b++) {
    for (let k = 0; k < Math.ceil(width / PANEL) * PANEL; k++) {
      const at = panelIndex(b, k, batch);
      f[out + at] = k < width ? f[input + b * width + k] * f[slope + at] : 0;
    }
  }
};

const unary: Run = (f, [x, out, which, length]) => {
  for (let i = 0; i < length; i++) f[out + i] = UNARY_FUNCTIONS[which](f[x + i]);
};

const RUN: Readonly<Record<number, Run>> = {
  [OP.pad]: pad,
  [OP.conv]: conv,
  [OP.dense]: dense,
  [OP.head]: head,
  [OP.headGradInput]: headGradInput,
  [OP.headGradWeight]: headGradWeight,
  [OP.denseGradInput]: denseGradInput,
  [OP.denseGradWeight]: denseGradWeight,
  [OP.columnSum]: columnSum,
  [OP.convGradWeight]: convGradWeight,
  [OP.transpose]: transpose,
  [OP.sumSquares]: sumSquares,
  [OP.adam]: adam,
  [OP.polyak]: polyak,
  [OP.fromPanels]: fromPanels,
  [OP.toPanelsTimes]: toPanelsTimes,
  [OP.unary]: unary,
};

/** Bytes that the reference implementation may use; pages are only taken when touched. */
const REFERENCE_BYTES = 1 << 28;

/**
 * The oracle as kernels: results rounded to float32, slow on purpose. With `elementBytes` 8 nothing is rounded, and
 * every array holds float64.
 */
export function createReferenceKernels(elementBytes: 4 | 8 = 4): Kernels {
  const memory = new Memory(new ArrayBuffer(REFERENCE_BYTES), { elementBytes });
  const floats = elementBytes === 4 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  const programs = new ProgramStore(memory);
  return {
    name: 'reference',
    isa: 'float64',
    fused: false,
    threads: 1,
    alloc: (length) => memory.alloc(length),
    free: (view) => memory.free(view),
    compile: (phases) => programs.compile(phases),
    discard: (program) => programs.discard(program),
    run: (program) => runReference(programs.words(program), floats),
    peak: () => 0,
    dispose: () => programs.close(),
  };
}

/** Runs an encoded program (see `program.ts`) on the memory `floats`. */
function runReference(words: Int32Array, floats: Floats): void {
  const phases = words[0];
  let unit = 1 + 2 * phases;
  for (let p = 0; p < phases; p++) {
    for (let u = 0; u < words[2 + 2 * p]; u++, unit += 2) {
      for (let i = 0, at = words[unit]; i < words[unit + 1]; i++, at += OPERANDS + 1) {
        RUN[words[at]](floats, words.subarray(at + 1, at + 1 + OPERANDS));
      }
    }
  }
}
