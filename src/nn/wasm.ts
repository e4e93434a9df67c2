/**
 * The kernels as WebAssembly, for every platform: relaxed SIMD (fused multiply-add) where the engine takes it, plain
 * SIMD elsewhere. Threads are workers on one shared memory that sit inside the module and wait for work.
 */
import type { Kernels } from './kernels.ts';
import { divideMemory } from './memory.ts';
import * as ops from './ops.ts';
import { ProgramStore } from './program.ts';
import { RELAXED_WASM, SIMD_WASM } from './wasm-binary.ts';

interface Exports {
  readonly __heap_base: WebAssembly.Global;
  readonly __stack_pointer: WebAssembly.Global;
  run(base: number, pool: number, program: number, threads: number): void;
  stop(pool: number): void;
  peak(rounds: number, sink: number): number;
  pool_bytes(): number;
}

const PAGE = 65536;
/** Address space asked for, the larger first; pages are only taken when touched. */
const MEMORY_PAGES = [16384, 4096];
const STACK_BYTES = PAGE;

/** What a worker runs; it returns from `work` when the kernels are disposed of. */
const WORKER = `
const start = ({ module, memory, stack, pool, thread }, ready) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = stack;
  ready();
  exports.work(0, pool, thread);
};
if (typeof require === 'function') {
  const { parentPort, workerData } = require('node:worker_threads');
  start(workerData, () => parentPort.postMessage('ready'));
} else onmessage = ({ data }) => start(data, () => postMessage('ready'));
`;

/** `forced` and `binary` (base64) pick the instruction set and the module by hand, for tests. */
export async function createWasmKernels(
  threads?: number,
  forced?: 'relaxed-simd' | 'simd128',
  binary?: string,
): Promise<Kernels> {
  const relaxed = decodeBase64(RELAXED_WASM);
  const isa = forced ?? (WebAssembly.validate(relaxed) ? 'relaxed-simd' : 'simd128');
  const module = await WebAssembly.compile(
    binary ? decodeBase64(binary) : isa === 'relaxed-simd' ? relaxed : decodeBase64(SIMD_WASM),
  );
  const wasmMemory = sharedMemory();
  const { exports } = await WebAssembly.instantiate(module, {
    env: { memory: wasmMemory },
  });
  const { __heap_base: heapBase, run, stop, peak, pool_bytes: poolBytes } = exports as unknown as Exports;

  const pool = Math.ceil(heapBase.value / 64) * 64;
  const wanted = Math.min(threads ?? globalThis.navigator?.hardwareConcurrency ?? 1, 16);
  const workers: { terminate(): unknown }[] = [];
  let used = Math.ceil((pool + poolBytes()) / 64) * 64;
  for (let thread = 1; thread < (canWait() ? wanted : 1); thread++) {
    // Stacks grow downwards.
    used += STACK_BYTES;
    workers.push(await startWorker({ module, memory: wasmMemory, stack: used, pool, thread }));
  }
  const count = workers.length + 1;
  const { arrays, programs: place } = divideMemory(wasmMemory.buffer, used / 4);
  const programs = new ProgramStore(arrays, place);
  const sink = arrays.alloc(16);
  const kernels: Kernels = {
    name: 'wasm',
    isa,
    fused: false,
    threads: count,
    alloc: (length) => arrays.alloc(length),
    free: (view) => arrays.free(view),
    compile: (phases) => programs.compile(phases),
    discard: (program) => programs.discard(program),
    run: (program) => run(0, pool, programs.words(program).byteOffset / 4, count),
    peak: (rounds) => peak(rounds, sink.byteOffset),
    dispose: () => {
      programs.close();
      stop(pool);
      for (const worker of workers) worker.terminate();
    },
  };
  return { ...kernels, fused: fuses(kernels) };
}

/** Whether a multiply-add rounds once: a * a - 1 with a = 1 + 2^-12 keeps its last bit, 2^-24, only then. */
function fuses(kernels: Kernels): boolean {
  const [target, online, scalars] = [32, 32, 1].map((length) => kernels.alloc(length));
  target.fill(-1);
  online.fill(1 / 4096);
  scalars[0] = 1 + 1 / 4096;
  const program = kernels.compile([[[ops.polyak(target, online, scalars, 32)]]]);
  kernels.run(program);
  const fused = target.every((x) => x === 1 / 2048 + 1 / 16777216);
  kernels.discard(program);
  for (const view of [target, online, scalars]) kernels.free(view);
  return fused;
}

function sharedMemory(): WebAssembly.Memory {
  for (const pages of MEMORY_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: MEMORY_PAGES[0], shared: true });
    } catch {
      // The engine has less address space; ask for less.
    }
  }
  throw new Error('kernels: this engine gives no shared WebAssembly memory; use the reference kernels');
}

/** A browser's main thread may not wait for others, so it computes alone. */
const canWait = (): boolean => !('document' in globalThis);

interface NodeWorker {
  once(event: 'message' | 'error', listener: (value: unknown) => void): void;
  unref(): void;
  terminate(): unknown;
}
interface WorkerThreads {
  readonly Worker: new (code: string, options: object) => NodeWorker;
}

/** A worker that has entered the module: Node's where there is Node, the browser's elsewhere. */
async function startWorker(data: object): Promise<{ terminate(): unknown }> {
  // Asked for at run time: a bundle for browsers has no node: import.
  const node = (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process;
  const threads = node?.getBuiltinModule?.('node:worker_threads') as WorkerThreads | undefined;
  if (threads) {
    const worker = new threads.Worker(WORKER, { eval: true, workerData: data, execArgv: [], stdin: false });
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    worker.unref();
    return worker;
  }
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' })));
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = reject;
    worker.postMessage(data);
  });
  return worker;
}

const decodeBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
