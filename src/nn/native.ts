/**
 * The kernels as machine code: native/build/kernels.node, built at installation where a C compiler was found. The only
 * file here that touches Node; it asks for Node's modules at run time, so a bundle for browsers has no node: import.
 */
import type { Kernels } from './kernels.ts';
import { divideMemory } from './memory.ts';
import { KERNELS_VERSION } from './ops.ts';
import { ProgramStore } from './program.ts';

interface Engine {
  readonly buffer: ArrayBuffer;
  readonly isa: string;
  readonly threads: number;
  readonly poolBytes: number;
  run(program: number): void;
  peak(rounds: number): number;
  stop(): void;
}
interface Addon {
  readonly version: number;
  create(threads: number, isa: string): Engine | null;
}
interface NodeProcess {
  getBuiltinModule?(name: 'node:module'): { createRequire(url: string): (path: string) => unknown };
}

/** What native kernels are built for: the first two for x64, the third for arm64. */
export const INSTRUCTION_SETS = ['avx512', 'avx2', 'neon'] as const;
export type InstructionSet = (typeof INSTRUCTION_SETS)[number];

/** More threads than this find too little work in one update. */
const DEFAULT_MAX_THREADS = 8;

/** Native kernels, or null where they were not built or the processor lacks what they need. */
export function createNativeKernels(threads?: number, isa: 'auto' | InstructionSet = 'auto'): Kernels | null {
  const addon = loadAddon();
  const cores = Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, DEFAULT_MAX_THREADS);
  const engine = addon?.create(threads ?? cores, isa);
  if (!engine) return null;
  const { arrays, programs: place } = divideMemory(engine.buffer, Math.ceil(engine.poolBytes / 4));
  const programs = new ProgramStore(arrays, place);
  return {
    name: 'native',
    isa: engine.isa,
    fused: true,
    threads: engine.threads,
    alloc: (length) => arrays.alloc(length),
    free: (view) => arrays.free(view),
    compile: (phases) => programs.compile(phases),
    discard: (program) => programs.discard(program),
    run: (program) => engine.run(programs.words(program).byteOffset / 4),
    peak: (rounds) => engine.peak(rounds),
    dispose: () => {
      programs.close();
      engine.stop();
    },
  };
}

function loadAddon(): Addon | null {
  const node = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.('node:module');
  try {
    const addon = node?.createRequire(import.meta.url)('../../native/build/kernels.node') as Addon | undefined;
    // A build from before the last update of the sources would compute something else.
    return addon?.version === KERNELS_VERSION ? addon : null;
  } catch {
    // Not built, or built for another system: WebAssembly does the work.
    return null;
  }
}
