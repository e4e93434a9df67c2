/**
 * One checkpoint for every machine: trains each agent for 20,000 steps, under the preset tradernet-cr, on every fused
 * implementation that runs here (AVX-512, AVX2, NEON, WebAssembly with relaxed SIMD) with 1, 2 and 4 threads, and compares the
 * checkpoints' bytes. Plain SIMD runs too: it may differ, and says so. The tensors alone (weights, optimiser, target)
 * are compared with those of an earlier version, which stand under `before` in bench/results/determinism.json. Writes
 * that file; exit code 1 where bytes differ.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { LEARNERS } from '../src/agents/index.ts';
import type { Kernels } from '../src/nn/index.ts';
import { createNativeKernels, INSTRUCTION_SETS } from '../src/nn/native.ts';
import { createWasmKernels } from '../src/nn/wasm.ts';
import { hashTraining } from './checkpoint-hash.ts';

const STEPS = Number(process.argv[2] ?? 20_000);
const BARS = 10_000;

const implementations: { name: string; fused: boolean; create(): Kernels | null | Promise<Kernels> }[] = [];
for (const isa of INSTRUCTION_SETS) {
  for (const threads of [1, 2, 4]) {
    implementations.push({
      name: `${isa}, ${threads} threads`,
      fused: true,
      create: () => createNativeKernels(threads, isa),
    });
  }
}
for (const isa of ['relaxed-simd', 'simd128'] as const) {
  for (const threads of [1, 2, 4]) {
    const create = () => createWasmKernels(threads, isa);
    implementations.push({ name: `wasm ${isa}, ${threads} threads`, fused: isa === 'relaxed-simd', create });
  }
}

const RESULTS = new URL('./results/determinism.json', import.meta.url);

/** The tensors of an earlier version after as many steps, by agent. */
interface Before {
  readonly commit: string;
  readonly steps: number;
  readonly tensors: Readonly<Record<string, string>>;
}
const before: Before | null = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')).before ?? null) : null;

const hashes: Record<string, Record<string, string>> = {};
const tensors: Record<string, string> = {};
let same = true;
for (const { name: kind } of LEARNERS) {
  hashes[kind] = {};
  let first: string | null = null;
  for (const { name, fused, create } of implementations) {
    const kernels = await create();
    if (!kernels) {
      console.log(`${kind} ${name}: not available here`);
      continue;
    }
    const trained = await hashTraining(kernels, kind, STEPS, BARS);
    kernels.dispose();
    hashes[kind][name] = trained.whole;
    first ??= trained.whole;
    tensors[kind] ??= trained.tensors;
    const equal = trained.whole === first;
    same &&= equal || !fused;
    console.log(`${kind} ${name}: ${trained.whole}${equal ? '' : fused ? ' DIFFERS' : ' (not fused: may differ)'}`);
  }
  const earlier = before?.steps === STEPS ? before.tensors[kind] : undefined;
  if (earlier === undefined) continue;
  same &&= earlier === tensors[kind];
  console.log(`${kind} tensors: ${tensors[kind]}, at ${before?.commit} ${earlier === tensors[kind] ? 'too' : earlier}`);
}
const result = { machine: cpus()[0]?.model, node: process.version, steps: STEPS, same, before, tensors, hashes };
mkdirSync(new URL('./', RESULTS), { recursive: true });
writeFileSync(RESULTS, `${JSON.stringify(result, null, 1)}\n`);
process.exitCode = same ? 0 : 1;
