/** The fast implementations that run on this machine, for tests. */
import type { Kernels } from '../../src/nn/kernels.ts';
import { createNativeKernels } from '../../src/nn/native.ts';
import { createWasmKernels } from '../../src/nn/wasm.ts';
import { lacks } from '../effort.ts';

export async function fastKernels(threads = 2): Promise<Kernels[]> {
  const native = [createNativeKernels(threads, 'avx512'), createNativeKernels(threads, 'avx2')];
  if (process.arch === 'x64') lacks('the native kernels (node native/build.mjs)', native[1] !== null);
  const wasm = [await createWasmKernels(threads, 'relaxed-simd'), await createWasmKernels(threads, 'simd128')];
  return [...native, ...wasm].filter((kernels) => kernels !== null);
}
