/** The fast implementations that run on this machine, for tests. */
import type { Kernels } from '../../src/nn/kernels.ts';
import { createNativeKernels } from '../../src/nn/native.ts';
import { createWasmKernels } from '../../src/nn/wasm.ts';

export async function fastKernels(threads = 2): Promise<Kernels[]> {
  const native = [createNativeKernels(threads, 'avx512'), createNativeKernels(threads, 'avx2')];
  if (process.env.TRADERNET_TEST_ALL === '1' && process.arch === 'x64' && !native[1]) {
    throw new Error('the native kernels were not built: run node native/build.mjs');
  }
  const wasm = [await createWasmKernels(threads, 'relaxed-simd'), await createWasmKernels(threads, 'simd128')];
  return [...native, ...wasm].filter((kernels) => kernels !== null);
}
