/**
 * The door to the numeric kernels. Networks and optimisers build programs of ops (`ops.ts`); which implementation runs
 * them is decided here and known nowhere else.
 */
import { InputError } from '../core/errors.ts';
import { Memory } from './memory.ts';
import { createNativeKernels } from './native.ts';
import { encodeProgram, type Phase, type Program } from './program.ts';
import { runReference } from './reference.ts';
import { createWasmKernels } from './wasm.ts';

export type KernelKind = 'reference' | 'wasm' | 'native';

const MAX_THREADS = 16;

export interface KernelOptions {
  /** 'auto' (default) takes the fastest that works here: native, then wasm, then reference. */
  readonly kind?: KernelKind | 'auto';
  /** Threads that run kernels, the caller's among them; default: the free cores. */
  readonly threads?: number;
}

export interface Kernels {
  readonly name: KernelKind;
  /** Instruction set: 'avx512', 'avx2', 'relaxed-simd', 'simd128' or 'float64'. */
  readonly isa: string;
  /** Whether a multiply-add rounds once. Results of all fused implementations are the same bit by bit. */
  readonly fused: boolean;
  readonly threads: number;
  /** A zeroed array in the kernels' memory; only such arrays may be operands. */
  alloc(length: number): Float32Array;
  free(view: Float32Array): void;
  compile(phases: readonly Phase[]): Program;
  run(program: Program): void;
  /** Does `rounds` rounds of fused multiply-adds in registers on one thread and returns their flops; for benchmarks. */
  peak(rounds: number): number;
  /** Ends the threads. The arrays stay readable; nothing can be run any more. */
  dispose(): void;
}

/** Kernels of the kind that was asked for; an error says why that kind can't run here. */
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

/** Bytes that the reference implementation may use; pages are only taken when touched. */
const REFERENCE_BYTES = 1 << 28;

/**
 * The oracle: plain TypeScript, sums in float64, results rounded to float32; slow on purpose. With `elementBytes` 8
 * nothing is rounded, and every array holds float64.
 */
export function createReferenceKernels(elementBytes: 4 | 8 = 4): Kernels {
  const memory = new Memory(new ArrayBuffer(REFERENCE_BYTES), 0, elementBytes);
  const floats = elementBytes === 4 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  return {
    name: 'reference',
    isa: 'float64',
    fused: false,
    threads: 1,
    alloc: (length) => memory.alloc(length),
    free: (view) => memory.free(view),
    compile: (phases) => encodeProgram(phases, memory),
    run: (program) => runReference(program.words, floats),
    peak: () => 0,
    dispose: () => {},
  };
}
