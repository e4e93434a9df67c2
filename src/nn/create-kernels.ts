/** The choice among the implementations of the kernels. */
import { InputError } from '../core/errors.ts';
import type { KernelKind, Kernels } from './kernels.ts';
import { createNativeKernels } from './native.ts';
import { createReferenceKernels } from './reference.ts';
import { createWasmKernels } from './wasm.ts';

const MAX_THREADS = 16;

/** Which kernels, and with how many threads. */
export interface KernelOptions {
  /** 'auto' (default) takes the fastest that works here: native, then wasm. */
  readonly kind?: KernelKind | 'auto';
  /** Threads that run kernels, the caller's among them; default: the free cores. */
  readonly threads?: number;
}

/**
 * Kernels of the kind that was asked for.
 * @throws InputError where that kind can't run here, or `threads` is not a whole number from 1 to 16.
 * @example
 * const own = await createKernels({ kind: 'wasm', threads: 1 });
 * own.name; // => 'wasm'
 * own.dispose();
 */
export async function createKernels(options: KernelOptions = {}): Promise<Kernels> {
  const kind = options.kind ?? 'auto';
  const { threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new InputError(`kernels: threads is ${threads}; give a whole number from 1 to ${MAX_THREADS}`);
  }
  if (kind === 'reference') return createReferenceKernels();
  const native = kind === 'wasm' ? null : createNativeKernels(threads);
  if (native) return native;
  if (kind === 'native') {
    throw new InputError("kernels: native is not available here; run 'node native/build.mjs' to see why, or use wasm");
  }
  return createWasmKernels(threads);
}
