/** The fast implementations that run on this machine, for tests. */
import type { Kernels } from '../../src/nn/kernels.ts';
import { createNativeKernels, INSTRUCTION_SETS } from '../../src/nn/native.ts';
import { createWasmKernels } from '../../src/nn/wasm.ts';
import { lacks } from '../effort.ts';

export async function fastKernels(threads = 2): Promise<Kernels[]> {
  const native = INSTRUCTION_SETS.map((isa) => createNativeKernels(threads, isa));
  lacks(
    'the native kernels (node native/build.mjs)',
    native.some((kernels) => kernels !== null),
  );
  const wasm = [await createWasmKernels(threads, 'relaxed-simd'), await createWasmKernels(threads, 'simd128')];
  return [...native, ...wasm].filter((kernels) => kernels !== null);
}
