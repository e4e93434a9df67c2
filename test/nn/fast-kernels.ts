/** The fast implementations that run on this machine, for tests. */
import type { Kernels } from '../../src/nn/kernels.ts';
import { createWasmKernels } from '../../src/nn/wasm.ts';

export async function fastKernels(threads = 2): Promise<Kernels[]> {
  return [await createWasmKernels(threads, 'simd128'), await createWasmKernels(threads, 'relaxed-simd')];
}
