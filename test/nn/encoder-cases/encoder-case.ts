/** What the contract of encoders asks of each: its sizes, what they come to, and who else says it is right. */
import type { NetworkConfig, StateDict } from '../../../src/nn/index.ts';

/** Row-major, (rows, columns). */
export type Matrix = readonly (readonly number[])[];

export interface EncoderCase {
  /** The test that compares it with another implementation's numbers, or why there is none. */
  readonly golden: { readonly test: string } | { readonly why: string };
  /** (12 bars, 21 columns) the shapes of its tensors at the default sizes, in PyTorch's order. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** Trainable parameters at the default sizes, counted by another or by hand. */
  readonly parameters: number;
  /** Small sizes, no width a multiple of 32, one beyond 32. */
  readonly sizes: readonly Partial<NetworkConfig>[];
  /** One sample (bars, columns) -> features, in plain float64 loops over PyTorch's layouts. */
  expected(sizes: NetworkConfig, tensors: StateDict, sample: Matrix): readonly number[];
}

/** Standard normal distribution function, by its series (Marsaglia 2004, "Evaluating the normal distribution"). */
export function normalCdf(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-18 * Math.abs(sum); n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}

export const gelu = (x: number): number => x * normalCdf(x);

/** gelu(W x + b) of the tensors `name.weight` (outputs, inputs) and `name.bias`. */
export function denseOf(tensors: StateDict, name: string, x: readonly number[]): number[] {
  const [weight, bias] = [tensors.get(`${name}.weight`)!.data, tensors.get(`${name}.bias`)!.data];
  return Array.from(bias, (b, o) => gelu(x.reduce((sum, value, i) => sum + weight[o * x.length + i] * value, b)));
}
