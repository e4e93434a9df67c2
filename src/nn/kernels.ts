/** What networks and optimisers know of the numeric kernels; which implementation runs is known nowhere else. */
import type { Phase, Program } from './program.ts';

/** The implementations: the oracle in TypeScript, WebAssembly, machine code. */
export type KernelKind = 'reference' | 'wasm' | 'native';

/**
 * Memory, threads and kernels of one implementation. Networks and optimisers use it; a user makes and disposes of it.
 */
export interface Kernels {
  readonly name: KernelKind;
  /** Instruction set: 'avx512', 'avx2', 'neon', 'relaxed-simd', 'simd128' or 'float64'. */
  readonly isa: string;
  /** Whether a multiply-add rounds once. Results of all fused implementations are the same bit by bit. */
  readonly fused: boolean;
  readonly threads: number;
  /** A zeroed array in the kernels' memory; only such arrays, and parts of them, may be operands. */
  alloc(length: number): Float32Array;
  /** Gives an array's memory back; any other array is ignored. */
  free(view: Float32Array): void;
  /**
   * Makes a program of ops (`ops.ts`) ready to run.
   * @throws Error where an op is unknown, or reaches past the end of one of its arrays: what was compiled can't touch
   *   memory that is not its own.
   */
  compile(phases: readonly Phase[]): Program;
  /** Gives a program's memory back. */
  discard(program: Program): void;
  /** @throws Error where `program` is not one that these kernels compiled, or was discarded. */
  run(program: Program): void;
  /** Does `rounds` rounds of fused multiply-adds in registers on one thread and returns their flops; for benchmarks. */
  peak(rounds: number): number;
  /** Ends the threads. The arrays stay readable; nothing can be run any more. */
  dispose(): void;
}
